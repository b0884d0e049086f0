// prepareGuest: checked and changed once, for any number of sandboxes and pools. No other value passes as such a guest.
import * as assert from "uvu/assert";
import { createSandbox, createSandboxPool, type PreparedGuest, prepareGuest, type SandboxOptions } from "wasm-shm";
import { unsigned } from "#src/module/rewrite.js";
import { moduleOf, named } from "../module/modules.js";
import { suite } from "../suite.js";
import { confines, NO_LIMIT } from "../support/engine.js";
import { at, guest, kinds, NO_HOST, native, rejects, withSegments } from "./sandboxes.js";

/** A guest of so many functions, each of which adds its number; exports the last. */
function large(functions: number): Uint8Array<ArrayBuffer> {
  const numbers = Array.from({ length: functions }, (_, index) => index);
  return moduleOf(
    [1, 1, 0x60, 1, 0x7f, 1, 0x7f],
    [3, ...unsigned(functions), ...numbers.map(() => 0)],
    [5, 1, 0, 1],
    [7, 1, ...named("last"), 0, ...unsigned(functions - 1)],
    [10, ...unsigned(functions), ...numbers.flatMap((index) => [7, 0, 0x20, 0, 0x41, index & 63, 0x6a, 0x0b])],
  );
}

const start = (guestOf: PreparedGuest, kind: string, options: SandboxOptions = {}) =>
  createSandbox(guestOf, { ...(kind === "inline" ? {} : NO_LIMIT), ...options, isolation: kind as "process" });

for (const kind of kinds) {
  const prepared = suite(`A prepared guest [${kind}]`);

  prepared("has the options that it was prepared with, and each sandbox its own memory and fuel", async () => {
    const bytes = guest("hostile/callback");
    const given: SandboxOptions & { fuel?: number } = {
      isolation: kind,
      fuel: 100,
      imports: { host: { callback: (value: number) => value + 1 } },
    };
    const from = await prepareGuest(bytes, given);
    bytes.fill(0);
    given.fuel = 1;
    for (let round = 0; round < 3; round++) {
      const sandbox = await start(from, kind);
      assert.is(await sandbox.call("enter", 5), 6);
      assert.is(sandbox.fuel, 98);
      await sandbox.close();
    }
    const other = await start(from, kind, { fuel: 50, imports: { host: { callback: (value: number) => value - 1 } } });
    assert.is(await other.call("enter", 5), 4);
    assert.is(other.fuel, 48);
    await other.close();
    await rejects(() => start(from, kind, { imports: {} }), "ERR_SHM_GUEST_IMPORT", /host\.callback/);
    await rejects(() => start(from, kind, { moduleLimits: { functions: 1 } }), "ERR_SHM_GUEST_LIMIT");
    await rejects(() => start(from, kind, { moduleLimits: { bytes: 20 } }), "ERR_SHM_GUEST_LIMIT");
    await rejects(() => start(from, kind, { fule: 1 } as never), "ERR_INVALID_ARG_VALUE", /fuel/);
    await rejects(() => createSandbox(from, 5 as never), "ERR_INVALID_ARG_TYPE", /options/);
  });

  prepared("is refused as it is prepared", async () => {
    const options = { isolation: kind };
    await rejects(() => prepareGuest(guest("hostile/import-unknown"), options), "ERR_SHM_GUEST_IMPORT");
    await rejects(() => prepareGuest(guest("hostile/memory-none"), options), "ERR_SHM_GUEST_MEMORY");
    await rejects(() => prepareGuest(guest("hostile/memory-large"), options), "ERR_SHM_MEMORY_LIMIT");
    await rejects(() => prepareGuest(Uint8Array.of(1, 2, 3), options), "ERR_SHM_GUEST_INVALID");
    await rejects(() => prepareGuest("wasm" as never, options), "ERR_INVALID_ARG_TYPE");
    await rejects(() => prepareGuest(guest("hostile/exports"), { fuel: -1 }), "ERR_OUT_OF_RANGE");
    const from = await prepareGuest(guest("hostile/exports"), options);
    await rejects(() => prepareGuest(from as never, options), "ERR_INVALID_ARG_TYPE");
  });

  if (!native) prepared.skip("windows", NO_HOST);
  else
    prepared("takes windows of any segments and pages", () =>
      withSegments([3333, 200_000], async (small, big) => {
        const from = await prepareGuest(guest("hostile/loads"), { isolation: kind });
        for (const segment of [small, big, small]) {
          const sandbox = await start(from, kind, { windows: { window: { segment } } });
          const first = segment.attach({ access: "read-only" });
          assert.equal(await sandbox.bytes(at(sandbox as never, "window"), 3333), first.bytes.slice(0, 3333));
          first.detach();
          await sandbox.close();
        }
      }),
    );
  prepared.run();
}

const kept = suite("What is prepared");
kept("is compiled once for forty starts", async () => {
  const { compile } = WebAssembly;
  let count = 0;
  WebAssembly.compile = (bytes) => {
    count++;
    return compile(bytes);
  };
  try {
    const from = await prepareGuest(large(1000), { isolation: "inline", fuel: 100 });
    for (let round = 0; round < 40; round++) {
      const sandbox = await createSandbox(from, { isolation: "inline" });
      assert.is(sandbox.call("last", 1), 1 + (999 & 63));
      sandbox.close();
    }
  } finally {
    WebAssembly.compile = compile;
  }
  assert.is(count, 1);
});

kept("for a process is checked again before it may run in this one", async () => {
  // Tail calls, in which V8 ends no thread.
  const tail = moduleOf([1, 1, 0x60, 0, 0], [3, 1, 0], [5, 1, 0, 1], [10, 1, 4, 0, 0x12, 0, 0x0b]);
  const from = await prepareGuest(tail, confines ? {} : { ...NO_LIMIT, isolation: "thread" }).catch((error) => {
    if (confines) throw error;
  });
  if (from)
    for (const isolation of ["thread", "inline"] as const)
      await rejects(() => start(from, isolation), "ERR_SHM_GUEST_LIMIT", /tail calls/);
});

kept("cannot be made, copied, sent or changed", async () => {
  const from = await prepareGuest(guest("hostile/exports"), { isolation: "inline" });
  const Constructor = from.constructor as new (...values: unknown[]) => PreparedGuest;
  assert.equal(Reflect.ownKeys(from), []);
  assert.throws(() => new Constructor(Symbol("prepareGuest"), { bytes: new Uint8Array(8) }), /prepareGuest/);
  assert.throws(
    () => structuredClone(from),
    (error: Error) => error.name === "DataCloneError",
  );
  const forged = [
    Object.create(Constructor.prototype),
    Object.setPrototypeOf({ bytes: guest("hostile/exports"), read: new Map() }, from),
    new Proxy(from, {}),
    Reflect.construct(Object, [], Constructor),
    { ...from },
  ];
  for (const value of forged)
    await rejects(() => createSandbox(value, { isolation: "inline" }), "ERR_INVALID_ARG_TYPE", /wasm/);
});

if (!confines) kept.skip("starts pools", "this engine starts no process");
else
  kept("starts pools", async () => {
    const from = await prepareGuest(guest("hostile/exports"), { fuel: 20 });
    const pool = await createSandboxPool(from, { size: 1, fresh: true });
    for (let round = 0; round < 2; round++) assert.is(await pool.call("answer"), 42);
    await pool.close();
  });
kept.run();
