// Modules as compilers make them, in an attachment's memory: what their flags do, with and without attachment.instantiate.
// docs/memory-map.md has the recipes.
import * as assert from "uvu/assert";
import { type Attachment, type AttachOptions, create, type Segment } from "wasm-shm";
import { suite } from "../suite.js";
import { code, nativePairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { asc, clang, rust, type Toolchain } from "../support/toolchains.js";

const native = nativePairs.length > 0;
const NO_HOST = "there is no sysv host on this platform";
const PAGE = 65_536;
const MIB = 1 << 20;

interface Exports {
  prepare(): void;
  sum(bytes: number, length: number): number;
}
/** As docs/memory-map.md has it. */
const env = {
  abort: (_message: number, _file: number, line: number, column: number): void => {
    throw new Error(`abort at ${line}:${column}`);
  },
};

/** What every module must do with a window, whatever its size; the segment and the core's page are as before. */
async function works(wasm: Uint8Array<ArrayBuffer>, segment: Segment, options: AttachOptions): Promise<void> {
  const attachment = segment.attach(options);
  attachment.bytes.fill(3);
  attachment.bytes[0] = 100;
  const before = attachment.checksum("xxh3");
  const exports = (await attachment.instantiate(wasm, { env })).exports as unknown as Exports;
  exports.prepare();
  for (let count = 0; count < 20; count++)
    assert.is(exports.sum(attachment.byteOffset, attachment.byteLength), 100 + 3 * 1023);
  assert.is(attachment.checksum("xxh3"), before);
  assert.is(attachment.checksum("crc32"), segment.attach({ access: "read-only" }).checksum("crc32"));
  attachment.detach();
}

async function withSegments(use: (small: Segment, large: Segment) => Promise<void>): Promise<void> {
  const [small, large] = [create(100_000), create(MIB)];
  try {
    await use(small, large);
  } finally {
    small[Symbol.dispose]();
    large[Symbol.dispose]();
  }
}

const GLOBAL_BASE = "-Wl,--global-base=65536";
const SHARED = ["-matomics", "-mbulk-memory", "-Wl,--shared-memory", "-Wl,--max-memory=4294967296"];

const BASE = ["--initialMemory", "2", "--memoryBase", "65536"];
const SHARED_ASC = ["--sharedMemory", "--maximumMemory", "65536", "--enable", "threads"];

/** The recipes, and what else works: flags, and the reserve that is enough. */
const fitting: [name: string, toolchain: Toolchain, flags: string[], reserve: number][] = [
  ["clang, --global-base", clang, [GLOBAL_BASE], 2 * PAGE],
  ["clang, an imported memory", clang, ["-Wl,--import-memory", GLOBAL_BASE], 2 * PAGE],
  ["clang, a shared memory", clang, ["-Wl,--import-memory", ...SHARED, GLOBAL_BASE], 2 * PAGE],
  ["clang, --stack-first", clang, ["-Wl,--stack-first"], 2 * PAGE],
  ["clang, a stripped --stack-first", clang, ["-Wl,--stack-first", "-Wl,--strip-all"], 2 * PAGE],
  ["clang, stripped", clang, [GLOBAL_BASE, "-Wl,--strip-all"], 2 * PAGE],
  ["clang, debug information", clang, [GLOBAL_BASE, "-g", "-O0"], 2 * PAGE],
  ["rustc", rust, [], 4 * MIB],
  ["rustc, an imported memory", rust, ["-C", "link-arg=--import-memory"], 4 * MIB],
  ["rustc, a smaller stack", rust, ["-C", "link-arg=-zstack-size=65536"], 8 * PAGE],
  ["asc, --runtime stub", asc, ["-O", "--runtime", "stub", ...BASE], 4 * PAGE],
  ["asc, --runtime minimal", asc, ["--debug", "--exportRuntime", "--runtime", "minimal", ...BASE], 4 * PAGE],
  ["asc, --runtime incremental", asc, ["-O", "--importMemory", ...BASE], 4 * PAGE],
  ["asc, a shared memory", asc, ["-O", "--importMemory", ...SHARED_ASC, ...BASE], 4 * PAGE],
];

/** What is refused by every reserve, and the words of the cure. */
const refused: [name: string, toolchain: Toolchain, flags: string[], cure: RegExp][] = [
  ["clang by default", clang, [], /data segment 0 .*core's page.*--global-base=65536/],
  ["clang, an imported memory", clang, ["-Wl,--import-memory"], /core's page.*--global-base=65536/],
  ["clang, a shared memory", clang, ["-Wl,--import-memory", ...SHARED], /core's page.*--global-base=65536/],
  ["asc by default", asc, ["-O"], /core's page.*--memoryBase 65536/],
  ["asc for debugging", asc, ["--debug"], /core's page.*--memoryBase 65536/],
];

const toolchains = suite("Modules of toolchains");
if (!native) toolchains.skip("work beside a window", NO_HOST);
else {
  for (const [name, toolchain, flags, reserve] of fitting) {
    const title = `${name}: works in a reserve of ${reserve}, for segments of every size`;
    if (toolchain.lack) absent(toolchains, title, toolchain.lack);
    else
      toolchains(title, async () => {
        const wasm = await toolchain.build(flags);
        await withSegments(async (small, large) => {
          for (const segment of [small, large])
            for (const options of [{}, { memory: "plain" }, { access: "copy-on-write" }] as const)
              await works(wasm, segment, { ...options, reserve });
        });
      });
  }
  for (const [name, toolchain, flags, cure] of refused) {
    const title = `${name}: is refused, with the flag that cures it`;
    if (toolchain.lack) absent(toolchains, title, toolchain.lack);
    else
      toolchains(title, async () => {
        const wasm = await toolchain.build(flags);
        await withSegments(async (segment) => {
          for (const reserve of [0, PAGE, 8 * MIB]) {
            const attachment = segment.attach({ reserve });
            await attachment.instantiate(wasm, { env }).then(
              () => assert.unreachable(),
              (error: unknown) => assert.ok(code("ERR_SHM_MODULE_LAYOUT", reserve ? cure : /./)(error)),
            );
          }
        });
      });
  }
}
toolchains.run();

/** As WebAssembly has it, without a check; the import is made shared as docs/memory-map.md shows. */
async function unchecked(wasm: Uint8Array<ArrayBuffer>, { memory }: Attachment): Promise<Exports> {
  return (await WebAssembly.instantiate(wasm, { env: { ...env, memory } })).instance.exports as unknown as Exports;
}

const corruption = suite("What was overwritten without a word");
const PLAIN = { memory: "plain" } as const;
if (!native) corruption.skip("is refused now", NO_HOST);
else {
  const cases: [name: string, toolchain: Toolchain, flags: string[], size: number][] = [
    [
      "a function that reads has an array on the stack",
      clang,
      ["-Wl,--import-memory", "-Wl,--global-base=65000"],
      100_000,
    ],
    ["an object of AssemblyScript lies over the window", asc, ["-O", "--importMemory", "--runtime", "stub"], 100_000],
    [
      "a module linked for the tail of 100,000 bytes is given 1 MiB",
      clang,
      ["-Wl,--import-memory", "-Wl,--global-base=167936"],
      MIB,
    ],
  ];
  for (const [name, toolchain, flags, size] of cases) {
    if (toolchain.lack) {
      absent(corruption, name, toolchain.lack);
      continue;
    }
    corruption(name, async () => {
      const wasm = await toolchain.build(flags);
      const segment = create(size);
      try {
        const attachment = segment.attach(PLAIN);
        attachment.bytes.fill(3);
        const before = attachment.bytes.slice();
        const exports = await unchecked(wasm, attachment);
        exports.prepare();
        for (let count = 0; count < 100; count++) exports.sum(attachment.byteOffset, size);
        assert.is.not(Buffer.compare(attachment.bytes, before), 0, "the case shows nothing");
        attachment.bytes.fill(3);
        const other = segment.attach({ ...PLAIN, reserve: 0 });
        await other.instantiate(wasm, { env }).then(
          () => assert.unreachable(),
          (error: unknown) => assert.ok(code("ERR_SHM_MODULE_LAYOUT", /reserve|--global-base|--memoryBase/)(error)),
        );
        assert.is(Buffer.compare(attachment.bytes, before), 0);
      } finally {
        segment[Symbol.dispose]();
      }
    });
  }

  if (clang.lack) absent(corruption, "a static table in the core's page", clang.lack);
  else
    corruption("a static table in the core's page made a checksum wrong: now it is an error", async () => {
      const wasm = await clang.build(["-Wl,--import-memory", "-Wl,--global-base=2048", "-Wl,-z,stack-size=16384"]);
      const segment = create(100_000);
      try {
        const attachment = segment.attach(PLAIN);
        attachment.checksum("crc32");
        const exports = await unchecked(wasm, attachment);
        exports.prepare();
        assert.throws(() => attachment.checksum("crc32"), code("ERR_SHM_CORE_PAGE"));
        await segment
          .attach(PLAIN)
          .instantiate(wasm)
          .then(
            () => assert.unreachable(),
            (error: unknown) => assert.ok(code("ERR_SHM_MODULE_LAYOUT", /core's page/)(error)),
          );
      } finally {
        segment[Symbol.dispose]();
      }
    });
}
corruption.run();
