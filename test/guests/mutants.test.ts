// Damaged modules of npm, in processes of their own: 10,000, or 60 in a short turn. Each makes a sandbox or rejects with a typed
// error, its exports are called with places in the window, this process lives, and the segment is unchanged.
import * as assert from "uvu/assert";
import { createSandbox, type Segment, ShmError } from "wasm-shm";
import { ModuleBinary } from "#src/module/binary.js";
import { I32, I64 } from "#src/module/types.js";
import { intact, NO_HOST, native, withSegments } from "../sandbox/sandboxes.js";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { confines } from "../support/engine.js";
import { mutant, randomFrom, seed } from "../support/mutants.js";
import { absent } from "../support/peers.js";
import { embeddedIn, fileOf, missing } from "./packages.js";

const MUTANTS = campaign(60, 10_000);
const AT_A_TIME = 3;
const WINDOW = 70_001;

const typed = /^ERR_SHM_(GUEST_(INVALID|IMPORT|LIMIT|MEMORY|TRAP)|MEMORY_LIMIT|TIME_LIMIT|SANDBOX_CLOSED)$/;
const typedCall =
  /^(ERR_SHM_(GUEST_(TRAP|EXPORT)|READ_ONLY|TIME_LIMIT|SANDBOX_CLOSED|UNSUPPORTED|MEMORY_LIMIT)|ERR_INVALID_ARG_TYPE)$/;

const modules = (): Uint8Array<ArrayBuffer>[] =>
  [
    fileOf("xxhash-wasm/workerd/xxhash.wasm"),
    fileOf("argon2-browser/dist/argon2.wasm"),
    fileOf("lz4-wasm-nodejs/lz4_wasm_nodejs_bg.wasm"),
    fileOf("snappy-wasm/cjs/snappy_bg.wasm"),
    fileOf("source-map/lib/mappings.wasm"),
    fileOf("@jsquash/png/codec/pkg/squoosh_png_bg.wasm"),
    fileOf("@bokuweb/zstd-wasm/dist/common/zstd.wasm"),
    embeddedIn("undici/lib/llhttp/llhttp-wasm.js")[0],
    embeddedIn("cjs-module-lexer/dist/lexer.js")[0],
    embeddedIn("libsodium/dist/modules/libsodium.js")[0],
  ].filter((module) => module !== undefined);

/** The exported functions of a module, each with arguments of its types: places in the window, its length, small numbers. */
function callsOf(module: Uint8Array<ArrayBuffer>, window: number, random: (below: number) => number) {
  const binary = new ModuleBinary(module, (reason) => new Error(reason));
  const imported = binary.imported("function");
  return binary.exports.flatMap(({ kind, name, index }) => {
    const type = binary.types[binary.functions[index - imported] ?? -1];
    if (kind !== "function" || !type) return [];
    const values = type.parameters.map((each, position) => {
      const value = position % 2 === 0 ? window + random(WINDOW) : random(3) === 0 ? WINDOW : random(100);
      return each === I64 ? BigInt(value) : each === I32 ? value : value / 3;
    });
    return [[name, ...values] as const];
  });
}

/** Makes a sandbox of the mutant, if that is possible, and calls some of its exports. */
async function take(module: Uint8Array<ArrayBuffer>, segment: Segment, random: (below: number) => number) {
  const outcomes: string[] = [];
  try {
    await using sandbox = await createSandbox(mutant(module, random, 1), {
      windows: { window: { segment } },
      imports: "trap",
      timeLimitMs: 1000,
    });
    outcomes.push("accepted");
    const calls = callsOf(module, sandbox.windows.window.byteOffset, random);
    for (let left = 6; left > 0; left--) {
      const call = calls[random(calls.length)];
      if (!call) break;
      const [name, ...values] = call;
      const error = await sandbox.call(name, ...values).then(
        () => undefined,
        (thrown: { code?: string }) => thrown,
      );
      if (!error) continue;
      assert.match(error.code ?? String(error), typedCall, (error as Error).stack ?? "");
      outcomes.push(error.code ?? "");
    }
  } catch (error) {
    if (!(error instanceof ShmError)) throw error;
    assert.match(error.code, typed, error.stack ?? "");
    outcomes.push(error.code);
  }
  return outcomes;
}

const mutants = suite("Damaged modules of npm");
const title = `${MUTANTS} are held, and the read-only segment is unchanged`;
if (missing !== undefined) absent(mutants, title, missing);
else if (!native) mutants.skip(title, NO_HOST);
else if (!confines) mutants.skip(title, "no process of its own is confined here");
else
  mutants(title, () =>
    withSegments([WINDOW], (segment) =>
      intact([segment], async () => {
        const all = modules();
        const counts = new Map<string, number>();
        let next = 0;
        const one = async (): Promise<void> => {
          for (let round = next++; round < MUTANTS; round = next++) {
            const random = randomFrom((seed ^ Math.imul(round + 1, 0x9e3779b1)) | 1);
            const outcomes = await take(all[round % all.length] as Uint8Array<ArrayBuffer>, segment, random).catch(
              (cause: unknown) => {
                throw new Error(`WASM_SHM_SEED=${seed}, mutant ${round}`, { cause });
              },
            );
            for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
          }
        };
        await Promise.all(Array.from({ length: AT_A_TIME }, one));
        const report = `seed ${seed}: ${[...counts].map(([what, count]) => `${count} ${what}`).join(", ")}`;
        console.log(report);
        assert.ok((counts.get("accepted") ?? 0) >= MUTANTS / 60, report);
      }),
    ),
  );
mutants.run();
