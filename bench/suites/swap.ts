// Attachment.swap16, swap32 and swap64 in place, against Buffer's, which are native code.
import { judgedAt, speed } from "../harness/goals.js";
import { named, type Rival, type Timer } from "../harness/group.js";
import { type PaceName, rangeSizes } from "../harness/pace.js";
import { expectBytes, fillPattern } from "../harness/proof.js";
import { coreOf, type Variant } from "../harness/window.js";
import { MEMCPY, memcpy, touched, withPlain } from "./memcpy.js";

const widths = [16, 32, 64] as const;

/** Byte by byte, so that no rival proves itself by its own method. */
function reversed(bytes: Uint8Array, width: number): Uint8Array {
  const result = new Uint8Array(bytes.length);
  for (let index = 0; index < bytes.length; index++)
    result[index] = bytes[index - (index % width) + (width - 1 - (index % width))] as number;
  return result;
}

export async function swap(variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  for (const size of rangeSizes(pace))
    await withPlain(variant, size, async (attachment, plain) => {
      const { bytes } = attachment;
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, size);
      const array = touched(size);
      // Written out: a function with the method as an argument would time the call of that argument.
      const swaps = {
        16: { buffer: () => buffer.swap16(), core: () => attachment.swap16() },
        32: { buffer: () => buffer.swap32(), core: () => attachment.swap32() },
        64: { buffer: () => buffer.swap64(), core: () => attachment.swap64() },
      };
      for (const bits of widths) {
        const original = touched(size);
        fillPattern(original);
        const expected = reversed(original, bits / 8);
        const rival = (name: string, work: () => unknown): Rival => {
          const run = (): number => {
            work();
            return bytes[0] as number;
          };
          return {
            name,
            operations: 1,
            run,
            prove() {
              bytes.set(original);
              run();
              expectBytes(bytes, expected, name);
              run(); // two swaps undo each other
              expectBytes(bytes, original, `${name}, twice`);
            },
          };
        };
        const native = `Buffer.swap${bits}`;
        await time({
          ...named(`swap${bits}`, size),
          bytes: size,
          rivals: [
            memcpy(plain, array),
            rival(native, swaps[bits].buffer),
            {
              ...rival(`swap${bits}, ${coreOf(variant)}`, swaps[bits].core),
              goals: judgedAt(size, variant, speed(0.8, MEMCPY, native)),
            },
          ],
        });
      }
    });
}
