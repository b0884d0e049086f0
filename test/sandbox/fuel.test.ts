// The instruction limit: the same count on every isolation and engine, and no guest that runs past it.
import * as assert from "uvu/assert";
import { createSandbox, createSandboxPool, type InlineSandbox } from "wasm-shm";
import { unsigned } from "#src/module/rewrite.js";
import { moduleOf, named } from "../module/modules.js";
import { suite } from "../suite.js";
import { confines } from "../support/engine.js";
import {
  type AnySandbox,
  at,
  guest,
  kinds,
  NO_HOST,
  native,
  open,
  rejects,
  withIntactSegment,
  withSandbox,
} from "./sandboxes.js";

const TEXT = "one two naïve two 💥 two ".repeat(40);
const sized = (content: number[]): number[] => [content.length, ...content];

/** Its own memory; functions of these bodies, all () -> (), by name. */
function bodies(
  functions: Record<string, readonly number[]>,
  ...more: Parameters<typeof moduleOf>
): Uint8Array<ArrayBuffer> {
  const names = Object.keys(functions);
  return moduleOf(
    [1, 1, 0x60, 0, 0],
    [3, names.length, ...names.map(() => 0)],
    [4, 1, 0x70, 0, 1],
    [5, 1, 0, 1],
    [7, names.length, ...names.flatMap((name, index) => [...named(name), 0, index])],
    ...more.filter(([id]) => id < 10),
    [10, names.length, ...Object.values(functions).flatMap((code) => sized([0, ...code, 0x0b]))],
  );
}

const i32 = (value: number): number[] => [
  0x41,
  ...[0, 7, 14, 21, 28].map((shift) => ((value >> shift) & 0x7f) | (shift < 28 ? 0x80 : 0)),
];

/** Each is a function's code. */
const loops = {
  plain: [0x03, 0x40, 0x0c, 0, 0x0b],
  nested: [0x03, 0x40, 0x03, 0x40, 0x0c, 1, 0x0b, 0x0b],
  handled: [0x03, 0x40, 0x06, 0x40, 0x0c, 1, 0x19, 0x0b, 0x0b],
  tail: [0x12, 0],
};

