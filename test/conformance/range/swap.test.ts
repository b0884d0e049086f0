import * as assert from "uvu/assert";
import { reversed } from "../../model/naive.js";
import { suite } from "../../suite.js";
import { code, enginePairs, randomBytes } from "../../support/pairs.js";

const SIZE = 3333;

for (const { name: pair, withAttachment } of enginePairs)
  for (const [method, width] of [
    ["swap16", 2],
    ["swap32", 4],
    ["swap64", 8],
  ] as const) {
    const swap = suite(`Attachment.${method} [${pair}]`);

    swap("reverses the bytes of each element, at every alignment, and changes no other byte", () => {
      withAttachment(700, (attachment) => {
        const random = randomBytes(700);
        for (let count = 0; count < 70; count += 1 + (count >> 4))
          for (let start = 0; start < 18; start++) {
            const end = start + count * width;
            const expected = random.slice();
            expected.set(reversed(random.subarray(start, end), width), start);
            attachment.bytes.set(random);
            attachment[method](start, end);
            assert.ok(Buffer.compare(attachment.bytes, expected) === 0, `${count} at ${start}`);
          }
      });
    });

    swap("does the same as Buffer's to megabytes, and twice it restores them", () => {
      const size = 2 ** 20 + 8;
      withAttachment(size, (attachment) => {
        const random = Buffer.from(randomBytes(size));
        attachment.bytes.set(random);
        attachment[method]();
        assert.ok(Buffer.compare(attachment.bytes, Buffer.from(random)[method]()) === 0);
        attachment[method]();
        assert.ok(Buffer.compare(attachment.bytes, random) === 0);
        attachment[method](3, size - 5); // off every boundary
        random.set(Buffer.from(random.subarray(3, size - 5))[method](), 3);
        assert.ok(Buffer.compare(attachment.bytes, random) === 0);
      });
    });

    swap("refuses a bad range, or one that is not whole elements, and changes nothing", () => {
      withAttachment(SIZE, (attachment) => {
        attachment.bytes.set(randomBytes(SIZE));
        assert.throws(() => attachment[method](), code("ERR_OUT_OF_RANGE")); // 3333 is odd
        for (let odd = 1; odd < width; odd++)
          assert.throws(() => attachment[method](5, 5 + 10 * width + odd), code("ERR_OUT_OF_RANGE", /"end"/));
        for (const [start, end] of [
          [-width, 0],
          [SIZE - width + 1, SIZE + 1],
          [16, 8],
          [0.5, 0.5 + width],
          [0, Number.NaN],
          [2 ** 32, 2 ** 32 + 8],
        ] as const)
          assert.throws(() => attachment[method](start, end), code("ERR_OUT_OF_RANGE", /"(start|end)"/));
        assert.throws(() => attachment[method]("0" as unknown as number, 8), code("ERR_INVALID_ARG_TYPE", /"start"/));
        assert.ok(Buffer.compare(attachment.bytes, randomBytes(SIZE)) === 0);
        attachment[method](SIZE, SIZE);
        attachment[method](SIZE - width);
        assert.ok(
          Buffer.compare(attachment.bytes.subarray(-width), reversed(randomBytes(SIZE).slice(-width), width)) === 0,
        );
      });
    });
    swap.run();
  }
