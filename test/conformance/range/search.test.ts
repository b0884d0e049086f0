import * as assert from "uvu/assert";
import { findBytes } from "../../model/naive.js";
import { suite } from "../../suite.js";
import { code, enginePairs, randomBytes } from "../../support/pairs.js";

const SIZE = 3333;
const methods = ["indexOf", "lastIndexOf"] as const;

for (const { name: pair, withAttachment } of enginePairs) {
  for (const method of methods) {
    const last = method === "lastIndexOf";
    const search = suite(`Attachment.${method} [${pair}]`);

    search("finds a byte at every place of every range, and none outside it", () => {
      withAttachment(200, (attachment) => {
        const { bytes } = attachment;
        for (let start = 0; start < 20; start++)
          for (let end = start; end < 200; end += 1 + (end >> 5)) {
            bytes.fill(0);
            if (start > 0) bytes[start - 1] = 7;
            bytes[end] = 7;
            assert.is(attachment[method](7, start, end), -1, `${start} to ${end}`);
            for (let place = start; place < end; place += 1 + (place % 3)) {
              bytes[place] = 7;
              assert.is(attachment[method](7, start, end), place, `${place} of ${start} to ${end}`);
              assert.is(attachment[method](Uint8Array.of(7), start, end), place);
              bytes[place] = 0;
            }
          }
      });
    });

    search(`finds the ${last ? "last" : "first"} of several`, () => {
      withAttachment(SIZE, (attachment) => {
        const { bytes } = attachment;
        for (const places of [
          [5, 6],
          [0, SIZE - 1],
          [100, 1000, 3000],
          [15, 16, 17, 31, 32],
        ]) {
          bytes.fill(0xfe);
          for (const place of places) bytes[place] = 0xff;
          assert.is(attachment[method](0xff), last ? Math.max(...places) : Math.min(...places));
        }
        bytes.fill(1);
        assert.is(attachment[method](1, 10, 20), last ? 19 : 10);
        assert.is(attachment[method](Uint8Array.of(1, 1, 1), 10, 20), last ? 17 : 10);
      });
    });

    search("tells a byte from each other one", () => {
      withAttachment(256, (attachment) => {
        attachment.bytes.set(Uint8Array.from({ length: 256 }, (_, index) => index));
        for (let byte = 0; byte < 256; byte++) assert.is(attachment[method](byte), byte);
      });
    });

    search("finds needles of every length, wholly in the range or not at all", () => {
      withAttachment(SIZE, (attachment) => {
        const random = randomBytes(SIZE);
        attachment.bytes.set(random);
        for (let length = 2; length < 140; length += 1 + (length >> 4))
          for (const place of [0, 1, 15, 16, 333, 2000, SIZE - length - 1, SIZE - length]) {
            const needle = random.slice(place, place + length);
            const end = place + length;
            assert.is(attachment[method](needle), place, `${length} bytes at ${place}`);
            assert.is(attachment[method](needle, place, end), place);
            assert.is(attachment[method](needle, place, end - 1), -1);
            if (length > 4) assert.is(attachment[method](needle, place + 1, SIZE), -1);
            needle[length - 1] = (needle[length - 1] as number) ^ 1;
            if (length > 4) assert.is(attachment[method](needle), -1, `${length} bytes at ${place}, the last changed`);
            needle[length - 1] = (needle[length - 1] as number) ^ 1;
            needle[0] = (needle[0] as number) ^ 1;
            if (length > 4) assert.is(attachment[method](needle), -1, `${length} bytes at ${place}, the first changed`);
          }
      });
    });

    search("finds what the model finds, if nearly everything matches", () => {
      withAttachment(SIZE, (attachment) => {
        let found = 0;
        for (const most of [1, 2, 3]) {
          const random = randomBytes(SIZE).map((byte) => byte & most);
          attachment.bytes.set(random);
          for (let index = 0; index < 500; index++) {
            const needle = random.slice(index, index + 1 + (index % 24));
            if (index % 3 === 0) needle[needle.length - 1] = 1;
            const [start, end] = [index % 50, SIZE - (index % 1300)];
            const expected = findBytes(random.subarray(start, end), needle, last);
            assert.is(attachment[method](needle, start, end), expected < 0 ? -1 : start + expected);
            if (expected >= 0) found++;
          }
        }
        assert.ok(found > 500 && found < 1500, `${found} found`);
      });
    });

    search("takes linear time with a needle that nearly matches everywhere", () => {
      const size = 2 ** 20;
      withAttachment(size, (attachment) => {
        for (const odd of [0, 2000, 3999]) {
          const needle = new Uint8Array(4000).fill(0x61);
          needle[odd] = 0x62;
          attachment.bytes.fill(0x61);
          const begun = performance.now();
          assert.is(attachment[method](needle), -1);
          assert.ok(performance.now() - begun < 5000, `${performance.now() - begun} ms`); // quadratic: some 4e9 steps
          attachment.bytes.set(needle, size - 4000);
          assert.is(attachment[method](needle), size - 4000);
          attachment.bytes.fill(0x61);
          attachment.bytes.set(needle, 0);
          assert.is(attachment[method](needle), 0);
        }
      });
    });

    search("finds the needle among parts of it, after many that nearly matched", () => {
      const size = 24_000;
      withAttachment(size, (attachment) => {
        let found = 0;
        for (let trial = 0; trial < 300; trial++) {
          const random = randomBytes(4000, trial + 1);
          const bit = (index: number): number => 0x61 + ((random[index % 4000] as number) & 1);
          const run = new Array<number>(30 + (trial % 60)).fill(0x61);
          const core = Array.from({ length: 2 + (trial % 9) }, (_, index) => bit(index));
          const needle = Uint8Array.from(trial % 2 === 0 ? [...run, 0x62, ...core] : [...core, 0x62, ...run]);
          const parts: number[] = [];
          for (let index = 20; parts.length < 3000; index += 2) {
            const cut = (random[index] as number) % (needle.length + 1);
            const shown = (random[index + 1] as number) & 3;
            const part = shown === 0 ? needle : shown === 1 ? needle.subarray(0, cut) : needle.subarray(cut);
            parts.push(...(shown === 3 ? [0x61, 0x62].slice(cut & 1) : part));
          }
          const text = Buffer.alloc(size, 0x61);
          text.set(parts.slice(0, 3000), last ? 0 : size - 3000); // the end that the search reaches last
          if (trial % 3 === 0) text.set(needle.subarray(1), last ? 0 : size - needle.length + 1);
          attachment.bytes.set(text);
          for (const limit of [0, 500, 1500, 2500]) {
            const [start, end] = last ? [0, size - limit] : [limit, size];
            const within = text.subarray(start, end)[method](needle);
            assert.is(attachment[method](needle, start, end), within < 0 ? -1 : start + within, `trial ${trial}`);
            if (within >= 0) found++;
          }
        }
        assert.ok(found > 600, `${found} found`);
      });
    });

    search("works over more than the core takes at once", () => {
      const size = 2 ** 20 + 77;
      withAttachment(size, (attachment) => {
        const needle = randomBytes(40).map((byte) => byte | 1);
        for (const place of [0, 2 ** 16 - 20, 2 ** 18 - 39, 2 ** 18 - 1, 2 ** 18, 2 ** 19 - 3, size - 40]) {
          attachment.bytes.fill(0);
          attachment.bytes.set(needle, place);
          assert.is(attachment[method](needle), place);
          assert.is(
            attachment[method](last ? (needle[39] as number) : (needle[0] as number)),
            last ? place + 39 : place,
          );
          assert.is(attachment[method](0x7f00 >> 8, 0, place), -1);
        }
        attachment.bytes.set(randomBytes(20_000), 60_000); // a needle longer than the core's scratch
        assert.is(attachment[method](randomBytes(20_000)), 60_000);
      });
    });

    search("finds needles longer than the core's scratch area, after any number of false candidates", () => {
      const size = 200_000;
      withAttachment(size, (attachment) => {
        const needle = randomBytes(15_000);
        const nearly = needle.slice();
        nearly[14_990] = (nearly[14_990] as number) ^ 1;
        for (const falseOnes of [0, 1, 3, 12]) {
          attachment.bytes.fill(0);
          for (let index = 0; index < falseOnes; index++)
            attachment.bytes.set(nearly, last ? size - 15_000 * (index + 1) : 15_000 * index);
          const place = last ? size - 15_000 * (falseOnes + 1) - 7 : 15_000 * falseOnes + 7;
          assert.is(attachment[method](needle), -1, `after ${falseOnes}`);
          attachment.bytes.set(needle, place);
          assert.is(attachment[method](needle), place, `after ${falseOnes}`);
          assert.is(attachment[method](needle, place, place + 15_000), place);
          assert.is(attachment[method](needle, place, place + 14_999), -1);
          assert.is(attachment[method](needle, place + 1), -1);
        }
        const ones = new Uint8Array(15_000).fill(1); // and each of many places a false candidate
        ones[14_999] = 2;
        attachment.bytes.fill(1);
        assert.is(attachment[method](ones), -1);
        attachment.bytes[last ? 20_000 : 180_000] = 2;
        assert.is(attachment[method](ones), last ? 5001 : 165_001);
      });
    });

    search("takes text as UTF-8, and bytes of the window itself", () => {
      withAttachment(SIZE, (attachment) => {
        const { written } = new TextEncoder().encodeInto("xx Grüße, 日本語 \ufffd", attachment.bytes.subarray(100));
        assert.ok(written > 20);
        assert.is(attachment[method]("Grüße"), 103);
        assert.is(attachment[method]("ü"), 105);
        assert.is(attachment[method]("本"), 115);
        assert.is(attachment[method]("\ud800"), attachment[method]("\ufffd")); // as TextEncoder has it
        assert.is(attachment[method]("x"), last ? 101 : 100);
        assert.is(attachment[method](attachment.bytes.subarray(103, 110)), 103);
        assert.is(attachment[method](Buffer.from("xx ").subarray(1)), 101);
      });
    });

    search(`finds an empty needle at ${last ? "the end" : "the start"}`, () => {
      withAttachment(SIZE, (attachment) => {
        for (const nothing of ["", new Uint8Array(0)])
          for (const [start, end] of [
            [0, SIZE],
            [5, 9],
            [7, 7],
            [SIZE, SIZE],
          ] as const)
            assert.is(attachment[method](nothing, start, end), last ? end : start);
        assert.is(attachment[method](0, 7, 7), -1);
        assert.is(attachment[method](new Uint8Array(SIZE + 1)), -1);
        assert.is(attachment[method](new Uint8Array(SIZE)), 0);
      });
    });

    search("refuses a bad needle and a bad range", () => {
      withAttachment(SIZE, (attachment) => {
        for (const value of [-1, 256, 0.5, Number.NaN])
          assert.throws(() => attachment[method](value), code("ERR_OUT_OF_RANGE", /"value"/));
        for (const value of [1n, null, undefined, {}, [1], new Uint16Array(1), true] as unknown as number[])
          assert.throws(() => attachment[method](value), code("ERR_INVALID_ARG_TYPE", /"value"/));
        for (const [start, end] of [
          [-1, 5],
          [0, SIZE + 1],
          [6, 5],
          [0.5, 5],
          [0, Number.NaN],
          [2 ** 32, 2 ** 32],
        ] as const)
          for (const value of [0, "ab", ""])
            assert.throws(() => attachment[method](value, start, end), code("ERR_OUT_OF_RANGE", /"(start|end)"/));
        assert.throws(() => attachment[method](0, "0" as unknown as number), code("ERR_INVALID_ARG_TYPE", /"start"/));
        assert.throws(() => attachment[method](0, 0, null as unknown as number), code("ERR_INVALID_ARG_TYPE", /"end"/));
      });
    });
    search.run();
  }
}