for (const kind of kinds) {
  const fuel = suite(`Fuel [${kind}]`);

  // The figures are of this file: each engine and version that runs it finds the same.
  for (const [path, start, words] of [
    ["c/guest", 0, [100_733, 105_356]],
    ["assemblyscript/guest", 9386, [454_706, 585_326]],
  ] as const)
    fuel(`of ${path} is a figure of the module and its input alone`, () =>
      withSandbox(kind, guest(path), { fuel: 10_000_000 }, async (sandbox) => {
        assert.is(10_000_000 - (sandbox.fuel as number), start);
        const text = await sandbox.write(TEXT);
        for (const expected of words) {
          const before = sandbox.fuel as number;
          assert.is(await sandbox.call("countWords", ...text), 240);
          assert.is(before - (sandbox.fuel as number), expected);
        }
      }),
    );

  const options = { fuel: 100_000 };
  for (const [name, code] of Object.entries(loops)) {
    const wasm = bodies({ [name]: code });
    const title = `ends a loop that does nothing: ${name}`;
    if (name === "tail" && kind !== "process") fuel.skip(title, "only a process may make tail calls");
    else if (!WebAssembly.validate(wasm)) fuel.skip(title, "this engine does not know its instructions");
    else
      fuel(title, () =>
        withSandbox(kind, wasm, options, async (sandbox) => {
          const words = new RegExp(`^${name} ran out of fuel: 100000 given, 10\\d{4} used`);
          await rejects(() => sandbox.call(name), "ERR_SHM_FUEL", words);
          assert.is(sandbox.fuel, 0);
          await rejects(() => sandbox.call(name), "ERR_SHM_FUEL");
        }),
      );
  }

  fuel("ends what would not end: in a start, an initializer and an allocator", async () => {
    for (const path of ["start-loop", "initialize-loop"])
      await rejects(
        () => open(kind, guest(`hostile/${path}`), options),
        "ERR_SHM_FUEL",
        /starting.*100000 given, 10\d{4} used/,
      );
    await withSandbox(kind, guest("hostile/allocator"), options, async (sandbox) => {
      await rejects(() => sandbox.write("x", { allocator: "loops" }), "ERR_SHM_FUEL", /^loops/);
      await rejects(() => sandbox.write("x", { allocator: "odd" }), "ERR_SHM_FUEL", /^odd/);
      assert.is((await sandbox.bytes(0, 4)).length, 4); // what executes nothing needs none
      sandbox.fuel = 1000;
      assert.is(sandbox.fuel, 1000);
      assert.is(await sandbox.call("answer"), 42);
      assert.is(sandbox.fuel, 999);
    });
  });

  fuel("a guest that exits is told as such, with less fuel than the instructions behind its exit", async () => {
    const exits = (name: string): Uint8Array<ArrayBuffer> => {
      // A branch that is not taken, behind which nothing asks for fuel; then proc_exit(3), and behind it 40 instructions that no exit lets run: they are counted with those before.
      const rest = Array.from({ length: 40 }, () => [0x41, 0, 0x1a]).flat();
      const body = [0, ...[0x41, 0, 0x0d, 0], ...[0x41, 3, 0x10, 0], ...rest, 0x0b];
      return moduleOf(
        [1, 2, 0x60, 1, 0x7f, 0, 0x60, 0, 0],
        [2, 1, ...named("wasi_snapshot_preview1"), ...named("proc_exit"), 0, 0],
        [3, 1, 1],
        [5, 1, 0, 1],
        [7, 1, ...named(name), 0, 1],
        [10, 1, ...unsigned(body.length), ...body],
      );
    };
    await withSandbox(kind, exits("_start"), { wasi: {}, fuel: 50 }, async (sandbox) => {
      assert.is(await sandbox.call("_start"), 3);
      sandbox.fuel = 10;
      assert.is(await sandbox.call("_start").catch(({ code }) => code), 3);
      assert.is(sandbox.fuel, 0);
      await rejects(() => sandbox.call("_start"), "ERR_SHM_FUEL");
    });
    await withSandbox(kind, exits("other"), { wasi: {}, fuel: 10 }, (sandbox) =>
      rejects(() => sandbox.call("other"), "ERR_SHM_GUEST_EXIT", /code 3/),
    );
    await rejects(() => open(kind, exits("_initialize"), { wasi: {}, fuel: 10 }), "ERR_SHM_GUEST_EXIT", /code 3/);
  });

  fuel("memory.fill, memory.copy, memory.grow and table.fill cost their length", () =>
    withSandbox(
      kind,
      bodies({
        fill: [...i32(0), ...i32(0), ...i32(65_536), 0xfc, 11, 0],
        copy: [...i32(0), ...i32(8), ...i32(8000), 0xfc, 10, 0, 0],
        many: [0x03, 0x40, ...i32(0), ...i32(0), ...i32(65_536), 0xfc, 11, 0, 0x0c, 0, 0x0b],
        grow: [...i32(3), 0x40, 0, 0x1a],
        table: [...i32(0), 0xd0, 0x70, ...i32(1), 0xfc, 17, 0],
        past: [...i32(0), ...i32(0), ...i32(-1), 0xfc, 11, 0],
      }),
      { fuel: 1_000_000 },
      async (sandbox) => {
        for (const [name, cost] of [
          ["fill", 4 + 8192],
          ["copy", 4 + 1000],
          ["grow", 2 + 3],
          ["table", 4 + 1],
        ] as const) {
          const before = sandbox.fuel as number;
          await sandbox.call(name);
          assert.is(before - (sandbox.fuel as number), cost, name);
        }
        sandbox.fuel = 100_000;
        await rejects(() => sandbox.call("many"), "ERR_SHM_FUEL");
        sandbox.fuel = 100_000;
        await rejects(() => sandbox.call("past"), "ERR_SHM_FUEL", /given, 5368\d{5} used/);
      },
    ),
  );

  fuel("a guest reaches neither the global nor the function, whatever it exports; nor does a caller", async () => {
    const names = {
      "wasm-shm fuel": [],
      "wasm-shm fuel'": [],
      "wasm-shm start": [],
      "wasm-shm pages": [0x3f, 0, 0x1a],
    };
    await withSandbox(kind, bodies(names, [8, 2]), { fuel: 100 }, async (sandbox) => {
      for (const name of Object.keys(names)) assert.is(await sandbox.call(name), undefined);
      assert.is(sandbox.fuel, 99); // memory.size costs 1
      for (const name of ["wasm-shm fuel''", "wasm-shm start'", "wasm-shm pages'"])
        await rejects(() => sandbox.call(name), "ERR_SHM_GUEST_EXPORT", /does not export it/);
    });
    // A global of an index that the module does not have is refused before it could become the one that is added.
    for (const code of [
      [0x42, 0xff, 0, 0x24, 0],
      [0x42, 0xff, 0, 0x21, 0, 0x03, 0x40, 0x0b],
      [0x20, 0, 0x1a, 0x03, 0x40, 0x0b],
      [0x42, 0xff, 0, 0x22, 0, 0x1a, 0x03, 0x40, 0x0b],
    ])
      await rejects(
        () => open(kind, bodies({ code }), { fuel: 100 }),
        "ERR_SHM_GUEST_INVALID",
        /an index of|the index/,
      );
  });

  fuel("a call that an imported function makes uses the same fuel, and a trap keeps what it used", async () => {
    let sandbox: AnySandbox | InlineSandbox | undefined;
    const callback = (value: number) => (value > 0 ? sandbox?.call("enter", value - 1) : 7);
    const options = { fuel: 1000, imports: { host: { callback } } };
    sandbox =
      kind === "inline"
        ? await createSandbox(guest("hostile/callback"), { ...options, isolation: kind })
        : await open(kind, guest("hostile/callback"), options);
    assert.is(await sandbox.call("enter", 3), 7);
    assert.is(sandbox.fuel, 1000 - 4 * 2);
    await rejects(() => sandbox.call("trap", 1), "ERR_SHM_GUEST_TRAP");
    assert.is(sandbox.fuel, 1000 - 4 * 2);
    await rejects(() => sandbox.call("enterForever"), "ERR_SHM_FUEL");
    await sandbox.close();
  });

  fuel("a trap behind a loop keeps what the loop used", async () => {
    // (loop (i32.store (0) (i32.add (i32.load (0)) (1))) (br_if 0 (i32.lt_u (i32.load (0)) (100)))): 11 for each turn
    const loop = [3, 0x40, 0x41, 0, 0x41, 0, 0x28, 2, 0, 0x41, 1, 0x6a, 0x36, 2, 0, 0x41, 0, 0x28, 2, 0];
    loop.push(0x41, 0xe4, 0, 0x49, 0x0d, 0, 0x0b);
    const traps = { load: [0x41, 0x7c, 0x28, 2, 0, 0x1a], divide: [0x41, 0, 0x41, 0, 0x6d, 0x1a], unreachable: [0] };
    for (const [name, code] of Object.entries(traps))
      await withSandbox(kind, bodies({ trap: [...loop, ...code] }), { fuel: 10_000 }, async (sandbox) => {
        await rejects(() => sandbox.call("trap"), "ERR_SHM_GUEST_TRAP");
        const own = { load: 2, divide: 3, unreachable: 0 }[name] as number;
        assert.is(sandbox.fuel, 10_000 - 100 * 11 - own, name);
      });
  });

  fuel("wrong numbers are refused; without the option none is counted", async () => {
    for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
      await rejects(() => open(kind, guest("hostile/exports"), { fuel: value }), "ERR_OUT_OF_RANGE", /options\.fuel/);
    await rejects(() => open(kind, guest("hostile/exports"), { fuel: 1n as never }), "ERR_INVALID_ARG_TYPE");
    await withSandbox(kind, guest("hostile/exports"), {}, async (sandbox) => {
      assert.is(sandbox.fuel, undefined);
      await rejects(() => (sandbox.fuel = 5), "ERR_SHM_UNSUPPORTED", /options\.fuel/);
    });
    await withSandbox(kind, guest("hostile/exports"), { fuel: 0 }, async (sandbox) => {
      await rejects(() => sandbox.call("answer"), "ERR_SHM_FUEL", /0 given, 1 used/);
      await rejects(() => (sandbox.fuel = -5), "ERR_OUT_OF_RANGE");
    });
  });

  if (!native) fuel.skip("windows", NO_HOST);
  else
    fuel("a store into a read-only window is told before it", () =>
      withIntactSegment((segment) =>
        withSandbox(
          kind,
          guest("hostile/stores"),
          { fuel: 1_000_000, windows: { window: { segment } } },
          async (sandbox) => {
            await rejects(() => sandbox.call("i32.store", at(sandbox, "window")), "ERR_SHM_READ_ONLY");
            assert.ok((sandbox.fuel as number) < 1_000_000);
          },
        ),
      ),
    );
  fuel.run();
}

const pool = suite("Fuel of a pool");
if (!confines) pool.skip("is for each call", "this engine starts no process");
else
  pool("is for each call", async () => {
    const guests = await createSandboxPool(guest("hostile/loop"), { size: 1, fuel: 50_000 });
    for (let round = 0; round < 3; round++) await rejects(() => guests.call("loop"), "ERR_SHM_FUEL", /50000 given/);
    await guests.use((sandbox) => assert.is(sandbox.fuel, 50_000));
    await guests.close();
  });
pool.run();
