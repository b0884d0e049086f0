// The types of a sandbox: names of windows and exports are checked, and results need no cast. tsc checks the marked lines.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { create, createSandbox, type InlineSandbox, type Sandbox } from "wasm-shm";
import { suite } from "../suite.js";
import { root } from "../support/child.js";
import { code, nativePairs } from "../support/pairs.js";
import { NO_HOST } from "./sandboxes.js";

interface Exports {
  sum(at: number, end: number): number;
  invert(at: number, end: number): void;
  wide(value: bigint): bigint;
}

const types = suite("The types of a sandbox");

/** Never runs: what must not compile. */
async function wrong(sandbox: Sandbox<"input" | "output", Exports>, any: Sandbox): Promise<void> {
  const sum: number = await sandbox.call("sum", 1, 2);
  const wide: bigint = await sandbox.call("wide", 1n);
  const start: number = sandbox.windows.input.byteOffset + sandbox.windows.output.byteLength;
  // @ts-expect-error: no window has the name
  sandbox.windows.inptu;
  // @ts-expect-error: no export has the name
  await sandbox.call("smu", 1, 2);
  // @ts-expect-error: it takes two
  await sandbox.call("sum", 1);
  // @ts-expect-error: it takes numbers
  await sandbox.call("sum", 1n, 2n);
  // @ts-expect-error: nor does callSync take it
  sandbox.callSync("smu", 1, 2);
  // @ts-expect-error: its result is a number
  const text: string = await sandbox.call("sum", 1, 2);
  await any.call("anything", 1, 2n); // without types, any name
  assert.ok([sum, wide, start, text]);
}

types("are checked by the compiler", () => assert.type(wrong, "function"));

const named = "windows have the names that the options gave them, and exports those of the type that it is given";
if (nativePairs.length === 0) types.skip(named, NO_HOST);
else
  types(named, async () => {
    const segment = create(4096);
    try {
      const guest = readFileSync(`${root}test/fixtures/hostile/loads.wasm`);
      const windows = { input: { segment }, other: { segment } };
      const plain = await createSandbox(guest, { windows, isolation: "inline" });
      // @ts-expect-error: no window has the name
      assert.is(plain.windows.typo, undefined);
      assert.ok(plain.windows.other.byteOffset > 0);
      plain.close();
      const typed: InlineSandbox<"input" | "other", Exports> = await createSandbox(guest, {
        windows,
        isolation: "inline",
      });
      // @ts-expect-error: no export has the name
      assert.throws(() => typed.call("nme"), code("ERR_SHM_GUEST_EXPORT"));
      typed.close();
    } finally {
      segment[Symbol.dispose]();
    }
  });
types.run();
