import * as assert from "uvu/assert";
import { suite } from "../../suite.js";
import { code, pairs, randomBytes } from "../../support/pairs.js";

const SIZE = 3333;
const edges = [0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 129];

const same = (actual: Uint8Array, expected: Uint8Array, message: string): void =>
  assert.ok(Buffer.compare(actual, expected) === 0, message);

for (const { name: pair, withAttachment } of pairs) {
  const fill = suite(`Attachment.fill [${pair}]`);

  fill("sets every byte of the range, and no other", () => {
    withAttachment(400, (attachment) => {
      for (const value of [0, 1, 0x7f, 0x80, 0xff])
        for (let start = 0; start < 20; start++)
          for (const length of edges) {
            const expected = new Uint8Array(400).fill(0xa5).fill(value, start, start + length);
            attachment.bytes.fill(0xa5);
            attachment.fill(value, start, start + length);
            same(attachment.bytes, expected, `${length} bytes at ${start}`);
          }
    });
  });

  fill("repeats a pattern from the range's start, cut at its end", () => {
    withAttachment(400, (attachment) => {
      for (const patternLength of [1, 2, 3, 4, 5, 8, 15, 16, 17, 31, 40, 128, 129, 300])
        for (const start of [0, 1, 7, 13])
          for (const length of [...edges, 300]) {
            const pattern = randomBytes(patternLength, 5);
            const expected = new Uint8Array(400).fill(0xa5);
            for (let index = 0; index < length; index++)
              expected[start + index] = pattern[index % patternLength] as number;
            attachment.bytes.fill(0xa5);
            attachment.fill(pattern, start, start + length);
            same(attachment.bytes, expected, `${length} bytes at ${start}, by ${patternLength}`);
          }
    });
  });

  fill("fills megabytes, by patterns small and large", () => {
    const size = 2 ** 20 + 1;
    withAttachment(size, (attachment) => {
      attachment.fill(0x5a);
      same(attachment.bytes, new Uint8Array(size).fill(0x5a), "by a byte");
      for (const patternLength of [3, 4096, 12_289, 30_001, size, size + 5]) {
        const pattern = randomBytes(patternLength);
        attachment.fill(pattern, 1);
        same(attachment.bytes.subarray(1), Buffer.alloc(size - 1, pattern), `by ${patternLength}`);
        assert.is(attachment.bytes[0], 0x5a);
      }
    });
  });

  fill("takes text as UTF-8, and bytes of the window itself as they were", () => {
    withAttachment(64, (attachment) => {
      attachment.fill("日本", 1, 12);
      assert.is(Buffer.from(attachment.bytes.subarray(0, 13)).toString("hex"), "00e697a5e69cace697a5e69c00");
      attachment.fill("a");
      assert.ok(attachment.bytes.every((byte) => byte === 0x61));
      attachment.bytes.set([1, 2, 3, 4, 5]);
      attachment.fill(attachment.bytes.subarray(0, 5), 2, 20);
      assert.equal(
        [...attachment.bytes.subarray(0, 21)],
        [1, 2, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 0x61],
      );
    });
  });

  fill("refuses a bad value and a bad range, and changes nothing", () => {
    withAttachment(SIZE, (attachment) => {
      attachment.bytes.fill(0xa5);
      for (const value of [-1, 256, 0.5, Number.NaN, "", new Uint8Array(0)])
        assert.throws(() => attachment.fill(value), code("ERR_OUT_OF_RANGE", /"value"/));
      for (const value of [1n, null, undefined, {}, [1], new Uint16Array(1), true] as unknown as number[])
        assert.throws(() => attachment.fill(value), code("ERR_INVALID_ARG_TYPE", /"value"/));
      for (const [start, end] of [
        [-1, 5],
        [0, SIZE + 1],
        [6, 5],
        [0.5, 5],
        [0, Number.NaN],
        [2 ** 32, 2 ** 32],
      ] as const)
        for (const value of [0, "ab"])
          assert.throws(() => attachment.fill(value, start, end), code("ERR_OUT_OF_RANGE", /"(start|end)"/));
      assert.throws(() => attachment.fill(0, "0" as unknown as number), code("ERR_INVALID_ARG_TYPE", /"start"/));
      assert.throws(() => attachment.fill("", 6, 6), code("ERR_OUT_OF_RANGE"));
      assert.ok(attachment.bytes.every((byte) => byte === 0xa5));
    });
  });
  fill.run();

  const copy = suite(`Attachment.copyWithin [${pair}]`);

  copy("copies as if through an array, at every distance and alignment", () => {
    withAttachment(400, (attachment) => {
      const random = randomBytes(400);
      for (const length of edges)
        for (const start of [70, 71, 77, 80])
          for (const distance of [-65, -64, -33, -16, -15, -8, -3, -1, 0, 1, 2, 5, 8, 15, 16, 17, 31, 64, 70]) {
            const expected = random.slice();
            expected.set(random.slice(start, start + length), start + distance);
            attachment.bytes.set(random);
            attachment.copyWithin(start + distance, start, start + length);
            same(attachment.bytes, expected, `${length} bytes from ${start} by ${distance}`);
          }
    });
  });

  copy("copies megabytes over themselves, forward and back", () => {
    const size = 2 ** 20 + 1;
    withAttachment(size, (attachment) => {
      const random = randomBytes(size);
      for (const [target, start, end] of [
        [1, 0, size - 1],
        [0, 1, size],
        [2 ** 19, 0, 2 ** 19],
        [5, 2 ** 18, size],
      ] as const) {
        attachment.bytes.set(random);
        attachment.copyWithin(target, start, end);
        same(attachment.bytes, random.slice().copyWithin(target, start, end), `${start} to ${end} at ${target}`);
      }
    });
  });

  copy("to the window's end by default, and to its last byte", () => {
    withAttachment(SIZE, (attachment) => {
      const random = randomBytes(SIZE);
      attachment.bytes.set(random);
      attachment.copyWithin(0, SIZE - 10);
      same(attachment.bytes.subarray(0, 10), random.subarray(-10), "to the start");
      attachment.copyWithin(SIZE - 20, 100, 120);
      same(attachment.bytes.subarray(-20), random.subarray(100, 120), "to the end");
      attachment.copyWithin(SIZE, 5, 5);
      attachment.copyWithin(SIZE, SIZE);
    });
  });

  copy("copies all or throws: nothing moves past the end", () => {
    withAttachment(SIZE, (attachment) => {
      const random = randomBytes(SIZE);
      attachment.bytes.set(random);
      for (const [target, start, end] of [
        [SIZE - 9, 0, 10],
        [1, 0, SIZE],
        [SIZE, 0, 1],
        [SIZE + 1, 5, 5],
        [2 ** 32, 0, 1],
        [2 ** 32 - 5, 0, 10],
        [-1, 0, 1],
        [0.5, 0, 1],
        [Number.NaN, 0, 1],
        [0, -1, 1],
        [0, 6, 5],
        [0, 0, SIZE + 1],
      ] as const)
        assert.throws(() => attachment.copyWithin(target, start, end), code("ERR_OUT_OF_RANGE"), `${target}`);
      for (const wrong of ["1", 1n, null, undefined, {}] as unknown as number[]) {
        assert.throws(() => attachment.copyWithin(wrong, 0, 1), code("ERR_INVALID_ARG_TYPE", /"target"/));
        if (wrong !== undefined)
          assert.throws(() => attachment.copyWithin(0, wrong, 1), code("ERR_INVALID_ARG_TYPE", /"start"/));
      }
      same(attachment.bytes, random, "nothing moved");
    });
  });
  copy.run();
}
