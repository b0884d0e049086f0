// Hostile guests: each is refused or stopped with the code that is documented for it, in a process, in a thread and inline. After each
// the process is alive (the next test runs), and the segment's bytes and nattch are unchanged. Endless loops are in
// timelimit.test.ts, stores into windows in stores.test.ts, and damaged modules in mutants.test.ts.
import * as assert from "uvu/assert";
import type { SandboxOptions } from "wasm-shm";
import { suite } from "../suite.js";
import { runModule } from "../support/child.js";
import { isNode, NO_LIMIT_SOURCE, WASM_FRAME } from "../support/engine.js";
import { code } from "../support/pairs.js";
import { guest, kinds, NO_HOST, native, open, rejects, withIntactSegment, withSandbox } from "./sandboxes.js";

/** Modules that are refused before any of their code runs; the error's code, and words of its message. */
const refused: [name: string, code: string | string[], words: RegExp, options?: SandboxOptions][] = [
  ["import-unknown", "ERR_SHM_GUEST_IMPORT", /env\.unknown/],
  [
    "import-wasi",
    "ERR_SHM_GUEST_IMPORT",
    /wasi_snapshot_preview1\.fd_write, wasi_snapshot_preview1\.proc_exit; wasi: \{\} .*; imports: "trap"/,
  ],
  ["import-wasi", "ERR_SHM_GUEST_IMPORT", /proc_exit/, { imports: { wasi_snapshot_preview1: { fd_write: () => 0 } } }],
  ["import-prototype", "ERR_SHM_GUEST_IMPORT", /env\.constructor/],
  ["import-prototype", "ERR_SHM_GUEST_IMPORT", /env\.constructor/, { imports: { env: {}, constructor: {} } }],
  ["import-prototype", "ERR_SHM_GUEST_IMPORT", /__proto__\.toString/, { imports: { env: { constructor: () => 0 } } }],
  ["callback", "ERR_SHM_GUEST_IMPORT", /host\.callback/],
  ["callback", "ERR_SHM_GUEST_IMPORT", /host\.callback/, { imports: { host: {} } }],
  ["memory-function", "ERR_SHM_GUEST_IMPORT", /env\.memory/],
  ["memory-function", "ERR_SHM_GUEST_MEMORY", /no memory/, { imports: { env: { memory: () => 0 } } }],
  ["memory-global", "ERR_SHM_GUEST_MEMORY", /no memory/],
  ["memory-table", "ERR_SHM_GUEST_MEMORY", /no memory/],
  ["memory-tag", "ERR_SHM_GUEST_MEMORY", /no memory/],
  ["memory-shared", "ERR_SHM_GUEST_MEMORY", /shared/],
  ["memory-64", "ERR_SHM_GUEST_MEMORY", /memory64/],
  ["memory-none", "ERR_SHM_GUEST_MEMORY", /no memory/],
  ["memory-own-large", "ERR_SHM_MEMORY_LIMIT", /1073741824 bytes of memory; its limit is 268435456/],
  ["memory-second", "ERR_SHM_GUEST_MEMORY", /2 memories/],
  ["memory-large", "ERR_SHM_MEMORY_LIMIT", /1073741824 bytes of memory; its limit is 268435456/],
  ["memory-largest", "ERR_SHM_MEMORY_LIMIT", /4294967296 bytes of memory/],
  ["memory-largest", "ERR_SHM_GUEST_MEMORY", /65536 pages/, { memoryLimit: 2 ** 32 }],
  ["answer", "ERR_SHM_MEMORY_LIMIT", /its limit is 65535/, { memoryLimit: 65_535 }],
];

const suiteOf = (kind: string, title: string) => suite(`${title} [${kind}]`);
const bytesOf = (name: string): Uint8Array<ArrayBuffer> => guest(`hostile/${name === "answer" ? "traps" : name}`);

