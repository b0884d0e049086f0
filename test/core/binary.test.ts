// The core's binary, the source that is made from it, and every number that is written in two places, which must agree.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import * as assert from "uvu/assert";
import { SegmentStatus, SharedMemoryFlags, VERSION } from "wasm-shm";
import { errnoNumbers } from "#src/common/errors.js";
import { binaryFor, constants as coreConstants } from "#src/core/wasm/build.js";
import { functionNames, lazyExports, type Table } from "#src/core/wasm/lazy.js";
import { WASM_PAGE, WINDOW_START } from "#src/memory/layout.js";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { ADDON } from "../support/installed.js";
import { randomBytes } from "../support/pairs.js";

type Call = (...values: unknown[]) => unknown;

const debugBuild = run("npm", ["run", "--silent", "build:debug"]);
const debugBytes = readFileSync(`${root}build/core.debug.wasm`);
const builds = {
  release: { bytes: binaryFor("shared"), shared: true, embedded: true },
  "release for plain memories": { bytes: binaryFor("plain"), shared: false, embedded: true },
  debug: { bytes: debugBytes, shared: true, embedded: false },
};
const WINDOW = 70_000; // bytes: not whole pages
const CURSOR = 5;
const RECORDS = 32_768; // of 16 bytes each, in page 0
const RECORD_SIZE = 16;
const CALLS = 500; // of each export, from each of the positions

/**
 * Which arguments of an export are bigints: WebAssembly refuses a number there, and a bigint elsewhere. Tries them with
 * cursor 0, which is not a record; an export without a cursor is called once with zeros.
 */
function bigArguments(call: Call): boolean[] {
  for (let choice = 0; choice < 2 ** call.length; choice++) {
    const isBig = Array.from({ length: call.length }, (_, index) => ((choice >> index) & 1) === 1);
    try {
      call(...isBig.map((big) => (big ? 0n : 0)));
    } catch (error) {
      if (error instanceof TypeError || error instanceof SyntaxError) continue;
    }
    return isBig;
  }
  throw new Error("it takes no arguments");
}

/** The functions that a table of the embedded binary has, by name. */
const inTable = ({ functions }: Table): Record<string, Call> =>
  Object.fromEntries(functionNames.map((name, index) => [name, functions.get(index) as Call]));

