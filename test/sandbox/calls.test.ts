// Calls of a guest's exports with arguments of every kind, calls of imported functions from inside, and close.
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { createSandbox, type GuestResult, type SandboxOptions } from "wasm-shm";
import { suite } from "../suite.js";
import { runModule } from "../support/child.js";
import { isNode, NO_LIMIT_SOURCE } from "../support/engine.js";
import { code } from "../support/pairs.js";
import { apart, guest, intact, kinds, NO_HOST, native, open, rejects, withSandbox, withSegments } from "./sandboxes.js";

const exportsGuest = guest("hostile/exports");
const callback = guest("hostile/callback");
const hosting = (call: (...values: never[]) => unknown): SandboxOptions => ({ imports: { host: { callback: call } } });

for (const kind of kinds) {
  const calls = suite(`Sandbox.call [${kind}]`);
  if (!native) calls.skip("calls", NO_HOST);
  else {
    calls("gives results of every kind: numbers, bigints, none, several", () =>
      withSandbox(kind, exportsGuest, {}, async (sandbox) => {
        for (const value of [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]) assert.is(await sandbox.call("i32", value), value);
        assert.is(await sandbox.call("i32", 2 ** 32 + 5), 5); // as wasm's own calls do
        for (const value of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]) assert.is(await sandbox.call("i64", value), value);
        for (const value of [0.5, -0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324]) {
          assert.ok(Object.is(await sandbox.call("f64", value), value));
          assert.ok(Object.is(await sandbox.call("f32", value), Math.fround(value)));
        }
        assert.is(await sandbox.call("nothing"), undefined);
        assert.equal(await sandbox.call("several"), [1, 2n, 3]);
        assert.is(await sandbox.call("nullFunction"), null);
        assert.is(await sandbox.call("nullExtern"), null);
        assert.is(await sandbox.call("externref", 5), 5);
      }),
    );

    calls("a result that cannot leave the guest's thread is a typed error, and the sandbox can be called again", () =>
      withSandbox(kind, exportsGuest, {}, async (sandbox) => {
        const result = await sandbox.call("someFunction").catch((error: { code?: string }) => error.code);
        if (kind === "inline") assert.type(result, "function");
        else assert.is(result, "ERR_SHM_UNSUPPORTED");
        assert.is(await sandbox.call("answer"), 42);
      }),
    );

    calls("takes any name that is exported: then, constructor, __proto__, none, with spaces", () =>
      withSandbox(kind, exportsGuest, {}, async (sandbox) => {
        for (const name of ["then", "constructor", "toString", "__proto__", "", "two words", "naïve 💥"])
          assert.is(await sandbox.call(name), 42, name);
      }),
    );

    calls("of a name that is not an exported function is ERR_SHM_GUEST_EXPORT, which lists the functions", () =>
      withSandbox(kind, exportsGuest, {}, async (sandbox) => {
        for (const name of ["global", "mutableGlobal", "table", "memory", "tag"])
          await rejects(() => sandbox.call(name), "ERR_SHM_GUEST_EXPORT", new RegExp(`^${name}: .*not as a function`));
        for (const name of ["hasOwnProperty", "valueOf", "Answer", "answer ", "0"])
          await rejects(() => sandbox.call(name), "ERR_SHM_GUEST_EXPORT", /does not export it; .*several/);
        await withSandbox(kind, guest("hostile/traps"), {}, (other) =>
          rejects(() => other.call("constructor"), "ERR_SHM_GUEST_EXPORT", /constructor: the guest does not/),
        );
        assert.is(await sandbox.call("answer"), 42);
      }),
    );

    calls("takes only numbers and bigints, of the types that the guest declares", () =>
      withSandbox(kind, exportsGuest, {}, async (sandbox) => {
        let ran = 0;
        const tricky = { valueOf: () => ran++ };
        for (const value of ["1", null, undefined, true, {}, [], Symbol("s"), () => 1, tricky])
          await rejects(() => sandbox.call("i32", value as number), "ERR_INVALID_ARG_TYPE", /values\[0\]/);
        await rejects(() => sandbox.call("i32", 1, "2" as unknown as number), "ERR_INVALID_ARG_TYPE", /values\[1\]/);
        for (const name of [undefined, null, 1, {}, Symbol("s")])
          await rejects(() => sandbox.call(name as string), "ERR_INVALID_ARG_TYPE", /name/);
        await rejects(() => sandbox.call("i32", 1n), "ERR_INVALID_ARG_TYPE", /^i32: /);
        await rejects(() => sandbox.call("i64", 1), "ERR_INVALID_ARG_TYPE", /^i64: /);
        await rejects(() => sandbox.call("i64"), "ERR_INVALID_ARG_TYPE", /^i64: /);
        for (const name of ["v128Parameter", "v128Result"])
          await rejects(() => sandbox.call(name, 1), "ERR_INVALID_ARG_TYPE", new RegExp(`^${name}: `));
        assert.is(await sandbox.call("i32", 1, 2, 3), 1); // as in JavaScript, superfluous arguments are ignored
        assert.is(await sandbox.call("i32"), 0);
        assert.is(ran, 0);
      }),
    );

    calls("an imported function gets the guest's values, and its result is converted as wasm does", () => {
      const seen: unknown[][] = [];
      const results: [unknown, number][] = [
        [7, 7],
        [-1, -1],
        ["12", 12],
        [undefined, 0],
        [null, 0],
        [true, 1],
        [1.9, 1],
        [Number.NaN, 0],
        [2 ** 40 + 3, 3],
        [{ a: 1 }, 0],
        [[5], 5],
      ];
      let next = 0;
      const options = hosting((...values: unknown[]) => {
        seen.push(values);
        return results[next]?.[0];
      });
      return withSandbox(kind, callback, options, async (sandbox) => {
        for (const [, expected] of results) {
          assert.is(await sandbox.call("enter", next - 5), expected, String(results[next]?.[0]));
          next++;
        }
        assert.equal(
          seen,
          results.map((_, index) => [index - 5]),
        );
      });
    });

    calls("what an imported function throws is thrown unchanged, and the sandbox can be called again", () => {
      const thrown = [
        new Error("mine"),
        new RangeError("too"),
        "a string",
        5,
        null,
        undefined,
        { code: "MINE" },
        Symbol("s"),
      ];
      let next = 0;
      return withSandbox(
        kind,
        callback,
        hosting(() => {
          if (next < thrown.length) throw thrown[next];
          return 42;
        }),
        async (sandbox) => {
          for (; next < thrown.length; next++) {
            const caught = await sandbox.call("enter", 1).then(
              () => assert.unreachable(),
              (error: unknown) => error,
            );
            assert.is(caught, thrown[next]);
          }
          assert.is(await sandbox.call("enter", 1), 42);
        },
      );
    });

    calls("after close is ERR_SHM_SANDBOX_CLOSED; close detaches, and may be called twice", () =>
      withSegments([3333], (segment) =>
        intact([segment], async () => {
          const sandbox = await open(kind, exportsGuest, { windows: { window: { segment } } });
          assert.is(segment.stat().nattch, 1);
          await sandbox.close();
          assert.is(segment.stat().nattch, 0);
          await rejects(() => sandbox.call("answer"), "ERR_SHM_SANDBOX_CLOSED");
          await sandbox.close();
        }),
      ),
    );
  }
  calls.run();
}

