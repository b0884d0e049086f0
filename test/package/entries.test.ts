// The two entry points: one program compiles against either, as both have the same names with the same types.
import * as assert from "uvu/assert";
import * as node from "wasm-shm";
import * as portable from "wasm-shm/portable";
import { suite } from "../suite.js";
import { code } from "../support/pairs.js";

// tsc checks these: no name is absent, and none has another type.
const asNode: typeof node = portable;
const asPortable: typeof portable = node;

const entries = suite("wasm-shm and wasm-shm/portable");
entries("have the same names", () => {
  assert.equal(Object.keys(asNode).sort(), Object.keys(asPortable).sort());
});

entries("refuse at the portable one what needs Node", async () => {
  const guest = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
  for (const use of [
    async () => portable.sysvHost(),
    () => portable.createSandbox(guest),
    () => portable.createSandbox(guest, { isolation: "inline" }),
    () => portable.createSandboxPool(guest),
    () => portable.prepareGuest(guest),
    () => portable.createPool("file:///nothing.mjs"),
    async () => portable.servePool(() => undefined),
  ]) {
    const error = await use().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    code("ERR_SHM_UNSUPPORTED", /this is wasm-shm\/portable/)(error);
  }
});
entries.run();
