// Attachment.equals and compare, with an array and with another attachment, against Buffer's own: memcmp(3).
import type { Attachment } from "wasm-shm";
import { judgedAt, speed } from "../harness/goals.js";
import { type Group, named, type Rival, type Timer } from "../harness/group.js";
import { type PaceName, rangeSizes } from "../harness/pace.js";
import { expectEqual, fillPattern } from "../harness/proof.js";
import { coreOf, type Variant, withAttachment } from "../harness/window.js";
import { MEMCPY, memcpy, touched, withPlain } from "./memcpy.js";

interface Sides {
  readonly attachment: Attachment;
  /** What the attachment is compared with. */
  readonly other: Uint8Array | Attachment;
  /** The bytes of `other`. */
  readonly otherBytes: Uint8Array;
  readonly of: string;
  readonly copy: Rival;
  readonly variant: Variant;
}

function groups({ attachment, other, otherBytes, of, copy, variant }: Sides): Group[] {
  const { bytes } = attachment;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const last = bytes.length - 1;
  /** `run` must return 1 for equal bytes, and `differ` if the window's last byte is greater by one. */
  const rival = (name: string, differ: number, run: () => number): Rival => ({
    name,
    operations: 1,
    run,
    prove() {
      fillPattern(bytes);
      bytes[last] = 7;
      otherBytes.set(bytes);
      expectEqual(run(), 1, `${name} of equal bytes`);
      bytes[last] = 8;
      expectEqual(run(), differ, `${name} of other bytes`);
      bytes[last] = 7;
    },
  });
  return [
    {
      ...named(`equals ${of}`, bytes.length),
      bytes: bytes.length,
      rivals: [
        copy,
        rival("Buffer.equals", 0, () => (buffer.equals(otherBytes) ? 1 : 0)),
        {
          ...rival(`equals, ${coreOf(variant)}`, 0, () => (attachment.equals(other) ? 1 : 0)),
          goals: judgedAt(bytes.length, variant, speed(0.8, MEMCPY, "Buffer.equals")),
        },
      ],
    },
    {
      ...named(`compare ${of}`, bytes.length),
      bytes: bytes.length,
      rivals: [
        rival("Buffer.compare", 2, () => buffer.compare(otherBytes) + 1),
        rival(`compare, ${coreOf(variant)}`, 2, () => attachment.compare(other) + 1),
      ],
    },
  ];
}

export async function compare(variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  for (const size of rangeSizes(pace))
    await withPlain(variant, size, (attachment, plain) =>
      withAttachment(variant, size, async (second) => {
        const otherBytes = touched(size);
        const sides = { attachment, copy: memcpy(plain, touched(size)), variant };
        const withArray = groups({ ...sides, other: otherBytes, otherBytes, of: "an array" });
        const withSecond = groups({ ...sides, other: second, otherBytes: second.bytes, of: "an attachment" });
        for (const group of [...withArray, ...withSecond]) await time(group);
      }),
    );
}
