// Guests as compilers make them: with a memory of their own, under other names, with imported tables, globals and tags. Each runs
// over a window in every isolation, and no allocator of its gets a block in a window.
import * as assert from "uvu/assert";
import type { Isolation, SandboxOptions } from "wasm-shm";
import { type Built, built } from "../module/built.js";
import { suite } from "../suite.js";
import { type AnySandbox, at, guest, kinds, NO_HOST, native, rejects, withSandbox, withSegments } from "./sandboxes.js";

const PAGE = 65_536;
const SIZE = 100_000;

const memories: Record<string, Built> = {
  "a memory of its own": {},
  "one that may not grow": { maximum: 1 },
  "one of two pages, as hash-wasm's": { initial: 2, maximum: 2, data: [[PAGE, 100]] },
  "one with static data and a stack": {
    initial: 2,
    data: [[1024, 100]],
    globals: { __stack_pointer: 70_000 - (70_000 % 16) },
  },
  "an import that may not grow": { imports: "plain", maximum: 1 },
};

/** A window of ones and a sandbox; the segment is as it was afterwards, unless `use` stores there. */
async function over(
  kind: Isolation,
  wasm: Uint8Array<ArrayBuffer>,
  options: SandboxOptions,
  use: (sandbox: AnySandbox, where: number) => Promise<void>,
): Promise<void> {
  await withSegments([SIZE], async (segment) => {
    segment.attach().fill(9);
    const windows = { window: { segment, access: "read-write" } } as const;
    await withSandbox(kind, wasm, { windows, ...options }, (sandbox) => use(sandbox, at(sandbox, "window")));
    assert.is(segment.attach().sum(Uint8Array), 9 * SIZE);
  });
}

for (const kind of kinds) {
  const compiled = suite(`Guests of compilers [${kind}]`);
  if (!native) {
    compiled.skip("run over a window", NO_HOST);
    compiled.run();
    continue;
  }

  for (const [name, wanted] of Object.entries(memories))
    compiled(`${name}: sees the window, and its heap ends before it`, () =>
      over(kind, built(wanted), { memoryLimit: 10 * PAGE }, async (sandbox, where) => {
        const { initial = 1, maximum = 10 } = wanted;
        assert.is(await sandbox.call("get", where), 9);
        assert.is(await sandbox.call("get", where + SIZE - 1), 9);
        assert.is(await sandbox.call("pages"), initial);
        assert.is(await sandbox.call("more", maximum - initial), initial);
        assert.is(await sandbox.call("more", 1), -1);
        const end = ((await sandbox.call("pages")) as number) * PAGE;
        assert.ok(end <= where, `its memory ends at ${end}, and the window begins at ${where}`);
        await sandbox.call("put", end - 1, 7);
        assert.is(await sandbox.call("get", end - 1), 7);
        await rejects(() => sandbox.call("get", where + SIZE + PAGE), "ERR_SHM_GUEST_TRAP");
      }),
    );

  for (const name of ["memory-own", "memory-own-exported", "memory-small", "import-module", "import-global"])
    compiled(`${name} runs`, () =>
      over(kind, guest(`hostile/${name}`), {}, async (sandbox) => {
        assert.is(await sandbox.call("answer"), 42);
      }),
    );

  compiled("a shared library, whose places are its linker's to choose, is refused", () =>
    rejects(
      () => withSandbox(kind, guest("hostile/import-stack"), {}, async () => {}),
      "ERR_SHM_GUEST_IMPORT",
      /it imports env\.__stack_pointer, .* link it as a program/,
    ).then(() => {}),
  );

  compiled("an imported table is made as declared", () =>
    over(kind, guest("hostile/table-imported"), {}, async (sandbox) => {
      assert.is(await sandbox.call("growTable", 5), 1);
      assert.is(await sandbox.call("growTable", 5), 6);
    }),
  );

  compiled('imports: "trap" makes each missing function one that says its name', () =>
    over(kind, guest("hostile/callback"), { imports: "trap" }, async (sandbox) => {
      await rejects(() => sandbox.call("enter", 1), "ERR_SHM_GUEST_TRAP", /host\.callback, which nobody gave it/);
    }),
  );

  for (const [name, host, imports] of [
    ["heap-host", "that nobody gives", {}],
    ["heap-host", "that lies", { env: { emscripten_resize_heap: () => 1 } }],
    ["heap-letter", "that lies", { a: { b: () => 1 } }],
    ["heap-letter", "that traps", "trap"],
  ] as const)
    compiled(`${name}: a heap that is to be grown by an import ${host} ends before the window`, () =>
      over(kind, guest(`hostile/${name}`), { imports, memoryLimit: 10 * PAGE }, async (sandbox, where) => {
        for (const byte of [7, 8]) assert.is(await sandbox.call("fill", byte), 10 * PAGE);
        assert.is(await sandbox.call("pages"), 10);
        assert.ok(where >= 10 * PAGE);
      }),
    );

  compiled("a host that is asked for a size that is there is asked, and for more it is not", () =>
    over(
      kind,
      guest("hostile/heap-host"),
      { imports: { env: { emscripten_resize_heap: () => 5 } } },
      async (sandbox) => {
        assert.equal([await sandbox.call("ask", 100), await sandbox.call("ask", 3 * PAGE - 1)], [5, 1]);
        assert.is(await sandbox.call("pages"), 3);
        assert.equal([await sandbox.call("ask", -1), await sandbox.call("ask", 2 ** 28 + 1)], [0, 0]);
        assert.is(await sandbox.call("pages"), 3);
      },
    ),
  );

  compiled("a heap that its host is to grow does so beside the block of a window, too", () =>
    withSegments([SIZE], async (segment) => {
      const options = { imports: "trap" as const, windows: { window: { segment } } };
      await rejects(
        () => withSandbox(kind, guest("hostile/heap-several"), options, async () => {}),
        "ERR_SHM_GUEST_MEMORY",
        /which of the imports a\.b, a\.c grows the guest's heap cannot be known; options\.allocator/,
      );
      await withSandbox(kind, guest("hostile/heap-several"), { ...options, allocator: "malloc" }, async (sandbox) => {
        assert.is(at(sandbox, "window") % PAGE, 0);
      });
    }),
  );

  compiled("several windows lie one behind the other, an empty page before each, and another access is kept", () =>
    withSegments([SIZE, 4096], async (first, second) => {
      first.attach().fill(9);
      const windows = { first: { segment: first }, second: { segment: second, access: "read-write" } } as const;
      await withSandbox(kind, built(), { windows }, async (sandbox) => {
        assert.is(at(sandbox, "second"), at(sandbox, "first") + 3 * PAGE);
        await sandbox.call("put", at(sandbox, "second"), 5);
        await rejects(() => sandbox.call("put", at(sandbox, "first"), 5), "ERR_SHM_READ_ONLY");
      });
      assert.is(second.attach().bytes[0], 5);
      assert.is(first.attach().bytes[0], 9);
    }),
  );

  compiled.run();
}
