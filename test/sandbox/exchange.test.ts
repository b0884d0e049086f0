// Bytes and strings to and from a guest's memory: copied out of any place, and into blocks of its own allocator, honest or not.
import * as assert from "uvu/assert";
import { built } from "../module/built.js";
import { suite } from "../suite.js";
import { at, contents, guest, kinds, NO_HOST, native, rejects, withIntactSegment, withSandbox } from "./sandboxes.js";

const TEXT = "one two naïve two 💥 two";
/** More than a message has room for. */
const MANY = new Uint8Array(700_001).map((_, index) => index * 7 + (index >> 8));
const WASM_PAGE = 65_536;

for (const kind of kinds) {
  const exchange = suite(`Bytes of a guest [${kind}]`);

  for (const [path, options] of [
    ["c/guest", {}],
    ["c/guest", { allocator: "malloc" }],
    ["assemblyscript/guest", {}],
  ] as const)
    exchange(`of ${path}: a call with a string is one line, and its block is given back`, () =>
      withSandbox(kind, guest(path), options, async (sandbox) => {
        assert.is(await sandbox.call("countWords", ...(await sandbox.write(TEXT))), 6);
        assert.is(await sandbox.call("occurrences", ...(await sandbox.write("two"))), 3);
        for (const bytes of [MANY, MANY.subarray(3, 3), Buffer.from(TEXT), MANY.subarray(0, 262_144)]) {
          const block = await sandbox.write(bytes);
          assert.is(block[1], bytes.length);
          assert.equal(await sandbox.bytes(...block), new Uint8Array(bytes));
          await sandbox.free(...block);
        }
        // Of an allocator that takes back what it gave, ten blocks of 40 MB fit into 256 MiB.
        for (let round = 0; round < 10; round++) await sandbox.free(...(await sandbox.write("x".repeat(4_000_000))));
        const { used, allowed } = sandbox.memory;
        assert.ok(used > 0 && used % WASM_PAGE === 0 && used < 64 * 2 ** 20 && allowed === 256 * 2 ** 20, `${used}`);
      }),
    );

  exchange("a known allocator is given an alignment, if it takes one, and what frees gets the same", () =>
    withSandbox(kind, guest("hostile/blocks"), {}, async (sandbox) => {
      assert.equal(await sandbox.write("abc"), [0x1000, 3]);
      assert.equal(await sandbox.call("asked"), [3, 1]);
      await sandbox.free(0x1000, 3);
      assert.is(await sandbox.call("freed"), 0x1000 + 3 + 1);
      assert.equal(await sandbox.write("", { allocator: "none" }), [0x2000, 0]);
      assert.equal(await sandbox.write(MANY.subarray(0, 100), { pointer: 0x3000 }), [0x3000, 100]);
      assert.is(await sandbox.call("load", 0x3001), 7);
      await rejects(() => sandbox.free(0x1000), "ERR_INVALID_ARG_TYPE", /length.*dealloc/);
      for (const [allocator, expected] of [
        ["missing", "ERR_SHM_GUEST_EXPORT"],
        ["wide", "ERR_INVALID_ARG_TYPE"],
      ] as const)
        await rejects(() => sandbox.write("abc", { allocator }), expected);
    }),
  );

  exchange("wrong arguments are refused, and change nothing", () =>
    withSandbox(kind, guest("hostile/blocks"), { memoryLimit: WASM_PAGE }, async (sandbox) => {
      const any = sandbox as unknown as Record<"bytes" | "write" | "free", (...values: unknown[]) => Promise<unknown>>;
      for (const [values, expected] of [
        [["0", 1], "ERR_INVALID_ARG_TYPE"],
        [[0, 1n], "ERR_INVALID_ARG_TYPE"],
        [[0.5, 1], "ERR_OUT_OF_RANGE"],
        [[0, -1], "ERR_OUT_OF_RANGE"],
        [[2 ** 32, 1], "ERR_OUT_OF_RANGE"],
        [[-(2 ** 31) - 1, 1], "ERR_OUT_OF_RANGE"],
        [[0, WASM_PAGE + 1], "ERR_OUT_OF_RANGE"],
        [[WASM_PAGE, 1], "ERR_OUT_OF_RANGE"],
        [[-1, 1], "ERR_OUT_OF_RANGE"],
        [[0, 2 ** 32], "ERR_OUT_OF_RANGE"],
      ] as const)
        await rejects(() => any.bytes(...values), expected);
      for (const [values, expected] of [
        [[5], "ERR_INVALID_ARG_TYPE"],
        [[new Uint16Array(1)], "ERR_INVALID_ARG_TYPE"],
        [["x", { pointr: 1 }], "ERR_INVALID_ARG_VALUE"],
        [["x", { pointer: "1" }], "ERR_INVALID_ARG_TYPE"],
        [["x", { allocator: 1 }], "ERR_INVALID_ARG_TYPE"],
        [["x", { pointer: WASM_PAGE }], "ERR_OUT_OF_RANGE"],
        [["xx", { pointer: -1 }], "ERR_OUT_OF_RANGE"],
      ] as const)
        await rejects(() => any.write(...values), expected);
      await rejects(() => any.free(1, "1"), "ERR_INVALID_ARG_TYPE", /length/);
      assert.equal(await sandbox.bytes(WASM_PAGE, 0), new Uint8Array(0));
      assert.equal(await sandbox.call("asked"), [0, 0]);
      await sandbox.close();
      for (const use of [sandbox.bytes(0, 1), sandbox.write("x"), sandbox.free(0, 1)])
        await rejects(() => use, "ERR_SHM_SANDBOX_CLOSED");
    }),
  );

  exchange("a guest without an allocator is told what is looked for", () =>
    withSandbox(kind, guest("hostile/exports"), {}, async (sandbox) => {
      await rejects(() => sandbox.write("x"), "ERR_SHM_GUEST_EXPORT", /no allocator .*malloc.*__new/);
      await rejects(() => sandbox.free(1), "ERR_SHM_GUEST_EXPORT", /free/);
    }),
  );

  if (!native) exchange.skip("windows", NO_HOST);
  else {
    exchange("an allocator that lies gets no byte written: past the memory, into a window, or beside one", () =>
      withIntactSegment((segment) =>
        withSandbox(kind, guest("hostile/blocks"), { windows: { input: { segment } } }, async (sandbox) => {
          const window = at(sandbox, "input");
          for (const [aim, expected] of [
            [0, "ERR_SHM_MEMORY_LIMIT"],
            [-1, "ERR_SHM_GUEST_MEMORY"],
            [window, "ERR_SHM_GUEST_MEMORY"],
            [window - 1, "ERR_SHM_GUEST_MEMORY"],
            [window + 3332, "ERR_SHM_GUEST_MEMORY"],
            [window + 4095, "ERR_SHM_GUEST_MEMORY"],
            [window + WASM_PAGE - 1, "ERR_SHM_GUEST_MEMORY"],
          ] as const) {
            await sandbox.call("aim", aim);
            await rejects(() => sandbox.write("ab"), expected);
          }
          await rejects(() => sandbox.write("ab", { pointer: window + 5 }), "ERR_OUT_OF_RANGE", /window "input"/);
          await sandbox.call("aim", window);
          await rejects(() => sandbox.write("ab", { allocator: "stores" }), "ERR_SHM_READ_ONLY");
          assert.equal(await sandbox.bytes(window, 3333), contents(segment).subarray(0, 3333)); // it may read what it was given
        }),
      ),
    );

    exchange("the memory that it uses is told without the windows, and what it may have", () =>
      withIntactSegment((segment) =>
        withSandbox(
          kind,
          guest("hostile/blocks"),
          { windows: { input: { segment } }, memoryLimit: 3 * WASM_PAGE },
          async (sandbox) => {
            assert.equal(sandbox.memory, { used: WASM_PAGE, allowed: 3 * WASM_PAGE });
            for (const pages of [2, 3, 3]) {
              await sandbox.write("x", { allocator: "grows" });
              assert.is(sandbox.memory.used, pages * WASM_PAGE);
            }
          },
        ),
      ),
    );
  }

  exchange(
    "the memory of a guest that defines it is told as the guest sees it, though its windows lie far behind",
    () =>
      withSandbox(kind, built({ initial: 2 }), { memoryLimit: 5 * WASM_PAGE }, async (sandbox) => {
        assert.equal(sandbox.memory, { used: 2 * WASM_PAGE, allowed: 5 * WASM_PAGE });
        for (const [more, before] of [
          [2, 2],
          [2, -1],
          [1, 4],
        ] as const)
          assert.is(await sandbox.call("more", more), before);
        assert.equal(sandbox.memory, { used: 5 * WASM_PAGE, allowed: 5 * WASM_PAGE });
        await rejects(() => sandbox.call("wasm-shm pages"), "ERR_SHM_GUEST_EXPORT", /does not export it/);
      }),
  );
  exchange.run();
}
