// Cursor.readVarUintArray and writeVarUintArray, against a plain loop and the js core's. Both cores run in one thread
// here. They share the package's call sites, which costs one slower call for 64 Ki values.
import { judged, speed } from "../harness/goals.js";
import type { Rival, Timer } from "../harness/group.js";
import { expectBytes, expectEqual } from "../harness/proof.js";
import { congruential } from "../harness/random.js";
import { KiB, MiB } from "../harness/size.js";
import { coreOf, shmOf, type Variant, withAttachment } from "../harness/window.js";

const counts = { "64 Ki": 64 * KiB, "1 Mi": MiB } as const;

/** The most bits of a value, and the percentage of values up to there: 65 % take one byte, 25 % take two. */
const bitsOfHundred = [
  [7, 65],
  [14, 90],
  [21, 95],
  [28, 97],
  [35, 98],
  [49, 99],
  [53, 100],
] as const;

/** Values of those lengths; the same in every run. */
function randomValues(count: number): Float64Array {
  const random = congruential(1);
  return Float64Array.from({ length: count }, () => {
    const place = random() * 100;
    const [bits] = bitsOfHundred.find(([, below]) => place < below) ?? bitsOfHundred[0];
    return Math.floor((random() + random() / 2 ** 32) * 0.999 * 2 ** bits);
  });
}

/** LEB128 by BigInt: slow and obvious. */
function encode(values: Float64Array): Uint8Array {
  const bytes: number[] = [];
  for (const value of values) {
    let rest = BigInt(value);
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
  }
  return Uint8Array.from(bytes);
}

function decodeLoop(bytes: Uint8Array, count: number): Float64Array {
  const values = new Float64Array(count);
  let position = 0;
  for (let index = 0; index < count; index++) {
    let byte = bytes[position++] as number;
    let value = byte & 0x7f;
    for (let unit = 0x80; byte > 0x7f; unit *= 0x80) {
      byte = bytes[position++] as number;
      value += (byte & 0x7f) * unit;
    }
    values[index] = value;
  }
  return values;
}

function encodeLoop(values: Float64Array, bytes: Uint8Array): number {
  let position = 0;
  for (let index = 0; index < values.length; index++) {
    let rest = values[index] as number;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes[position++] = (rest & 0x7f) | 0x80;
    bytes[position++] = rest;
  }
  return position;
}

export async function varint(variant: Variant, time: Timer): Promise<void> {
  for (const [name, count] of Object.entries(counts)) {
    const values = randomValues(count);
    const encoded = encode(values);
    await withAttachment(variant, encoded.length, async (attachment, { id }) => {
      const { bytes } = attachment;
      const cursor = attachment.cursor();
      const js = coreOf("js");
      // The segment is destroyed and lives by its attachment; shmat(2) still takes the id.
      const second = shmOf("js").open(id).attach();
      try {
        const jsCursor = second.cursor();
        const reader = (by: string, read: () => Float64Array): Rival => ({
          name: by,
          operations: count,
          run: () => read()[count - 1] as number,
          prove() {
            bytes.set(encoded);
            expectBytes(new Uint8Array(read().buffer), new Uint8Array(values.buffer), by);
          },
        });
        const readJs = reader(`readVarUintArray, ${js}`, () => {
          jsCursor.seek(0);
          return jsCursor.readVarUintArray(count);
        });
        const readWasm = reader(`readVarUintArray, ${coreOf(variant)}`, () => {
          cursor.seek(0);
          return cursor.readVarUintArray(count);
        });
        await time({
          name: `readVarUintArray (${name} values)`,
          sampleMs: 2, // it must pay for the garbage that it makes
          rivals: [
            reader("loop over bytes", () => decodeLoop(bytes, count)),
            readJs,
            ...(variant === "js" ? [] : [{ ...readWasm, goals: judged(variant, speed(1.3, readJs.name)) }]),
          ],
        });
        const writer = (by: string, run: () => number): Rival => ({
          name: by,
          operations: count,
          run,
          prove() {
            bytes.fill(0);
            expectEqual(run(), encoded.length, `the bytes written by ${by}`);
            expectBytes(bytes, encoded, by);
          },
        });
        const writeJs = writer(`writeVarUintArray, ${js}`, () => {
          jsCursor.seek(0);
          return jsCursor.writeVarUintArray(values);
        });
        const writeWasm = writer(`writeVarUintArray, ${coreOf(variant)}`, () => {
          cursor.seek(0);
          return cursor.writeVarUintArray(values);
        });
        await time({
          name: `writeVarUintArray (${name} values)`,
          rivals: [
            writer("loop over values", () => encodeLoop(values, bytes)),
            writeJs,
            ...(variant === "js" ? [] : [writeWasm]),
          ],
        });
      } finally {
        second.detach();
      }
    });
  }
}
