// The core's binary, and every number that is written down twice: the two places must agree.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import * as assert from "uvu/assert";
import { SegmentStatus, SharedMemoryFlags, VERSION } from "wasm-shm";
import { errnoNumbers } from "#dist/errors.js";
import { WASM_PAGE, WINDOW_START } from "#dist/window.js";
import { root, run } from "./child.js";
import { suite } from "./suite.js";

type Call = (...values: unknown[]) => unknown;

const debugBuild = run("npm", ["run", "--silent", "build:debug"]);
const builds = { release: "dist/core/core.wasm", debug: "build/core.debug.wasm" };
const WINDOW = 70_000; // bytes: not whole pages
const CURSOR = 5;

for (const [target, file] of Object.entries(builds)) {
  const binary = suite(`The core's ${target} build`);
  const bytes = readFileSync(root + file);
  const module = new WebAssembly.Module(bytes);
  const instantiate = (memory: WebAssembly.Memory): Record<string, Call> =>
    new WebAssembly.Instance(module, { env: { memory } }).exports as Record<string, Call>;

  binary("imports env.memory and nothing else", () => {
    assert.equal(WebAssembly.Module.imports(module), [{ module: "env", name: "memory", kind: "memory" }]);
  });

  binary("exports what assembly/index.ts lists", () => {
    const source = readFileSync(`${root}assembly/index.ts`, "utf8");
    const listed = [...source.matchAll(/export \{([^}]*)\}/g)].flatMap(([, names]) => (names as string).match(/\w+/g));
    const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
    assert.equal(exported.sort(), listed.sort());
  });

  binary("is under 40 KiB", () => {
    assert.ok(bytes.length < 40 * 1024, `${bytes.length} bytes`);
  });

  binary("agrees with src/window.ts on where windows start", () => {
    const { WINDOW_START: start } = new WebAssembly.Instance(module, {
      env: { memory: new WebAssembly.Memory({ initial: 1 }) },
    }).exports as { WINDOW_START: WebAssembly.Global };
    assert.is(start.value, WINDOW_START);
  });

  binary("opens no record over bytes that are no window: it traps", () => {
    const memory = new WebAssembly.Memory({ initial: 3 });
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

  binary("has no data of its own: page 0 below the records stays as it is", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const bytes = new Uint8Array(memory.buffer).fill(0xc5);
    instantiate(memory);
    assert.ok(bytes.every((byte) => byte === 0xc5));
  });

  binary("touches no byte outside the window and its record, whatever an export is given for an open cursor", () => {
    const memory = new WebAssembly.Memory({ initial: 4 });
    const exports = instantiate(memory);
    const start = WINDOW_START + 4096;
    const canary = 0xc5;
    const all = new Uint8Array(memory.buffer, WINDOW_START);
    const below = new Uint8Array(memory.buffer, 0, 32_768); // page 0, up to the records
    all.fill(canary);
    below.fill(canary);
    const numbers = [
      0,
      1,
      CURSOR,
      2,
      7,
      8,
      2047,
      2048,
      4096,
      65535,
      65536,
      WINDOW - 1,
      WINDOW,
      WINDOW + 1,
      0x7ffffffc,
      0x7fffffff,
      0x80000000,
      0xfffffff8,
      0xffffffff,
      -1,
      0.5,
      Number.NaN,
      1e300,
    ];
    const call = (name: string, values: number[]): void => {
      const big = name.startsWith("writeBig");
      try {
        exports[name]?.(
          ...values.map((value, index) =>
            big && index === 1 ? BigInt.asUintN(64, BigInt(Math.trunc(value) || 0)) : value,
          ),
        );
      } catch (error) {
        assert.ok(error instanceof WebAssembly.RuntimeError, `${name}: ${error}`);
      }
    };
    const names = Object.keys(exports).filter((name) => typeof exports[name] === "function" && name !== "open");
    for (const name of names)
      for (const position of [0, WINDOW - 8, WINDOW - 3, WINDOW, WINDOW + 1, 2 ** 32 - 4, 2 ** 32, 2 ** 53 - 1])
        for (const first of numbers)
          for (const second of numbers) {
            exports["open"]?.(CURSOR, start, WINDOW);
            exports["seek"]?.(CURSOR, position, 0);
            call(name, [CURSOR, first, second, 1]);
            call(name, [first, second, 0, 1]);
          }
    const inside = new Uint8Array(memory.buffer, start, WINDOW);
    assert.ok(inside.some((byte) => byte !== canary)); // so the writes did write
    inside.fill(canary);
    assert.is(
      all.findIndex((byte) => byte !== canary),
      -1,
    );
    assert.ok(below.every((byte) => byte === canary));
  });
  binary.run();
}

const twice = suite("Numbers written down twice");

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
  const load = createRequire(import.meta.url)("node-gyp-build") as (folder: string) => {
    constants: Record<string, number>;
  };
  const header = load(`${root}native`).constants;
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