for (const kind of kinds) {
  if (!native) {
    const none = suiteOf(kind, "Hostile guests");
    none.skip("are held", NO_HOST);
    none.run();
    continue;
  }

  const modules = suiteOf(kind, "A hostile module");
  for (const [name, codes, words, options] of refused)
    modules(`${name} is refused by ${codes}, ${words}`, () =>
      withIntactSegment(async (segment) => {
        const error = await open(kind, bytesOf(name), { windows: { window: { segment } }, ...options }).then(
          () => new Error("it was accepted"),
          (reason: Error & { code?: string }) => reason,
        );
        assert.ok([codes].flat().includes((error as { code?: string }).code ?? ""), error.message);
        assert.match(error.message, words);
      }),
    );

  modules("a function of the wrong type is linked, as in wasm: every JavaScript function is accepted", () =>
    withIntactSegment(async (segment) => {
      const imports = { host: { callback: ((..._: never[]) => "no number") as () => unknown } };
      await withSandbox(kind, bytesOf("callback"), { windows: { window: { segment } }, imports }, async (sandbox) => {
        assert.is(await sandbox.call("enter", 1), 0); // ToInt32 of a string
      });
    }),
  );

  for (const [name, words] of [
    ["start-trap", /starting the guest trapped: .*unreachable|starting the guest trapped/],
    ["initialize-trap", /starting the guest trapped/],
  ] as const)
    modules(`${name} is ERR_SHM_GUEST_TRAP, with the engine's error as its cause`, () =>
      withIntactSegment(async (segment) => {
        const error = await rejects(
          () => open(kind, bytesOf(name), { windows: { window: { segment } } }),
          "ERR_SHM_GUEST_TRAP",
          words,
        );
        const { name: type, stack } = error.cause as Error;
        assert.is(type, "RuntimeError");
        assert.match(stack ?? "", WASM_FRAME);
      }),
    );

  modules("start-grow gets its limit and no more, and leaves room for the window", () =>
    withIntactSegment(async (segment) => {
      const options = { windows: { window: { segment } }, memoryLimit: 4 * 65_536 };
      await withSandbox(kind, bytesOf("start-grow"), options, async (sandbox) => {
        assert.is(sandbox.memory.used, 4 * 65_536);
        assert.is(await sandbox.call("answer"), 42);
      });
    }),
  );

  modules("_initialize, __new and malloc are not called if they are not functions", () =>
    withIntactSegment((segment) =>
      withSandbox(kind, bytesOf("initialize-global"), { windows: { window: { segment } } }, async (sandbox) => {
        assert.is(await sandbox.call("answer"), 42);
        await rejects(() => sandbox.call("_initialize"), "ERR_SHM_GUEST_EXPORT", /not as a function/);
      }),
    ),
  );

  modules(
    "a table of 10 million elements is accepted, or ends its process; one past the engine's limit is refused",
    () =>
      withIntactSegment(async (segment) => {
        await open(kind, bytesOf("table-huge"), { windows: { window: { segment } } }).then(
          (sandbox) => sandbox.close(),
          (error) => {
            assert.is(kind, "process", error.message);
            code("ERR_SHM_MEMORY_LIMIT", /processMemoryLimit/)(error);
          },
        );
        await rejects(
          () => open(kind, bytesOf("table-beyond"), { windows: { window: { segment } } }),
          /^ERR_SHM_(MEMORY_LIMIT|GUEST_INVALID)$/,
        );
      }),
  );

  modules("64 such tables leave the process alive", () =>
    withIntactSegment(async (segment) => {
      const ended = runModule(
        `import { createSandbox, open } from "wasm-shm";
        import { readFileSync } from "node:fs";
        const wasm = readFileSync("test/fixtures/hostile/table-many.wasm");
        const windows = { window: { segment: open(${segment.id}) } };
        const said = await createSandbox(wasm, { ${NO_LIMIT_SOURCE}windows, isolation: "${kind}" }).then(() => "accepted", ({ code }) => code);
        console.log(said);
        process.exit();`,
        ["--max-old-space-size=400"],
      );
      assert.match(ended.stdout, /^ERR_SHM_/, `${ended.code ?? ended.signal}: ${ended.stderr.slice(0, 300)}`);
    }),
  );
  modules.run();

  const calls = suiteOf(kind, "A hostile call");
  const traps = [
    ["unreachable", "divideByZero", "divisionOverflow", "invalidConversion", "conversionOverflow", "loadOutOfBounds"],
    ["storeOutOfBounds", "fillOutOfBounds", "copyOutOfBounds", "initOutOfBounds", "atomicUnaligned"],
    ["atomicWait", "callNull", "callIllTyped", "callOutOfBounds", "tableOutOfBounds", "tableInitOutOfBounds"],
  ].flat();

  calls("every trap is ERR_SHM_GUEST_TRAP with the wasm stack, and the sandbox can be called again", () =>
    withIntactSegment((segment) =>
      withSandbox(kind, bytesOf("traps"), { windows: { window: { segment } } }, async (sandbox) => {
        for (const name of [...traps, "remainderByZero"]) {
          const error = await rejects(
            () => sandbox.call(name, name === "remainderByZero" ? 1n : 1),
            "ERR_SHM_GUEST_TRAP",
            new RegExp(`^${name} trapped: `),
          );
          const cause = error.cause as Error;
          assert.is(cause.name, "RuntimeError");
          assert.match(cause.stack ?? "", WASM_FRAME, name);
          assert.ok(error.message.includes(cause.message));
          assert.is(await sandbox.call("answer"), 42);
        }
      }),
    ),
  );

  calls("a store past the memory's limit traps", () =>
    withSandbox(kind, bytesOf("traps"), { memoryLimit: 65_536 }, async (sandbox) => {
      await rejects(() => sandbox.call("storeAtEnd"), "ERR_SHM_GUEST_TRAP", /^storeAtEnd trapped: /);
    }),
  );

  calls("a wasm exception that is not caught is ERR_SHM_GUEST_TRAP", () =>
    withIntactSegment((segment) =>
      withSandbox(kind, bytesOf("exception"), { windows: { window: { segment } } }, async (sandbox) => {
        for (let n = 0; n < 3; n++)
          await rejects(() => sandbox.call("throw", n), "ERR_SHM_GUEST_TRAP", /^throw trapped/);
      }),
    ),
  );

  calls("endless recursion is ERR_SHM_GUEST_TRAP every time; deep recursion is not", () =>
    withIntactSegment((segment) =>
      withSandbox(kind, bytesOf("recursion"), { windows: { window: { segment } } }, async (sandbox) => {
        for (let n = 0; n < 3; n++) {
          await rejects(() => sandbox.call("recurse", 0), "ERR_SHM_GUEST_TRAP", /stack/);
          await rejects(() => sandbox.call("recurseIndirect", 0), "ERR_SHM_GUEST_TRAP", /stack/);
          assert.is(await sandbox.call("recurseTo", 2000), 2000);
        }
      }),
    ),
  );

  calls("the grow bomb gets memoryLimit and not a page more", () =>
    withIntactSegment(async (segment) => {
      const windows = { window: { segment } };
      await withSandbox(kind, bytesOf("grow"), { windows, memoryLimit: 10 * 65_536 }, async (sandbox) => {
        const got = await sandbox.call("growBomb");
        assert.is(await sandbox.call("grow", 1), -1);
        assert.is(await sandbox.call("grow", 65_536), -1);
        assert.is(got, 9);
        assert.is(await sandbox.call("size"), 10); // without the window's
      });
    }),
  );

  calls("the table bomb ends by itself", () =>
    withIntactSegment((segment) =>
      withSandbox(
        kind,
        bytesOf("table"),
        { windows: { window: { segment } }, ...(isNode && { timeLimitMs: 60_000 }) },
        async (sandbox) => {
          const got = await sandbox.call("growTableBomb").catch((error: { code: string }) => error.code);
          if (kind !== "inline" && got === "ERR_SHM_MEMORY_LIMIT") return; // a process has a heap of 64 MiB, a thread of 1 GiB
          assert.ok(Number(got) >= 1 && Number(got) <= 10_000_000, String(got));
          assert.is(await sandbox.call("growTable", 1), -1);
        },
      ),
    ),
  );

  // Before V8 12 a loop that asks for optimized code may crash (src/sandbox/tiering.ts), so a guest's code must never ask.
  if (Number.parseInt(process.versions.v8, 10) < 12 && kind !== "process")
    calls(
      "a function compiled after the first sandbox is optimized after its first call, without a request from its code",
      () => {
        const ended = runModule(
          `import { createSandbox } from "wasm-shm";
        import { readFileSync } from "node:fs";
        import { setTimeout as sleep } from "node:timers/promises";
        const bytes = readFileSync("test/fixtures/hostile/table.wasm");
        const tiers = async (module) => {
          const env = { memory: new WebAssembly.Memory({ initial: 1 }) };
          const { size } = new WebAssembly.Instance(module, { env }).exports;
          size();
          for (let turn = 0; turn < 50 && !%IsTurboFanFunction(size); turn++) await sleep(20);
          return %IsTurboFanFunction(size);
        };
        const before = await tiers(new WebAssembly.Module(bytes));
        // A different module, as V8 shares the code of equal ones.
        const other = Buffer.concat([bytes, Uint8Array.of(0, 2, 1, 0x78)]);
        const sandbox = await createSandbox(other, { ${NO_LIMIT_SOURCE}isolation: "${kind}" });
        console.log(before, await tiers(new WebAssembly.Module(other)));
        await sandbox.close();`,
          ["--allow-natives-syntax"],
        );
        assert.equal([ended.code, ended.stdout, ended.stderr], [0, "false true\n", ""]);
      },
    );

  calls("dishonest allocators are refused, and the honest one is accepted", () =>
    withIntactSegment(async (segment) => {
      const windows = { one: { segment }, two: { segment } };
      const expected: Record<string, RegExp> = {
        null: /^ERR_SHM_MEMORY_LIMIT/,
        same: /^ERR_SHM_GUEST_MEMORY/,
        odd: /^ERR_SHM_GUEST_MEMORY/,
        end: /^ERR_SHM_GUEST_MEMORY/,
        nearEnd: /^ERR_SHM_GUEST_MEMORY/,
        highest: /^ERR_SHM_GUEST_MEMORY/,
        twice: /^ERR_SHM_GUEST_MEMORY/,
        nothing: /^ERR_SHM_GUEST_MEMORY/,
        fraction: /^ERR_SHM_GUEST_MEMORY/,
        notANumber: /^ERR_SHM_GUEST_MEMORY/,
        large: /^ERR_SHM_GUEST_MEMORY/,
        reference: /^ERR_SHM_GUEST_MEMORY/,
        traps: /^ERR_SHM_GUEST_TRAP/,
        missing: /^ERR_SHM_GUEST_EXPORT/,
        honest: /^accepted/,
      };
      for (const [allocator, words] of Object.entries(expected)) {
        const said = await open(kind, bytesOf("allocator"), { windows, allocator }).then(
          async (sandbox) => {
            await sandbox.close();
            return "accepted";
          },
          ({ code, message }: { code: string; message: string }) => `${code} ${message}`,
        );
        assert.match(said, words, allocator);
      }
    }),
  );
  calls.run();
}
