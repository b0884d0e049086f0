// Cursor.readArray and readInto of big-endian numbers, against a plain loop over a DataView, and Node's fastest means.
import { judged, speed } from "../harness/goals.js";
import type { Rival, Timer } from "../harness/group.js";
import { expectBytes, expectEqual, fillPattern } from "../harness/proof.js";
import { coreOf, type Variant } from "../harness/window.js";
import { withPlain } from "./memcpy.js";

const LENGTH = 65536; // elements
const SIZE = 4 * LENGTH;
const GET = "DataView loop";
const FROM = "DataView, Uint32Array.from";
const SWAP = "slice, Buffer.swap32";

export async function array(variant: Variant, time: Timer): Promise<void> {
  await withPlain(variant, SIZE, async (attachment, plain) => {
    const { bytes } = attachment;
    fillPattern(bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, SIZE);
    const cursor = attachment.cursor();
    const core = coreOf(variant);
    const expected = bytes.slice();
    Buffer.from(expected.buffer).swap32();
    const kept = new Uint32Array(LENGTH);
    const rival = (name: string, read: () => Uint32Array): Rival => ({
      name,
      operations: 1,
      run: () => read()[LENGTH - 1] as number,
      prove() {
        kept.fill(0); // it holds what the last rival read
        expectBytes(new Uint8Array(read().buffer), expected, name);
      },
    });
    const empty = (): number => new Uint32Array(LENGTH).length;
    const EMPTY = "new Uint32Array alone";
    await time({
      name: "readArray of 64 Ki Uint32, big-endian",
      bytes: SIZE,
      sampleMs: 2, // about ten arrays: a sample must pay for the garbage that it makes
      rivals: [
        rival(GET, () => {
          const target = new Uint32Array(LENGTH);
          for (let index = 0; index < LENGTH; index++) target[index] = view.getUint32(4 * index, false);
          return target;
        }),
        rival(FROM, () => Uint32Array.from({ length: LENGTH }, (_, index) => view.getUint32(4 * index, false))),
        rival(SWAP, () => {
          const copy = plain.slice();
          Buffer.from(copy.buffer).swap32();
          return new Uint32Array(copy.buffer);
        }),
        { name: EMPTY, operations: 1, run: empty, prove: () => expectEqual(empty(), LENGTH, EMPTY) },
        {
          ...rival(`readArray, ${core}`, () => {
            cursor.seek(0);
            return cursor.readArray(Uint32Array, LENGTH, false);
          }),
          goals: judged(variant, speed(5, GET, FROM, SWAP)),
        },
      ],
    });
    const keptBytes = Buffer.from(kept.buffer);
    await time({
      name: "readInto 64 Ki Uint32, big-endian",
      bytes: SIZE,
      rivals: [
        rival(GET, () => {
          for (let index = 0; index < LENGTH; index++) kept[index] = view.getUint32(4 * index, false);
          return kept;
        }),
        rival("Uint8Array.set, Buffer.swap32", () => {
          keptBytes.set(plain);
          keptBytes.swap32();
          return kept;
        }),
        rival(`readInto, ${core}`, () => {
          cursor.seek(0);
          cursor.readInto(kept, false);
          return kept;
        }),
      ],
    });
  });
}
