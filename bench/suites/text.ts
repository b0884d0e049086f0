// Cursor.readString and writeString, against Node's decoders and encoders.
import { type Group, named, type Rival, type Timer } from "../harness/group.js";
import { expectBytes, expectEqual } from "../harness/proof.js";
import { KiB } from "../harness/size.js";
import { coreOf, type Variant, withAttachment } from "../harness/window.js";

const sizes = [16, 64 * KiB] as const; // a name; a document

const texts = { ASCII: "The quick fox. ", "mixed text": "Ξεσκεπάζω いろは 🦊 fox. " } as const;

/** As many whole characters as fit, padded with spaces. */
function textOf(text: string, size: number): string {
  let result = "";
  let rest = size;
  for (const character of text.repeat(size)) {
    rest -= Buffer.byteLength(character);
    if (rest < 0) return result.padEnd(result.length + rest + Buffer.byteLength(character));
    result += character;
  }
  return result;
}

export async function text(variant: Variant, time: Timer): Promise<void> {
  for (const size of sizes)
    await withAttachment(variant, size, async (attachment) => {
      const { bytes } = attachment;
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, size);
      const cursor = attachment.cursor();
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      const encoder = new TextEncoder();
      const core = coreOf(variant);
      for (const [kind, sample] of Object.entries(texts)) {
        const value = textOf(sample, size);
        const encoded = encoder.encode(value);
        const reader = (name: string, read: () => string): Rival => ({
          name,
          operations: 1,
          // An engine may join the parts of a string only when a character is read.
          run: () => read().charCodeAt(value.length - 1),
          prove() {
            bytes.set(encoded);
            expectEqual(read(), value, `${kind} by ${name}`);
          },
        });
        const writer = (name: string, run: () => number): Rival => ({
          name,
          operations: 1,
          run,
          prove() {
            bytes.fill(0);
            expectEqual(run(), size, `the bytes written by ${name}`);
            expectBytes(bytes, encoded, name);
          },
        });
        const groups: Group[] = [
          {
            ...named(`readString, ${kind}`, size),
            bytes: size,
            rivals: [
              reader("TextDecoder.decode", () => decoder.decode(bytes)),
              reader("Buffer.toString", () => buffer.toString("utf8")),
              reader(`readString, ${core}`, () => {
                cursor.seek(0);
                return cursor.readString(size);
              }),
            ],
          },
          {
            ...named(`writeString, ${kind}`, size),
            bytes: size,
            rivals: [
              writer("TextEncoder.encodeInto", () => encoder.encodeInto(value, bytes).written),
              writer("Buffer.write", () => buffer.write(value, "utf8")),
              writer(`writeString, ${core}`, () => {
                cursor.seek(0);
                return cursor.writeString(value);
              }),
            ],
          },
        ];
        for (const group of groups) await time(group);
      }
    });
}
