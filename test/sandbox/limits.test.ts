// Guests that V8's own threads do not hold, under each isolation: endless tail calls, long memory.fills, modules for which the
// compiler takes gigabytes, tables and exceptions that fill the heap. Beside each, another sandbox keeps working.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { createSandbox, type ModuleLimits } from "wasm-shm";
import { suite } from "../suite.js";
import { moduleFile, run } from "../support/child.js";
import { confines, isNode } from "../support/engine.js";
import { blocks, fills, gone, number, runnersOf, section, small, TAIL_CALL, vector } from "./processes.js";
import { guest, native, rejects, withSandbox } from "./sandboxes.js";

const MIB = 2 ** 20;

/** As large as engines allow: what is to be shown is what happens then. */
const LARGEST: ModuleLimits = { locals: 50_000, functionBytes: 7 * MIB, elements: 10_000_000, bytes: 64 * MIB };

/** (local.get 0 …) makes no difference to the compiler; the state of each local is kept for each block. */
const compileBomb = small({ code: [blocks(9000)], locals: 50_000 });
const threeTables = small({ code: [[]], tables: [10_000_000, 10_000_000, 10_000_000] });
const passive = small({ code: [[]], elements: 1_500_000 });
const tailCall = small({ code: [TAIL_CALL] });
/** Grows by 4,095 pages first. */
const longFills = small({ code: [[0x41, ...signed(4095), 0x40, 0, 0x1a, ...fills(600, 255 * MIB)]] });

function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >> 7)];
}

/** V8 compiles a function as it is first called: the start is that. */
const slow = small({ code: [fills(150_000, 8)], start: true });

/** A function of so many parameters, with blocks that take and give so many values, one inside another. */
function manyValues(parameters: number, values: number, count: number): Uint8Array<ArrayBuffer> {
  const longs = (many: number): number[] => vector(Array.from({ length: many }, () => [0x7e]));
  const repeated = (many: number, code: number[]): number[] => Array.from({ length: many }, () => code).flat();
  const code = [
    ...[0, ...repeated(values, [0x42, 0]), ...repeated(count, [0x02, 1]), ...repeated(count, [0x0b])],
    ...[...repeated(values, [0x1a]), 0x0b],
  ];
  return Uint8Array.from([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...section(1, [2, 0x60, ...longs(parameters), 0, 0x60, ...longs(values), ...longs(values)]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(10, [1, ...number(code.length), ...code]),
  ]);
}

const resident = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "latin1"))?.[1]) * 1024;

/** Runs `use` beside a sandbox that must answer meanwhile; this process must take less than `limit` more, and keep no runner. */
async function besideAnother(use: () => Promise<unknown>, limit = 16 * MIB): Promise<void> {
  (globalThis as { gc?: () => void }).gc?.();
  const other = await createSandbox(guest("hostile/exports"));
  let isDone = false;
  let answers = 0;
  const before = resident();
  let most = 0;
  const working = (async () => {
    while (!isDone) {
      assert.is(await other.call("i32", answers), answers);
      if (!isDone) answers++;
      most = Math.max(most, resident() - before);
      await sleep(5);
    }
  })();
  try {
    await use();
  } finally {
    isDone = true;
    await working;
    await other.close();
  }
  assert.ok(answers > 1, `${answers} answers meanwhile`);
  assert.ok(most < limit, `this process took ${most} bytes more`);
  assert.ok((await gone(runnersOf(), 2000)) < 2000);
}

/** Rejects at the deadline, as the timers of this machine keep it. */
async function atDeadline(use: () => Promise<unknown>, limitMs: number): Promise<void> {
  const start = performance.now();
  const lateness = sleep(limitMs)
    .then(() => sleep(25))
    .then(() => performance.now() - start - limitMs - 25);
  await rejects(use, "ERR_SHM_TIME_LIMIT");
  const took = performance.now() - start;
  const late = await lateness;
  assert.ok(took > limitMs - 5 && took < limitMs + 100 + late, `${took} ms of ${limitMs}; a timer was ${late} ms late`);
}

