// Attachment.indexOf and lastIndexOf against Buffer's: memchr(3), memrchr(3) and Node's string search. The needle
// stands only at the far end of the window.
import { judgedAt, speed } from "../harness/goals.js";
import { named, type Rival, type Timer } from "../harness/group.js";
import { type PaceName, rangeSizes } from "../harness/pace.js";
import { expectEqual, fillPattern } from "../harness/proof.js";
import { coreOf, type Variant } from "../harness/window.js";
import { MEMCPY, memcpy, touched, withPlain } from "./memcpy.js";

const BYTE = 0xfe;
const NEEDLE = Uint8Array.of(0x6e, 0x65, 0x65, 0x64, 0x6c, 0x65, BYTE, 0x21);

export async function search(variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  for (const size of rangeSizes(pace))
    await withPlain(variant, size, async (attachment, plain) => {
      const { bytes } = attachment;
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, size);
      const array = touched(size);
      const core = coreOf(variant);
      /** The needle must be found at `place` once it is put there, and nowhere before. */
      const rival = (name: string, needle: Uint8Array, place: number, run: () => number): Rival => ({
        name,
        operations: 1,
        run,
        prove() {
          fillPattern(bytes);
          for (let index = 0; index < size; index++) bytes[index] = (bytes[index] as number) & 0x7f;
          expectEqual(run(), -1, `${name} of what is not there`);
          bytes.set(needle, place);
          expectEqual(run(), place, name);
        },
      });
      const byte = Uint8Array.of(BYTE);
      const end = size - 1;
      await time({
        ...named("indexOf a byte", size),
        bytes: size,
        rivals: [
          memcpy(plain, array),
          rival("Buffer.indexOf", byte, end, () => buffer.indexOf(BYTE)),
          {
            ...rival(`indexOf, ${core}`, byte, end, () => attachment.indexOf(BYTE)),
            goals: judgedAt(size, variant, speed(0.8, MEMCPY, "Buffer.indexOf")),
          },
        ],
      });
      await time({
        ...named("lastIndexOf a byte", size),
        bytes: size,
        rivals: [
          rival("Buffer.lastIndexOf", byte, 0, () => buffer.lastIndexOf(BYTE)),
          rival(`lastIndexOf, ${core}`, byte, 0, () => attachment.lastIndexOf(BYTE)),
        ],
      });
      const place = size - NEEDLE.length;
      await time({
        ...named(`indexOf ${NEEDLE.length} bytes`, size),
        bytes: size,
        rivals: [
          rival("Buffer.indexOf", NEEDLE, place, () => buffer.indexOf(NEEDLE)),
          rival(`indexOf, ${core}`, NEEDLE, place, () => attachment.indexOf(NEEDLE)),
        ],
      });
    });
}
