// Attachment.isUtf8 in place, against Node's isUtf8 (simdutf, native code) and a plain loop.
import { isUtf8 } from "node:buffer";
import { judgedAt, speed } from "../harness/goals.js";
import { named, type Rival, type Timer } from "../harness/group.js";
import { type PaceName, rangeSizes } from "../harness/pace.js";
import { expectEqual } from "../harness/proof.js";
import { coreOf, type Variant, withAttachment } from "../harness/window.js";

const texts = {
  ASCII: "The quick brown fox jumps over the lazy dog. ",
  "mixed text":
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. いろはにほへと ちりぬるを わかよたれそ つねならむ 🦊🐕🚀 The quick brown fox. ",
} as const;

/** The text again and again, cut between two characters. The rest are spaces. */
function fillText(bytes: Uint8Array, text: string): void {
  const one = new TextEncoder().encode(text);
  bytes.fill(0x20);
  for (let start = 0; start + one.length <= bytes.length; start += one.length) bytes.set(one, start);
}

/** Table 3-7 of the Unicode standard, one character for each iteration. */
function loop(bytes: Uint8Array): boolean {
  const { length } = bytes;
  for (let index = 0; index < length; ) {
    const lead = bytes[index++] as number;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    let more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (more > length - index) return false;
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    const second = bytes[index++] as number;
    if (second < low || second > high) return false;
    while (--more > 0) if (((bytes[index++] as number) & 0xc0) !== 0x80) return false;
  }
  return true;
}

export async function utf8(variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  for (const size of rangeSizes(pace))
    await withAttachment(variant, size, async (attachment) => {
      const { bytes } = attachment;
      for (const [kind, text] of Object.entries(texts)) {
        /** Must accept valid text, and refuse it with a character cut at its end. */
        const rival = (name: string, answer: () => boolean): Rival => ({
          name,
          operations: 1,
          run: () => (answer() ? 1 : 0),
          prove() {
            fillText(bytes, text);
            expectEqual(answer(), true, `${name} of ${kind}`);
            bytes[size - 1] = 0xe3;
            expectEqual(answer(), false, `${name} of ${kind}, cut`);
            bytes[size - 1] = 0x20;
          },
        });
        const native = "node:buffer isUtf8";
        await time({
          ...named(`isUtf8, ${kind}`, size),
          bytes: size,
          rivals: [
            rival("loop", () => loop(bytes)),
            rival(native, () => isUtf8(bytes)),
            {
              ...rival(`isUtf8, ${coreOf(variant)}`, () => attachment.isUtf8()),
              goals: judgedAt(size, variant, speed(4, "loop"), speed(0.5, native)),
            },
          ],
        });
      }
    });
}
