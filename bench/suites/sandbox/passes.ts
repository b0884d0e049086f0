// A guest's passes over a segment in place, against the same guest with the bytes copied into its memory and back.
import { readFileSync } from "node:fs";
import { createSandbox, type Segment } from "wasm-shm";
import { type Goal, named, type Rival, type Timer } from "../../harness/group.js";
import { expectEqual, fillFloats, fillPattern } from "../../harness/proof.js";
import { root } from "../../harness/root.js";
import { KiB } from "../../harness/size.js";

const guestModule = readFileSync(`${root}examples/guests/assemblyscript/guest.wasm`);

const WASM_PAGE = 64 * KiB;

type Passes = Readonly<Record<"sumFloats" | "invert", (start: number, length: number) => number>>;

/** At least so many times the speed of the base. */
export const timesAsFast = (least: number): Goal => ({
  text: `at least ${least} times its speed`,
  figure: (ratio) => (1 / ratio).toFixed(2),
  met: (ratio) => 1 / ratio >= least,
});

/** The guest in a memory of its own, with room for `size` bytes behind its heap. */
function bareGuest(size: number): { passes: Passes; own: Uint8Array; start: number } {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(guestModule), { env: { memory } });
  const start = memory.grow(Math.ceil(size / WASM_PAGE)) * WASM_PAGE;
  return { passes: exports as unknown as Passes, own: new Uint8Array(memory.buffer, start, size), start };
}

export async function passes(segment: Segment, size: number, time: Timer): Promise<void> {
  const { bytes } = segment.attach({ memory: "plain" }); // V8 copies a shared one more slowly
  const sandbox = await createSandbox(guestModule, {
    windows: { data: { segment, access: "read-write" } },
    isolation: "inline",
  });
  const { byteOffset, byteLength } = sandbox.windows["data"] as { byteOffset: number; byteLength: number };
  const { passes: guest, own, start } = bareGuest(size);
  const sum = (name: string, run: () => number): Rival => ({
    name,
    operations: 1,
    run,
    prove() {
      const expected = fillFloats(bytes);
      expectEqual(run(), expected, name);
    },
  });
  await time({
    ...named("guest's sum", size),
    bytes: size,
    rivals: [
      sum("copied in", () => {
        own.set(bytes);
        return guest.sumFloats(start, size);
      }),
      {
        ...sum("in place", () => sandbox.call("sumFloats", byteOffset, byteLength) as number),
        goals: [timesAsFast(1.5)],
      },
    ],
  });
  const invert = (name: string, pass: () => void): Rival => {
    const run = (): number => {
      pass();
      return bytes[0] as number;
    };
    return {
      name,
      operations: 1,
      run,
      prove() {
        fillPattern(bytes);
        const was = bytes.map((byte) => ~byte);
        run();
        expectEqual(Buffer.compare(bytes, was), 0, name);
      },
    };
  };
  await time({
    ...named("guest's invert", size),
    bytes: size,
    rivals: [
      invert("copied in and out", () => {
        own.set(bytes);
        guest.invert(start, size);
        bytes.set(own);
      }),
      { ...invert("in place", () => sandbox.call("invert", byteOffset, byteLength)), goals: [timesAsFast(2.5)] },
    ],
  });
  sandbox.close();
}
