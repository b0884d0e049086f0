import { runInNewContext } from "node:vm";
import * as assert from "uvu/assert";
import { compareBytes } from "../../model/naive.js";
import { suite } from "../../suite.js";
import { code, enginePairs, randomBytes } from "../../support/pairs.js";

const SIZE = 3333;

for (const { name: pair, withAttachment, withSegment } of enginePairs) {
  const compare = suite(`Attachment.equals, compare [${pair}]`);

  compare("find one different byte at every place of every length, at every alignment", () => {
    withAttachment(400, (attachment) => {
      const random = randomBytes(400);
      attachment.bytes.set(random);
      for (const length of [1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 200])
        for (let start = 0; start < 18; start++) {
          const other = random.slice(start, start + length);
          const end = start + length;
          assert.ok(attachment.equals(other, start, end));
          assert.is(attachment.compare(other, start, end), 0);
          for (let place = 0; place < length; place++)
            for (const change of [1, 0x80]) {
              const was = other[place] as number;
              other[place] = was ^ change;
              assert.not.ok(attachment.equals(other, start, end), `${place} of ${length} at ${start}`);
              const sign = was < (was ^ change) ? -1 : 1; // bytes are unsigned
              assert.is(attachment.compare(other, start, end), sign, `${place} of ${length} at ${start}`);
              other[place] = was;
            }
        }
    });
  });

  compare("the first difference decides, and a prefix is less: as Buffer.compare", () => {
    withAttachment(SIZE, (attachment) => {
      const random = randomBytes(SIZE).map((byte) => byte & 1);
      attachment.bytes.set(random);
      const seen = { "-1": 0, "0": 0, "1": 0 };
      for (let index = 0; index < 3000; index++) {
        const [start, end] = [index % 100, (index % 100) + (index % 40)];
        const other = random.slice((index * 7) % 3000, ((index * 7) % 3000) + ((index * 3) % 40));
        if (index % 5 === 0) other.set(random.subarray(start, start + other.length));
        const expected = Buffer.compare(random.subarray(start, end), other) as -1 | 0 | 1;
        assert.is(compareBytes(random.subarray(start, end), other), expected); // so does the model
        assert.is(attachment.compare(other, start, end), expected);
        assert.is(attachment.equals(other, start, end), expected === 0);
        seen[expected]++;
      }
      for (const count of Object.values(seen)) assert.ok(count > 50, JSON.stringify(seen));
    });
  });

  compare("an empty range equals no bytes, and is less than any", () => {
    withAttachment(SIZE, (attachment) => {
      const nothing = new Uint8Array(0);
      for (const at of [0, 5, SIZE]) {
        assert.ok(attachment.equals(nothing, at, at));
        assert.is(attachment.compare(nothing, at, at), 0);
        assert.is(attachment.compare(Uint8Array.of(0), at, at), -1);
      }
      assert.is(attachment.compare(nothing), 1);
      assert.not.ok(attachment.equals(nothing));
      assert.not.ok(attachment.equals(new Uint8Array(SIZE + 1)));
      assert.is(attachment.compare(new Uint8Array(SIZE + 1)), -1);
    });
  });

  compare("megabytes, across what the core takes at once", () => {
    const size = 2 ** 20 + 1;
    withAttachment(size, (attachment) => {
      const random = randomBytes(size);
      attachment.bytes.set(random);
      assert.ok(attachment.equals(random));
      for (const place of [0, 4095, 12_287, 12_288, 65_536, 2 ** 18 - 1, 2 ** 18, 2 ** 20 - 1, size - 1]) {
        const was = random[place] as number;
        random[place] = was ^ 0x80;
        assert.not.ok(attachment.equals(random), `${place}`);
        assert.is(attachment.compare(random), was < 0x80 ? -1 : 1, `${place}`);
        random[place] = was;
      }
    });
  });

  compare("with another attachment, of this segment or another, whole", () => {
    withSegment(SIZE, (segment) => {
      const [one, same] = [segment.attach(), segment.attach()];
      one.bytes.set(randomBytes(SIZE));
      assert.ok(one.equals(same));
      assert.ok(one.equals(one));
      assert.is(one.compare(same), 0);
      withAttachment(SIZE + 1, (other) => {
        other.bytes.set(randomBytes(SIZE));
        assert.not.ok(one.equals(other));
        assert.is(one.compare(other), -1);
        assert.is(other.compare(one), 1);
        assert.ok(other.equals(one, 0, SIZE));
        other.bytes[SIZE - 1] = (other.bytes[SIZE - 1] as number) ^ 1;
        assert.not.ok(other.equals(one, 0, SIZE));
        assert.is(one.compare(other), -other.compare(one, 0, SIZE));
      });
      same.detach();
      assert.throws(() => one.equals(same), code("ERR_SHM_DETACHED"));
      assert.throws(() => one.compare(same), code("ERR_SHM_DETACHED"));
    });
  });

  compare("with bytes of the window itself, overlapping", () => {
    withAttachment(SIZE, (attachment) => {
      const { bytes } = attachment;
      bytes.set(randomBytes(SIZE));
      assert.ok(attachment.equals(bytes));
      assert.ok(attachment.equals(bytes.subarray(3, 300), 3, 300));
      assert.not.ok(attachment.equals(bytes.subarray(4, 301), 3, 300));
      bytes.fill(9);
      assert.ok(attachment.equals(bytes.subarray(4, 301), 3, 300));
      assert.is(attachment.compare(bytes.subarray(1), 0, SIZE - 1), 0);
    });
  });

  compare(
    "with a Buffer, and arrays of another realm, of shared memory, or that lie; a detached one is refused",
    () => {
      withAttachment(SIZE, (attachment) => {
        attachment.bytes.set([1, 2, 3]);
        const shared = new Uint8Array(new SharedArrayBuffer(3));
        shared.set([1, 2, 3]);
        const liar = Object.defineProperty(Uint8Array.of(1, 2, 3), "length", { value: 2 });
        for (const other of [
          Buffer.of(1, 2, 3),
          runInNewContext("Uint8Array.of(1, 2, 3)") as Uint8Array,
          shared,
          liar,
        ]) {
          assert.ok(attachment.equals(other, 0, 3));
          assert.is(attachment.compare(other, 0, 4), 1);
        }
        const gone = new Uint8Array(3);
        structuredClone(gone, { transfer: [gone.buffer] });
        for (const method of ["equals", "compare"] as const)
          assert.throws(() => attachment[method](gone, 9, 9), code("ERR_INVALID_ARG_VALUE"));
      });
    },
  );

  compare("refuse a bad range, and what is neither bytes nor an attachment", () => {
    withAttachment(SIZE, (attachment) => {
      for (const method of ["equals", "compare"] as const) {
        for (const other of [
          undefined,
          null,
          5,
          "text",
          [1],
          {},
          new Uint16Array(1),
          new Proxy(attachment, {}),
          Object.create(attachment),
        ])
          assert.throws(() => attachment[method](other as Uint8Array), code("ERR_INVALID_ARG_TYPE", /"other"/));
        for (const [start, end] of [
          [-1, 5],
          [0, SIZE + 1],
          [6, 5],
          [0, Number.NaN],
        ] as const)
          assert.throws(() => attachment[method](attachment, start, end), code("ERR_OUT_OF_RANGE", /"(start|end)"/));
        assert.throws(
          () => attachment[method](attachment, "0" as unknown as number),
          code("ERR_INVALID_ARG_TYPE", /"start"/),
        );
      }
    });
  });
  compare.run();
}
