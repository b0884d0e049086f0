// Attachment.equals and compare where the engine has no memcmp(3) to hand out, as in a browser: the cores' own.
import * as assert from "uvu/assert";
import { suite } from "../../suite.js";
import { pairs, randomBytes } from "../../support/pairs.js";

const SIZE = 40_000; // more than what crosses to the wasm core at once

/** Calls `work` in an engine without Buffer. */
function withoutBuffer<T>(work: () => T): T {
  const kept = globalThis.Buffer;
  (globalThis as { Buffer: unknown }).Buffer = undefined;
  try {
    return work();
  } finally {
    globalThis.Buffer = kept;
  }
}

for (const { name: pair, withAttachment } of pairs) {
  const compare = suite(`Attachment.equals, compare without memcmp [${pair}]`);

  compare("find one different byte at every place of short ranges, and near every border of long ones", () => {
    withAttachment(SIZE, (attachment) => {
      const random = randomBytes(SIZE);
      attachment.bytes.set(random);
      for (const length of [1, 2, 7, 8, 9, 63, 64, 65, 130, SIZE - 17])
        for (const start of [0, 1, 8, 17]) {
          const other = random.slice(start, start + length);
          const end = start + length;
          const same = withoutBuffer(() => [
            attachment.equals(other, start, end),
            attachment.compare(other, start, end),
          ]);
          assert.equal(same, [true, 0]);
          const near = [0, 63, 64, 4095, 8192, 12_287, 12_288, 12_289, 24_576, length - 1];
          const places = length < 200 ? Array.from({ length }, (_, place) => place) : near;
          for (const place of places)
            for (const change of [1, 0x80]) {
              const was = other[place] as number;
              other[place] = was ^ change;
              const seen = withoutBuffer(() => [
                attachment.equals(other, start, end),
                attachment.compare(other, start, end),
              ]);
              assert.equal(seen, [false, was < (was ^ change) ? -1 : 1], `${place} of ${length} at ${start}`);
              other[place] = was;
            }
        }
    });
  });

  compare("the first of several differences decides", () => {
    withAttachment(SIZE, (attachment) => {
      for (let index = 0; index < 500; index++) {
        const ours = randomBytes(200, index + 1).map((byte) => byte & 1);
        const theirs = randomBytes(200, index * 7 + 3).map((byte) => byte & 1);
        theirs.set(ours.subarray(0, index % 200));
        attachment.bytes.set(ours, index);
        const expected = Buffer.compare(ours, theirs);
        assert.is(
          withoutBuffer(() => attachment.compare(theirs, index, index + 200)),
          expected,
        );
      }
    });
  });

  compare("an attachment with itself, and with one of another segment", () => {
    withAttachment(SIZE, (attachment) => {
      attachment.bytes.set(randomBytes(SIZE));
      withAttachment(SIZE, (second) => {
        second.bytes.set(attachment.bytes);
        assert.ok(withoutBuffer(() => attachment.equals(second) && attachment.equals(attachment)));
        second.bytes[SIZE - 1] = (attachment.bytes[SIZE - 1] as number) ^ 0xff;
        assert.not.ok(withoutBuffer(() => attachment.equals(second)));
      });
    });
  });
  compare.run();
}