const inProcess = suite("A guest that no thread holds [process]");
if (!confines || !native) inProcess.skip("is held", "this engine starts no process for it");
else {
  // Node 20 does not know tail calls.
  const knows = WebAssembly.validate(tailCall);
  inProcess(`endless tail calls ${knows ? "end at the deadline" : "are refused by this engine"}`, () =>
    besideAnother(async () => {
      if (!knows) return rejects(() => createSandbox(tailCall), "ERR_SHM_GUEST_INVALID");
      const sandbox = await createSandbox(tailCall, { timeLimitMs: 1500 });
      await atDeadline(() => sandbox.call("f0"), 1500);
      return sandbox.close();
    }),
  );

  inProcess("memory.fills of 255 MiB end at the deadline", () =>
    besideAnother(async () => {
      const sandbox = await createSandbox(longFills, { timeLimitMs: 1500 });
      await atDeadline(() => sandbox.call("f0"), 1500);
      await sandbox.close();
    }),
  );

  inProcess(
    "50,000 locals and 9,000 blocks are refused by their number, and else take the process's memory alone",
    () =>
      besideAnother(async () => {
        await rejects(() => createSandbox(compileBomb), "ERR_SHM_GUEST_LIMIT", /moduleLimits\.locals is 10000/);
        const outcome = await createSandbox(compileBomb, { moduleLimits: LARGEST, timeLimitMs: 20_000 }).then(
          async (sandbox) => {
            const result = await sandbox.call("f0").catch((error: { code: string }) => error.code);
            await sandbox.close();
            return result ?? "compiled";
          },
          (error: { code: string; message: string }) => `${error.code} ${error.message}`,
        );
        assert.match(String(outcome), /^ERR_SHM_MEMORY_LIMIT.*processMemoryLimit|^ERR_SHM_TIME_LIMIT|^compiled$/);
      }),
  );

  inProcess("tables of 30 million elements are ERR_SHM_MEMORY_LIMIT, with the limit's name", () =>
    besideAnother(() =>
      rejects(() => createSandbox(threeTables), "ERR_SHM_MEMORY_LIMIT", /processMemoryLimit, 268435456 bytes/),
    ),
  );

  inProcess("1.5 million elements of a passive segment are refused by their number, and else held", () =>
    besideAnother(async () => {
      await rejects(() => createSandbox(passive), "ERR_SHM_GUEST_LIMIT", /moduleLimits\.elements/);
      await createSandbox(passive, { moduleLimits: LARGEST }).then(
        (sandbox) => sandbox.close(),
        ({ code }: { code: string }) => assert.is(code, "ERR_SHM_MEMORY_LIMIT"),
      );
    }),
  );

  inProcess("exceptions without end are held", () =>
    besideAnother(() =>
      withSandbox("process", guest("hostile/exception"), {}, async (sandbox) => {
        for (let n = 0; n < 200; n++) await rejects(() => sandbox.call("throw", n), "ERR_SHM_GUEST_TRAP");
      }),
    ),
  );

  inProcess("a start that never returns ends at the deadline", () =>
    besideAnother(() =>
      atDeadline(
        () => createSandbox(small({ code: [[0x03, 0x40, 0x0c, 0, 0x0b]], start: true }), { timeLimitMs: 1500 }),
        1500,
      ),
    ),
  );

  inProcess(
    "a compiler that takes longer than the limit ends at the deadline",
    () =>
      besideAnother(async () => {
        const options = { moduleLimits: LARGEST };
        const began = performance.now();
        await (await createSandbox(slow, { ...options, timeLimitMs: 60_000 })).close();
        const timeLimitMs = Math.round((performance.now() - began) / 2);
        const start = performance.now();
        await rejects(() => createSandbox(slow, { ...options, timeLimitMs }), "ERR_SHM_TIME_LIMIT");
        assert.ok(performance.now() - start < timeLimitMs + 1000);
      }, 32 * MIB), // the module's bytes, and what is made of them
  );

  inProcess("a memory that grows to its limit takes none of this process", () =>
    besideAnother(() =>
      withSandbox("process", guest("hostile/grow"), {}, async (sandbox) => {
        assert.is(await sandbox.call("grow", 4095), 1);
        assert.is(await sandbox.call("grow", 1), -1);
      }),
    ),
  );
}
inProcess.run();