for (const [target, { bytes, shared, embedded }] of Object.entries(builds)) {
  const binary = suite(`The core's build: ${target}`);
  const memoryOf = (pages: number): WebAssembly.Memory =>
    new WebAssembly.Memory(shared ? { initial: pages, maximum: pages, shared } : { initial: pages });
  const module = new WebAssembly.Module(bytes);
  const instantiate = (memory: WebAssembly.Memory): Record<string, Call> => {
    const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown;
    return embedded ? inTable(exports as Table) : (exports as Record<string, Call>);
  };

  binary("imports env.memory and nothing else", () => {
    assert.equal(WebAssembly.Module.imports(module), [{ module: "env", name: "memory", kind: "memory" }]);
  });

  binary("exports what assembly/index.ts lists", () => {
    const source = readFileSync(`${root}assembly/index.ts`, "utf8");
    const listed = [...source.matchAll(/export \{([^}]*)\}/g)].flatMap(([, names]) => (names as string).match(/\w+/g));
    const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
    if (embedded) assert.equal(exported.splice(0).sort(), ["fault", "functions"]);
    const given = embedded ? ["fault", ...functionNames, ...Object.keys(coreConstants)] : exported;
    assert.equal(given.sort(), listed.sort());
  });

  binary("is under 40 KiB", () => {
    assert.ok(bytes.length < 40 * 1024, `${bytes.length} bytes`);
  });

  binary("traps if a record is opened over bytes outside a window", () => {
    const memory = memoryOf(3);
    const { open, take } = instantiate(memory) as { open: Call; take: Call };
    const end = 3 * WASM_PAGE;
    for (const [cursor, start, size] of [
      [0, WINDOW_START, 1],
      [2048, WINDOW_START, 1],
      [-1, WINDOW_START, 1],
      [1, WINDOW_START - 1, 1],
      [1, 0, 1],
      [1, end, 1],
      [1, end + 1, 0],
      [1, WINDOW_START, end - WINDOW_START + 1],
      [1, WINDOW_START, -1],
      [1, -1, 2],
      [1, -WASM_PAGE, WASM_PAGE],
    ])
      assert.throws(
        () => open(cursor, start, size),
        (error: unknown) => error instanceof WebAssembly.RuntimeError,
      );
    open(1, end, 0);
    open(1, WINDOW_START, end - WINDOW_START);
    assert.is(take(1, end - WINDOW_START), 0);
  });

  binary("has no data of its own: an instance alone leaves page 0 as it is", () => {
    const memory = memoryOf(1);
    const bytes = new Uint8Array(memory.buffer).fill(0xc5);
    instantiate(memory);
    assert.ok(bytes.every((byte) => byte === 0xc5));
  });

  binary("touches no byte outside the window, page 0 and its record, whatever an export is given", () => {
    const memory = memoryOf(4);
    const exports = instantiate(memory);
    const start = WINDOW_START + 4096;
    const canary = 0xc5;
    const all = new Uint8Array(memory.buffer, WINDOW_START);
    const inside = new Uint8Array(memory.buffer, start, WINDOW);
    const records = new Uint8Array(memory.buffer, RECORDS, WINDOW_START - RECORDS);
    const ours = records.subarray(CURSOR * RECORD_SIZE, (CURSOR + 1) * RECORD_SIZE);
    exports["open"]?.(CURSOR, start, WINDOW);
    // Another record must not describe a window of this memory. The first and the last place hold the core's canaries.
    const filled = records.slice().fill(canary, RECORD_SIZE, -RECORD_SIZE);
    all.fill(canary);
    const numbers = [
      0,
      1,
      2,
      3,
      4,
      7,
      8,
      100,
      2047,
      2048,
      4096,
      12_288,
      12_289,
      65_535,
      65_536,
      WINDOW - 1,
      WINDOW,
    ].concat(
      [WINDOW + 1, 0x7ffffffc, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff, 2 ** 32, 2 ** 53 - 1, -1, 0.5, 1e300],
      [Number.NaN, Number.POSITIVE_INFINITY],
    );
    let state = 0x9e3779b9;
    const any = (): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return numbers[(state >>> 0) % numbers.length] as number;
    };
    const bigOf = (value: number): bigint => BigInt.asUintN(64, BigInt(Number.isFinite(value) ? Math.trunc(value) : 0));

    const content = randomBytes(WINDOW);
    const written: string[] = [];
    for (const [name, call] of Object.entries(exports)) {
      if (typeof call !== "function" || name === "open") continue;
      const isBig = bigArguments(call);
      inside.set(content);
      records.set(filled);
      for (const position of [0, WINDOW - 8, WINDOW - 3, WINDOW, WINDOW + 1, 2 ** 32 - 4, 2 ** 32, 2 ** 53 - 1])
        for (let count = 0; count < CALLS; count++) {
          exports["open"]?.(CURSOR, start, WINDOW);
          exports["seek"]?.(CURSOR, position, 0);
          const values = isBig.map((big, index) => (big ? bigOf(any()) : index === 0 ? CURSOR : any()));
          try {
            call(...values);
          } catch (error) {
            if (!(error instanceof WebAssembly.RuntimeError)) assert.unreachable(`${name}(${values}): ${error}`);
          }
        }
      if (Buffer.compare(inside, content) !== 0) written.push(name);
      ours.fill(canary);
      assert.is(
        records.findIndex((byte, index) => byte !== filled[index]),
        -1,
        `${name} changed another record`,
      );
    }
    assert.equal(
      written.sort(),
      Object.keys(exports)
        .filter((name) => /^(write|fill|copyWithin|swap)/.test(name))
        .sort(),
    );
    inside.fill(canary);
    assert.is(
      all.findIndex((byte) => byte !== canary),
      -1,
    );
  });

  binary("takes any number for a cursor: a record or a trap", () => {
    const memory = memoryOf(2);
    const exports = instantiate(memory);
    const window = new Uint8Array(memory.buffer, WINDOW_START).fill(0xc5);
    const cursors = [
      0, 1, 2, 2046, 2047, 2048, 4096, 65_535, 65_536, 0x7fffffff, 0x80000000, 0xffffffff, -1, 0.5, 1e300,
    ];
    for (const [name, call] of Object.entries(exports)) {
      if (typeof call !== "function" || name === "open") continue;
      const isBig = bigArguments(call);
      for (const cursor of cursors) // each is closed, or not a record: it reaches no byte
        for (const value of [0, 1, 2, 8, 100, 0xffffffff])
          try {
            call(...isBig.map((big, index) => (big ? BigInt(value) : index === 0 ? cursor : value)));
          } catch (error) {
            if (!(error instanceof WebAssembly.RuntimeError)) assert.unreachable(`${name}(${cursor}): ${error}`);
          }
    }
    assert.ok(window.every((byte) => byte === 0xc5));
  });
  binary.run();
}

