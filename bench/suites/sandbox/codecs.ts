// A real codec, from one window into another in place, against its package's own API, which copies the bytes into its memory and
// the result out of it.
import { readFileSync } from "node:fs";
import { create, createSandbox, type Segment } from "wasm-shm";
import { named, type Rival, type Timer } from "../../harness/group.js";
import { expectBytes } from "../../harness/proof.js";
import { benchRequire } from "../../harness/root.js";
import { MiB } from "../../harness/size.js";
import { timesAsFast } from "./passes.js";

const PACKAGE = "@bokuweb/zstd-wasm";

interface Zstd {
  init(): Promise<void>;
  compress(bytes: Uint8Array, level: number): Uint8Array;
  decompress(bytes: Uint8Array): Uint8Array;
}

/** It must be made ready once. */
let ready: Promise<Zstd | undefined> | undefined;

async function zstdOf(): Promise<Zstd | undefined> {
  let zstd: Zstd;
  try {
    zstd = benchRequire(PACKAGE) as Zstd;
  } catch {
    return undefined;
  }
  await zstd.init();
  return zstd;
}

/** What the package's script says of its exports, whose names are letters. */
const LETTER = /_ZSTD_decompress = Module\['_ZSTD_decompress'\] = wasmExports\['(\w+)'\]/;

/** Lines of a log, of which zstd makes a fifteenth. */
function fillLog(bytes: Uint8Array): void {
  let state = 1;
  for (let at = 0; at < bytes.length; ) {
    state = (state * 48_271) % 2_147_483_647;
    const line = Buffer.from(
      `2026-11-26T14:${(state >> 4) % 60}:${state % 60}.000Z INFO  request ${state % 5000} served /index.html in ${state % 97} ms status=200 bytes=5120 host=example.org\n`,
    ).subarray(0, bytes.length - at);
    bytes.set(line, at);
    at += line.length;
  }
}

export async function codecs(segment: Segment, size: number, time: Timer): Promise<void> {
  const name = named("zstd, decompressed", size);
  ready ??= zstdOf();
  const zstd = await ready;
  if (!zstd) return; // bench/package.json is not installed
  // The package's own API copies, and V8 copies plain memories faster than shared ones.
  const plain = segment.attach({ memory: "plain" });
  fillLog(plain.bytes);
  const log = plain.bytes.slice();
  const packed = zstd.compress(log, 3);
  const source = create(packed.length);
  source.write(packed);
  const from = source.attach({ access: "read-only", memory: "plain" });
  const script = benchRequire.resolve(PACKAGE).replace(/[^/]+$/, "zstd.js");
  const letter = LETTER.exec(readFileSync(script, "utf8"))?.[1] as string;
  const sandbox = await createSandbox(readFileSync(script.replace(/js$/, "wasm")), {
    windows: { from: { segment: source }, to: { segment, access: "read-write" } },
    imports: "trap",
    isolation: "inline",
  });
  const { from: input, to } = sandbox.windows;
  const rival = (what: string, decompress: () => Uint8Array): Rival => ({
    name: what,
    operations: 1,
    run: () => decompress().length,
    prove() {
      plain.bytes.fill(0);
      expectBytes(decompress(), log, what);
    },
  });
  await time({
    ...name,
    bytes: size,
    rivals: [
      rival("the package's own API", () => zstd.decompress(from.bytes)),
      {
        ...rival("in place", () => {
          const length = sandbox.call(letter, to.byteOffset, to.byteLength, input.byteOffset, packed.length) as number;
          return plain.bytes.subarray(0, length);
        }),
        goals: size === 64 * MiB ? [timesAsFast(1.5)] : [],
      },
    ],
  });
  sandbox.close();
  from.detach();
  plain.detach();
  source[Symbol.dispose]();
}