for (const kind of ["thread", "inline"] as const) {
  const shared = suite(`A guest that no thread holds [${kind}]`);
  if (!native || !isNode) shared.skip("is refused", "there is no sysv host, or no time limit");
  else {
    const open = (wasm: Uint8Array, options = {}): Promise<unknown> =>
      createSandbox(wasm, { isolation: kind as "thread", ...options });

    shared("tail calls are ERR_SHM_GUEST_LIMIT, of each kind, wherever they stand", async () => {
      const each = [TAIL_CALL, [0x41, 0, 0x13, 0, 0], [0xd0, 0, 0x15, 0], [0x02, 0x40, 0x41, 5, 0x1a, 0x12, 0, 0x0b]];
      for (const code of each)
        await rejects(() => open(small({ code: [code] })), "ERR_SHM_GUEST_LIMIT", /tail calls.*isolation: "process"/);
      // The same bytes as a number are none.
      if (kind === "inline") await open(small({ code: [[0x41, 0x12, 0x1a]] }));
    });

    shared("so are those whose parameters, or whose blocks' own values, are many", async () => {
      for (const [wasm, words] of [
        [manyValues(1000, 0, 17_000), /17001 blocks hold 17001000 values/],
        [manyValues(0, 900, 10_000), /10001 blocks hold 18000000 values/],
      ] as const)
        await rejects(() => open(wasm), "ERR_SHM_GUEST_LIMIT", words);
      for (const wasm of [manyValues(1000, 0, 10), manyValues(0, 900, 10), manyValues(1, 1, 10_000)]) {
        const within = await open(wasm);
        await (within as { close(): unknown }).close();
      }
    });

    shared("functions for which the compiler takes gigabytes are ERR_SHM_GUEST_LIMIT", async () => {
      await rejects(() => open(compileBomb), "ERR_SHM_GUEST_LIMIT", /locals/);
      const words = /9001 blocks hold 450059000 values/;
      await rejects(() => open(compileBomb, { moduleLimits: LARGEST }), "ERR_SHM_GUEST_LIMIT", words);
      const within = await open(small({ code: [blocks(900)], locals: 9000 }));
      await (within as { close(): unknown }).close();
    });

    shared("tables and segments for which the heap has no room are ERR_SHM_MEMORY_LIMIT, and the process lives", () => {
      for (const [heap, module] of [
        [64, threeTables],
        [256, threeTables],
        [64, small({ code: [[]], tables: [1_500_000] })],
        [64, small({ code: [[]], tables: [0], elements: 990_000 })],
      ] as const) {
        const source = `import { createSandbox } from "wasm-shm";
          import { readFileSync } from "node:fs";
          const bytes = readFileSync(0);
          const made = await createSandbox(bytes, { isolation: "${kind}" }).then(() => "made", ({ code }) => code);
          console.log(made);
          process.exit();`;
        const args = [`--max-old-space-size=${heap}`, moduleFile(source)];
        const ended = run(process.execPath, args, { input: module });
        assert.is(ended.code, 0, `${ended.signal} ${ended.stderr.slice(0, 300)}`);
        assert.match(ended.stdout, module.length > 1e6 ? /^(ERR_SHM_MEMORY_LIMIT|made)\n/ : /^ERR_SHM_MEMORY_LIMIT\n/);
      }
    });

    if (kind === "thread")
      shared(
        "memory.fills of 255 MiB: the promise rejects at the deadline, though the thread is still there",
        async () => {
          const sandbox = await createSandbox(
            small({ code: [[0x41, ...signed(4095), 0x40, 0, 0x1a, ...fills(200, 255 * MIB)]] }),
            {
              isolation: "thread",
              timeLimitMs: 1500,
            },
          );
          await atDeadline(() => sandbox.call("f0"), 1500);
          await sandbox.close();
        },
      );
  }
  shared.run();
}

const counted = suite("The limits of a module");
counted("each is counted before the module is compiled, and can be raised", async () => {
  const module = guest("hostile/exports");
  const isolation = "inline";
  for (const key of [
    "bytes",
    "functions",
    "functionBytes",
    "types",
    "imports",
    "exports",
    "globals",
    "tables",
  ] as const) {
    const moduleLimits = { [key]: 0 };
    await rejects(
      () => createSandbox(module, { isolation, moduleLimits }),
      "ERR_SHM_GUEST_LIMIT",
      new RegExp(`moduleLimits\\.${key} is 0`),
    );
  }
  await rejects(
    () => createSandbox(small({ code: [[]], locals: 3 }), { isolation, moduleLimits: { locals: 2 } }),
    "ERR_SHM_GUEST_LIMIT",
    /3 locals/,
  );
  await rejects(
    () => createSandbox(small({ code: [[]], elements: 3 }), { isolation, moduleLimits: { elements: 2 } }),
    "ERR_SHM_GUEST_LIMIT",
    /3 elements/,
  );
  await rejects(
    () => createSandbox(small({ code: [[]], elements: 3 }), { isolation, moduleLimits: { segments: 0 } }),
    "ERR_SHM_GUEST_LIMIT",
    /1 element segments/,
  );
  for (const [moduleLimits, code] of [
    [{ locals: -1 }, "ERR_OUT_OF_RANGE"],
    [{ locals: "1" }, "ERR_INVALID_ARG_TYPE"],
    [{ local: 1 }, "ERR_INVALID_ARG_VALUE"],
    [5, "ERR_INVALID_ARG_TYPE"],
  ] as const)
    await rejects(() => createSandbox(module, { isolation, moduleLimits: moduleLimits as ModuleLimits }), code);
});

counted("hostile counts and lengths in any section end in an error and take no memory", async () => {
  const header = [0, 97, 115, 109, 1, 0, 0, 0];
  const before = resident();
  let most = 0;
  for (let id = 0; id < 16; id++)
    for (const count of [0xffffffff, 0x7fffffff, 1_000_000, 70_000]) {
      const bytes = Uint8Array.from([...header, id, ...number(5 + 10), ...number(count), ...Array(20).fill(0x60)]);
      await rejects(
        () => createSandbox(bytes, { isolation: "inline" }),
        /^ERR_SHM_GUEST_(INVALID|LIMIT|IMPORT|MEMORY)$/,
      );
      most = Math.max(most, resident() - before);
    }
  assert.ok(most < 64 * MIB, `this process took ${most} bytes more`);
});
counted.run();
