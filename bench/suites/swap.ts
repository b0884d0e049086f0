// Attachment.swap16, swap32 and swap64 in place, against Buffer's own, which Node does in native code.

import { judgedAt, speed } from "../harness/goals.js";
import { named, type Rival, type Timer } from "../harness/harness.js";
import { coreOf, expectBytes, fillPattern, type Variant, withAttachment } from "../harness/window.js";
import { MEMCPY, memcpy, touched } from "./memory.js";

const widths = [16, 32, 64] as const;

/** Byte by byte, so that no rival's own method vouches for it. */
function reversed(bytes: Uint8Array, width: number): Uint8Array {
  const result = new Uint8Array(bytes.length);
  for (let index = 0; index < bytes.length; index++)
    result[index] = bytes[index - (index % width) + (width - 1 - (index % width))] as number;
  return result;
}

export async function swap(variant: Variant, time: Timer, sizes: readonly number[]): Promise<void> {
  for (const size of sizes)
    await withAttachment(variant, size, async (attachment) => {
      const { bytes } = attachment;
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, size);
      const array = touched(size);
      // Written out: one function that took the method as an argument would be timing that argument's call.
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
              run(); // twice is not at all
              expectBytes(bytes, original, `${name}, twice`);
            },
          };
        };
        const native = `Buffer.swap${bits}`;
        await time({
          ...named(`swap${bits}`, size),
          bytes: size,
          rivals: [
            memcpy(bytes, array),
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