for (const kind of native ? apart : []) {
  const separate = suite(`Calls of a sandbox of its own [${kind}]`);

  separate("wait for one another, and return in order", () => {
    const order: number[] = [];
    return withSandbox(kind, exportsGuest, {}, async (sandbox) => {
      const results = Array.from({ length: 200 }, (_, index) =>
        sandbox.call("i32", index).then((result) => order.push(result as number)),
      );
      await Promise.all(results);
      assert.equal(
        order,
        Array.from({ length: 200 }, (_, index) => index),
      );
    });
  });

  separate("one that fails does not keep the next from running", () =>
    withSandbox(kind, guest("hostile/traps"), {}, async (sandbox) => {
      const settled = await Promise.allSettled([
        sandbox.call("unreachable"),
        sandbox.call("answer"),
        sandbox.call("nothing"),
        sandbox.call("answer"),
      ]);
      assert.equal(
        settled.map((one) => (one.status === "fulfilled" ? one.value : (one.reason as { code: string }).code)),
        ["ERR_SHM_GUEST_TRAP", 42, "ERR_SHM_GUEST_EXPORT", 42],
      );
    }),
  );

  separate("an imported function may be async, and may reject", () => {
    const error = new Error("later");
    const options = hosting(async (value: number) => {
      await sleep(5);
      if (value < 0) throw error;
      return value * 2;
    });
    return withSandbox(kind, callback, options, async (sandbox) => {
      assert.is(await sandbox.call("enter", 21), 42);
      const caught = await sandbox.call("enter", -1).catch((reason: unknown) => reason);
      assert.is(caught, error);
      const answers = await Promise.all([1, 2, 3].map((value) => sandbox.call("enter", value)));
      assert.equal(answers, [2, 4, 6]);
    });
  });

  separate("an imported function may call the guest, which may call it again, and catch its traps", async () => {
    const options = hosting(async (value: number) => {
      if (value > 0) return ((await sandbox.call("enter", value - 1)) as number) + 1;
      return sandbox.call("trap", 1).then(
        () => 0,
        (error: { code: string }) => (error.code === "ERR_SHM_GUEST_TRAP" ? 1000 : 0),
      );
    });
    const sandbox = await open(kind, callback, options);
    assert.is(await sandbox.call("enter", 20), 1020);
    await sandbox.close();
  });

  separate("imported functions may end in another order than they began", async () => {
    const inner: Promise<GuestResult>[] = [];
    const sandbox = await open(
      kind,
      callback,
      hosting(async (value: number) => {
        if (value === 7)
          inner.push(sandbox.call("enter", 1), sandbox.call("enter", 2)); // not awaited
        else await sleep(value === 1 ? 60 : 20);
        return value * 10;
      }),
    );
    assert.is(await sandbox.call("enter", 7), 70);
    assert.equal(await Promise.all(inner), [10, 20]);
    assert.is(await sandbox.call("enter", 3), 30);
    await sandbox.close();
  });

  separate("a result that cannot cross to the guest's thread fails the call, which does not hang", () => {
    const options = { ...hosting(() => () => 1), ...(isNode && { timeLimitMs: 5000 }) };
    return withSandbox(kind, callback, options, async (sandbox) => {
      await rejects(() => sandbox.call("enter", 1), "ERR_SHM_UNSUPPORTED", /host\.callback/);
    });
  });

  separate("close during a call is ERR_SHM_SANDBOX_CLOSED for it and for those that wait", () =>
    withSegments([3333], (segment) =>
      intact([segment], async () => {
        const sandbox = await open(kind, guest("hostile/loop"), { windows: { window: { segment } } });
        const running = [sandbox.call("loop"), sandbox.call("loop"), sandbox.call("nothing")].map((call) =>
          call.catch((error: { code: string }) => error.code),
        );
        await sleep(20);
        await sandbox.close();
        assert.equal(await Promise.all(running), Array(3).fill("ERR_SHM_SANDBOX_CLOSED"));
        assert.is(segment.stat().nattch, 0);
      }),
    ),
  );

  separate("Symbol.asyncDispose closes; an inline one has Symbol.dispose too", () =>
    withSegments([3333], async (segment) => {
      const windows = { window: { segment } };
      const sandbox = await open(kind, exportsGuest, { windows });
      await (sandbox as unknown as AsyncDisposable)[Symbol.asyncDispose]();
      assert.is(segment.stat().nattch, 0);
      for (const dispose of [Symbol.dispose, Symbol.asyncDispose] as const) {
        const inline = await createSandbox(exportsGuest, { windows, isolation: "inline" });
        assert.is(inline.call("several")?.constructor, Array); // not a promise
        await inline[dispose]();
        assert.is(segment.stat().nattch, 0);
        assert.throws(() => inline.call("answer"), code("ERR_SHM_SANDBOX_CLOSED"));
      }
    }),
  );

  separate("a sandbox that is never closed does not keep the process alive, neither idle nor after calls", () => {
    for (const use of ["", 'await sandbox.call("i32", 1);', 'await sandbox.call("none").catch(() => 0);']) {
      const ended = runModule(
        `import { createSandbox, create } from "wasm-shm";
        import { readFileSync } from "node:fs";
        const segment = create(10);
        const windows = { window: { segment } };
        const sandbox = await createSandbox(readFileSync("test/fixtures/hostile/exports.wasm"), { ${NO_LIMIT_SOURCE}isolation: "${kind}", windows });
        segment.destroy();
        ${use}
        console.log("last line");`,
        [],
        { timeout: 20_000 },
      );
      assert.is(ended.stdout, "last line\n", `${use} ${ended.signal} ${ended.stderr}`);
      assert.is(ended.code, 0);
    }
  });

  separate("a process that waits for a call lives until the result comes", () => {
    const ended = runModule(
      `import { createSandbox } from "wasm-shm";
      import { readFileSync } from "node:fs";
      const wasm = readFileSync("test/fixtures/hostile/callback.wasm");
      const callback = () => new Promise((resolve) => setTimeout(resolve, 200, 42).unref());
      const sandbox = await createSandbox(wasm, { ${NO_LIMIT_SOURCE}isolation: "${kind}", imports: { host: { callback } } });
      console.log(await sandbox.call("enter", 1));`,
      [],
      { timeout: 20_000 },
    );
    assert.is(ended.stdout, "42\n", `${ended.code} ${ended.stderr}`);
  });
  separate.run();
}