const glue = suite("Generated glue");

for (const tool of ["exports", "scalars"])
  glue(`tools/${tool}.js makes the file that is checked in`, () => {
    assert.is(debugBuild.code, 0, debugBuild.stderr);
    const made = run(process.execPath, [`tools/${tool}.js`, "--check"]);
    assert.is(made.code, 0, made.stderr);
  });
glue.run();

const lazy = suite("Functions of an instance");

lazy("are made at their first call, for each instance", () => {
  const asked: number[] = [];
  const instance = (result: number) =>
    lazyExports({
      functions: {
        get(index: number) {
          asked.push(index);
          return (...values: unknown[]) => [result, ...values];
        },
      },
      fault: {} as never,
    }) as unknown as Record<string, Call>;
  const [first, second] = [instance(1), instance(2)];
  assert.equal(asked, []);
  assert.equal(first["seek"]?.(5, 6, 0), [1, 5, 6, 0]);
  assert.equal(first["seek"]?.(7, 8, 9), [1, 7, 8, 9]);
  assert.equal(second["seek"]?.(5), [2, 5]);
  const place = functionNames.indexOf("seek");
  assert.equal(asked, [place, place]);
});
lazy.run();

const twice = suite("Numbers written down twice");

const instanceOf = (bytes: BufferSource): WebAssembly.Exports => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports;
};

twice("the constants beside the embedded binary are the core's", () => {
  const exports = instanceOf(debugBytes) as Record<string, WebAssembly.Global>;
  for (const [name, value] of Object.entries(coreConstants)) assert.is(exports[name]?.value, value, name);
  assert.is(coreConstants.WINDOW_START, WINDOW_START);
});

twice("the embedded table has each function at its name's place", () => {
  const byName = instanceOf(readFileSync(`${root}build/core.wasm`)) as Record<string, Call>;
  const byTable = inTable(instanceOf(binaryFor("shared")) as unknown as Table);
  assert.ok(functionNames.length > 70);
  // The name of an exported function is its index in the module, which the table leaves as it was.
  for (const name of functionNames) assert.is(byTable[name]?.name, byName[name]?.name, name);
});

twice("the debug build builds", () => {
  assert.is(debugBuild.code, 0, debugBuild.stderr);
});

const onLinux = process.platform === "linux";
if (!onLinux) twice.skip("errno's numbers and sys/shm.h's flags", "they are Linux's");

const linux = (title: string, test: () => void): void => {
  if (onLinux) twice(title, test);
};

linux("errno's numbers are this system's", () => {
  for (const [name, number] of Object.entries(errnoNumbers))
    assert.is(number, (constants.errno as Record<string, number>)[name], name);
});

linux("the flags are sys/shm.h's", () => {
  const load = createRequire(import.meta.url);
  const { constants: header } = load(`${root}${ADDON}`) as { constants: Record<string, number> };
  assert.is(SharedMemoryFlags.Create, header["IPC_CREAT"]);
  assert.is(SharedMemoryFlags.Exclusive, header["IPC_EXCL"]);
  assert.is(SharedMemoryFlags.HugePages, header["SHM_HUGETLB"]);
  assert.is(SharedMemoryFlags.NoReserve, header["SHM_NORESERVE"]);
  assert.is(SegmentStatus.Destroyed, header["SHM_DEST"]);
  assert.is(SegmentStatus.Locked, header["SHM_LOCKED"]);
});

twice("VERSION is package.json's, and CHANGELOG.md has it", () => {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { version: string };
  assert.is(VERSION, version);
  assert.ok(readFileSync(`${root}CHANGELOG.md`, "utf8").includes(`## ${version}`));
});
twice.run();
