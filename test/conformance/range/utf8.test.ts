import { isUtf8 as oracle } from "node:buffer";
import * as assert from "uvu/assert";
import { invalidUtf8 } from "../../model/naive.js";
import { suite } from "../../suite.js";
import { code, enginePairs, randomBytes } from "../../support/pairs.js";
import { invalidSequences, moreInvalid, nearlyUtf8 } from "../../support/sequences.js";

const SIZE = 3333;
const invalid = [...invalidSequences, ...moreInvalid];
const strict = new TextDecoder("utf-8", { fatal: true });

function decodes(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

const texts = [
  "",
  "a",
  "\0",
  "\ufeff",
  "Grüße",
  "日本語",
  "\u{1f600}",
  "\u{10ffff}",
  "\u{10000}",
  "\ud7ff\ue000",
  "\u07ff\u0800\uffff",
];

for (const { name, withAttachment } of enginePairs) {
  const utf8 = suite(`Attachment.isUtf8 [${name}]`);

  utf8("takes every scalar value, and long characters at every offset", () => {
    withAttachment(4 * 4096 + 64, (attachment) => {
      for (let block = 0; block < 0x110; block++) {
        const points = Array.from({ length: 4096 }, (_, index) => block * 4096 + index);
        const text = points
          .filter((point) => point < 0xd800 || point > 0xdfff)
          .map((point) => String.fromCodePoint(point))
          .join("");
        const start = block % 64;
        const { written } = new TextEncoder().encodeInto(text, attachment.bytes.subarray(start));
        assert.ok(attachment.isUtf8(start, start + written), `from ${block * 4096}`);
      }
      for (const text of texts) {
        const encoded = new TextEncoder().encode(text);
        for (let start = 0; start < 64; start++) {
          attachment.bytes.fill(0x20, 0, 200);
          attachment.bytes.set(encoded, start);
          assert.ok(attachment.isUtf8(start, start + encoded.length));
          assert.ok(attachment.isUtf8(0, 200));
        }
      }
    });
  });

  utf8("refuses every invalid sequence, at every offset, after ASCII and after longer characters", () => {
    withAttachment(400, (attachment) => {
      const { bytes } = attachment;
      const fillers = [Uint8Array.of(0x61), new TextEncoder().encode("é"), new TextEncoder().encode("日")];
      for (const [title, sequence] of invalid)
        for (const filler of fillers)
          for (let offset = 0; offset < 64; offset++) {
            const start = offset % 3;
            const before = filler.length * offset;
            for (let index = 0; index < bytes.length; index++)
              bytes[start + index] = index < before ? (filler[index % filler.length] as number) : 0x61;
            assert.ok(attachment.isUtf8(start, start + before + 100));
            bytes.set(sequence, start + before);
            for (const more of [0, 1, 40])
              assert.not.ok(attachment.isUtf8(start, start + before + sequence.length + more), `${title} at ${before}`);
          }
    });
  });

  utf8("refuses a character that the range cuts off, and reads nothing past the range", () => {
    withAttachment(400, (attachment) => {
      for (const text of ["é", "日", "\u{1f600}"]) {
        const encoded = new TextEncoder().encode(text);
        for (let before = 0; before < 130; before++) {
          attachment.bytes.fill(0x61);
          attachment.bytes.set(encoded, before);
          for (let cut = 1; cut < encoded.length; cut++) {
            assert.not.ok(attachment.isUtf8(0, before + cut), `${before} before, cut at ${cut}`);
            assert.not.ok(attachment.isUtf8(before + cut, 400), `${before} before, begun at ${cut}`);
          }
          attachment.bytes[before + encoded.length] = 0xff;
          assert.ok(attachment.isUtf8(0, before + encoded.length));
        }
      }
    });
  });

  utf8("finds the one wrong byte of a long range, at any place", () => {
    const size = 2 ** 20 + 1;
    withAttachment(size, (attachment) => {
      attachment.bytes.fill(0x61);
      assert.ok(attachment.isUtf8());
      const places = [0, 1, 15, 16, 63, 64, 65, 4095, 4096, 65_535, 65_536, 2 ** 18 - 1, 2 ** 18, size - 65, size - 1];
      for (const place of places)
        for (const wrong of [0x80, 0xc2, 0xff]) {
          attachment.bytes[place] = wrong;
          assert.not.ok(attachment.isUtf8(), `${wrong} at ${place}`);
          assert.is(attachment.indexOfInvalidUtf8(), place, `${wrong} at ${place}`);
          assert.is(attachment.indexOfInvalidUtf8(Math.min(place + 1, size)), -1);
          attachment.bytes[place] = 0x61;
        }
      assert.ok(attachment.isUtf8());
    });
  });

  utf8("takes a character across the borders of the core's calls", () => {
    const size = 2 ** 18 + 100;
    withAttachment(size, (attachment) => {
      const encoded = new TextEncoder().encode("\u{1f600}");
      for (const border of [4096, 12_288, 65_536, 2 ** 18])
        for (let before = 0; before <= 4; before++) {
          attachment.bytes.fill(0x61);
          attachment.bytes.set(encoded, border - before);
          assert.ok(attachment.isUtf8(), `${before} before ${border}`);
          attachment.bytes[border - before + 3] = 0x61;
          assert.not.ok(attachment.isUtf8(), `${before} before ${border}, cut`);
          assert.is(attachment.indexOfInvalidUtf8(), border - before, `${before} before ${border}, cut`);
          assert.is(attachment.indexOfInvalidUtf8(0, border - before + 2), border - before);
        }
    });
  });

  utf8("agrees with node:buffer's isUtf8 and TextDecoder on random bytes", () => {
    withAttachment(SIZE, (attachment) => {
      let [taken, refused] = [0, 0];
      for (const random of [randomBytes(SIZE), nearlyUtf8(randomBytes(SIZE))]) {
        attachment.bytes.set(random);
        for (let start = 0; start < SIZE - 100; start++) {
          const end = start + (start % 7 === 0 ? start % 97 : start % 5);
          const part = random.slice(start, end);
          const expected = oracle(part);
          assert.is(expected, decodes(part));
          assert.is(attachment.isUtf8(start, end), expected);
          const first = invalidUtf8(part);
          assert.is(attachment.indexOfInvalidUtf8(start, end), first < 0 ? -1 : start + first);
          expected ? taken++ : refused++;
        }
      }
      assert.ok(taken > 300 && refused > 300, `${taken} taken, ${refused} refused`);
    });
  });

  utf8("refuses a bad range", () => {
    withAttachment(SIZE, (attachment) => {
      for (const [start, end] of [
        [-1, 5],
        [0, SIZE + 1],
        [6, 5],
        [0.5, 5],
        [0, Number.NaN],
        [2 ** 32, 2 ** 32],
      ] as const)
        for (const method of ["isUtf8", "indexOfInvalidUtf8"] as const)
          assert.throws(() => attachment[method](start, end), code("ERR_OUT_OF_RANGE"));
      assert.throws(() => attachment.isUtf8("0" as unknown as number), code("ERR_INVALID_ARG_TYPE", /"start"/));
      assert.ok(attachment.isUtf8(SIZE, SIZE));
    });
  });
  utf8.run();
}
