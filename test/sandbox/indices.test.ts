// Invalid modules that would be valid with the function, the global and the type that are added to a guest: they are refused.
import * as assert from "uvu/assert";
import { moduleOf, named } from "../module/modules.js";
import { suite } from "../suite.js";
import { kinds, open, rejects, withSandbox } from "./sandboxes.js";

interface Parts {
  /** Of its only function, of type 0: () -> (). Type 1 is (i32) -> (). It has one global, and 2 types. */
  readonly code?: number[];
  readonly locals?: number[];
  readonly type?: number;
  readonly imported?: number[];
  readonly globalType?: number[];
  readonly exported?: number[];
  readonly start?: number;
  readonly element?: number[];
}

function build(parts: Parts): Uint8Array<ArrayBuffer> {
  const { code = [], locals = [0], type = 0, imported, globalType, exported, start, element } = parts;
  // It asks for its memory's size, and for more: both are changed.
  const body = [...locals, 0x3f, 0, 0x1a, 0x41, 0, 0x40, 0, 0x1a, ...code, 0x0b];
  return moduleOf(
    [1, 2, 0x60, 0, 0, 0x60, 1, 0x7f, 0],
    ...(imported ? [[2, 1, ...named("env"), ...named("f"), ...imported] as const] : []),
    [3, 1, type],
    [4, 1, 0x70, 0, 2],
    [5, 1, 0, 1],
    [6, 1, ...(globalType ? [...globalType, 1, 0xd0, globalType.at(-1) as number, 0x0b] : [0x7f, 1, 0x41, 0, 0x0b])],
    [7, exported ? 2 : 1, ...named("run"), 0, imported ? 1 : 0, ...(exported ? [...named("x"), ...exported] : [])],
    ...(start === undefined ? [] : [[8, start] as const]),
    ...(element ? [[9, 1, 0, 0x41, 0, 0x0b, ...element] as const] : []),
    [10, 1, body.length, ...body],
  );
}

const zero = [0x41, 0];
const cases: Record<string, Parts> = {
  "global.set": { code: [...zero, 0x24, 1] },
  "global.set of an i64": { code: [0x42, 0, 0x24, 1] },
  "global.get": { code: [0x23, 1, 0x1a] },
  call: { code: [...zero, 0x10, 1, 0x1a] },
  "call with two values": { code: [...zero, ...zero, 0x10, 1, 0x1a] },
  "a function that calls itself by ref.func": { code: [0xd2, 1, 0x1a], exported: [0, 1] },
  "an exported function": { exported: [0, 1] },
  "an exported global": { exported: [3, 1] },
  "an element": { element: [1, 1] },
  "a block's type": { code: [...zero, 0x02, 2, 0x0b, 0x1a] },
  "a block's type of two values": { code: [...zero, ...zero, 0x02, 2, 0x1a, 0x0b, 0x1a] },
  call_indirect: { code: [...zero, ...zero, 0x11, 2, 0, 0x1a] },
  "call_indirect with two values": { code: [...zero, ...zero, ...zero, 0x11, 2, 0, 0x1a] },
  "a function's type": { type: 2, code: zero },
  "an import's type": { imported: [0, 2] },
  "a local's type": { locals: [1, 1, 0x63, 2] },
  "a global's type": { globalType: [0x63, 2] },
  "a null's type": { code: [0xd0, 2, 0x1a] },
  "a start function": { start: 1 },
  "a start function that takes a value": { type: 1, start: 0 },
};

for (const kind of kinds) {
  const indices = suite(`Indices that a guest lacks [${kind}]`);
  indices("the rest of these modules is valid", () =>
    withSandbox(kind, build({ exported: [0, 0], start: 0, element: [1, 0] }), {}, async (sandbox) => {
      assert.is(await sandbox.call("run"), undefined);
    }),
  );
  for (const [what, parts] of Object.entries(cases))
    indices(`${what}: ERR_SHM_GUEST_INVALID, with fuel and without`, async () => {
      const wasm = build(parts);
      assert.not(WebAssembly.validate(wasm));
      for (const options of [{}, { fuel: 1000 }, { allocator: "run" }])
        await rejects(() => open(kind, wasm, { imports: "trap", ...options }), "ERR_SHM_GUEST_INVALID");
    });
  indices.run();
}
