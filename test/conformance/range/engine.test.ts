// An engine's operations must give the same results as the cores' own. pairs.ts has instances without an engine, as in a
// browser; the other suites of this folder run over those too.
import * as assert from "uvu/assert";
import type { Attachment } from "wasm-shm";
import type { Engine } from "#src/core/engine.js";
import { suite } from "../../suite.js";
import { pairs, pairsWithoutEngine, randomBytes, shmWith } from "../../support/pairs.js";
import { invalidSequences, moreInvalid, nearlyUtf8 } from "../../support/sequences.js";

const SIZE = 40_000; // more than crosses to the wasm core at once

for (const { name: pair, withAttachment } of pairsWithoutEngine) {
  const compare = suite(`Attachment.equals, compare [${pair}]`);

  compare("find one different byte at every place of short ranges, and near every border of long ones", () => {
    withAttachment(SIZE, (attachment) => {
      const random = randomBytes(SIZE);
      attachment.bytes.set(random);
      for (const length of [1, 2, 7, 8, 9, 63, 64, 65, 130, SIZE - 17])
        for (const start of [0, 1, 8, 17]) {
          const other = random.slice(start, start + length);
          const end = start + length;
          const seen = (): unknown => [attachment.equals(other, start, end), attachment.compare(other, start, end)];
          assert.equal(seen(), [true, 0]);
          const near = [0, 63, 64, 4095, 8192, 12_287, 12_288, 12_289, 24_576, length - 1];
          const places = length < 200 ? Array.from({ length }, (_, place) => place) : near;
          for (const place of places)
            for (const change of [1, 0x80]) {
              const was = other[place] as number;
              other[place] = was ^ change;
              assert.equal(seen(), [false, was < (was ^ change) ? -1 : 1], `${place} of ${length} at ${start}`);
              other[place] = was;
            }
        }
    });
  });

  compare("the first of several differences decides", () => {
    withAttachment(SIZE, (attachment) => {
      for (let index = 0; index < 500; index++) {
        const left = randomBytes(200, index + 1).map((byte) => byte & 1);
        const right = randomBytes(200, index * 7 + 3).map((byte) => byte & 1);
        right.set(left.subarray(0, index % 200));
        attachment.bytes.set(left, index);
        assert.is(attachment.compare(right, index, index + 200), Buffer.compare(left, right));
      }
    });
  });

  compare("an attachment with itself, and with one of another segment", () => {
    withAttachment(SIZE, (attachment) => {
      attachment.bytes.set(randomBytes(SIZE));
      withAttachment(SIZE, (second) => {
        second.bytes.set(attachment.bytes);
        assert.ok(attachment.equals(second) && attachment.equals(attachment));
        second.bytes[SIZE - 1] = (attachment.bytes[SIZE - 1] as number) ^ 0xff;
        assert.not.ok(attachment.equals(second));
      });
    });
  });
  compare.run();
}

interface Trial {
  readonly start: number;
  readonly end: number;
  readonly needle: Uint8Array;
  readonly from: number;
}

type Operation = (attachment: Attachment, trial: Trial) => unknown;

/** Every operation that an engine may have. */
const operations: Readonly<Record<string, Operation>> = {
  indexOf: (attachment, { needle, start, end }) => attachment.indexOf(needle, start, end),
  lastIndexOf: (attachment, { needle, start, end }) => attachment.lastIndexOf(needle, start, end),
  "indexOf a byte": (attachment, { needle, start, end }) => attachment.indexOf(needle[0] ?? 0, start, end),
  "lastIndexOf a byte": (attachment, { needle, start, end }) => attachment.lastIndexOf(needle[0] ?? 0, start, end),
  compare: (attachment, { needle, start, end }) => attachment.compare(needle, start, end),
  equals: (attachment, { needle, start, end }) => attachment.equals(needle, start, end),
  isUtf8: (attachment, { start, end }) => attachment.isUtf8(start, end),
  crc32: (attachment, { start, end, from }) => attachment.checksum("crc32", { start, end, previous: from }),
  swap16: (attachment, { start, end }) => attachment.swap16(start, end - ((end - start) % 2)),
  swap32: (attachment, { start, end }) => attachment.swap32(start, end - ((end - start) % 4)),
  swap64: (attachment, { start, end }) => attachment.swap64(start, end - ((end - start) % 8)),
};

/** Contents in which nothing, something and nearly everything is found. */
const contents: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  random: (bytes) => bytes,
  "of two values": (bytes) => bytes.map((byte) => 0x61 + (byte & 1)),
  "of one value": (bytes) => bytes.fill(0x61),
  "nearly UTF-8": nearlyUtf8,
};

/** Bytes: around the lengths at which Buffer's search takes another algorithm, and around the longest needle it is given. */
const needleLengths = [0, 1, 2, 3, 6, 7, 8, 9, 31, 100, 249, 250, 251, 300, 1000];
const LENGTH = 3333;

/** A needle from the text, with a byte changed in some. */
function trialOf(bytes: Uint8Array, index: number): Trial {
  const random = new DataView(randomBytes(32, 1 + index * 7919).buffer);
  const below = (place: number, limit: number): number => random.getUint32(4 * place, true) % limit;
  const [one, other] = [below(0, LENGTH + 1), below(1, LENGTH + 1)];
  const length = needleLengths[index % needleLengths.length] as number;
  const place = below(2, LENGTH - length + 1);
  const needle = bytes.slice(place, place + length);
  if (index % 4 === 0 && length > 0) needle[below(3, length)] = below(4, 256);
  const start = index % 5 === 0 ? place : Math.min(one, other);
  return {
    start,
    end: index % 10 === 0 ? place + length : Math.max(start, one, other),
    needle,
    from: below(5, 2 ** 32),
  };
}

for (const [index, { name: pair, withAttachment }] of pairs.entries()) {
  const without = pairsWithoutEngine[index] as (typeof pairs)[number];
  const engine = suite(`An engine's operations and the core's own [${pair}]`);

  for (const [content, make] of Object.entries(contents))
    engine(`give the same results, and change the same bytes: ${content}`, () => {
      withAttachment(LENGTH, (attachment) => {
        without.withAttachment(LENGTH, (plain) => {
          const bytes = make(randomBytes(LENGTH, 77));
          for (let trial = 0; trial < 600; trial++) {
            const arguments_ = trialOf(bytes, trial);
            for (const [name, run] of Object.entries(operations)) {
              attachment.bytes.set(bytes);
              plain.bytes.set(bytes);
              assert.is(run(attachment, arguments_), run(plain, arguments_), `${name}, trial ${trial}`);
              assert.ok(Buffer.compare(attachment.bytes, plain.bytes) === 0, `${name}, trial ${trial}`);
            }
          }
        });
      });
    });

  engine("agree on invalid UTF-8, at every offset", () => {
    withAttachment(200, (attachment) => {
      without.withAttachment(200, (plain) => {
        for (const [title, sequence] of [...invalidSequences, ...moreInvalid])
          for (let offset = 0; offset < 70; offset++) {
            for (const { bytes } of [attachment, plain]) bytes.fill(0x61).set(sequence, offset);
            for (const end of [offset, offset + 1, offset + sequence.length, 200])
              assert.is(attachment.isUtf8(0, end), plain.isUtf8(0, end), `${title} at ${offset}, to ${end}`);
          }
      });
    });
  });

  engine("take linear time with any needle", () => {
    const size = 2 ** 21;
    for (const { withAttachment: withOne } of [pairs[index] as (typeof pairs)[number], without])
      withOne(size, (attachment) => {
        attachment.bytes.fill(0x61);
        for (const length of [250, 251, 20_000])
          for (const odd of [0, length >> 1, length - 1]) {
            const needle = new Uint8Array(length).fill(0x61);
            needle[odd] = 0x62;
            const begun = process.cpuUsage();
            assert.is(attachment.indexOf(needle), -1);
            assert.is(attachment.lastIndexOf(needle), -1);
            // Some 20 ms on the slowest core. A search that takes text times needle needs 10 s and more for the longest.
            const { user } = process.cpuUsage(begun);
            assert.ok(user < 5_000_000, `${length}, ${odd}: ${user / 1000} ms of processor time`);
          }
      });
  });
  engine.run();
}

const handedIn = suite("What an engine hands in");

/** Calls `use` with an attachment of the JS core and of this engine. */
function withEngine<T>(engine: Engine, use: (attachment: Attachment) => T): T {
  const segment = shmWith(engine, { host: "local", core: "js" }).create(1000);
  try {
    return use(segment.attach());
  } finally {
    segment[Symbol.dispose]();
  }
}

handedIn("is what the JS core uses, on views of the range", () => {
  const calls: [string, number, unknown?][] = [];
  const engine: Engine = {
    compare: (left, right) => calls.push(["compare", left.length, right.length]) && 1,
    indexOf: (bytes, value) => calls.push(["indexOf", bytes.length, value]) && 4,
    lastIndexOf: (bytes, value) => calls.push(["lastIndexOf", bytes.length, value]) && 4,
    longestNeedle: 2,
    swap: (bytes, width) => calls.push(["swap", bytes.length, width]),
    isUtf8: (bytes) => calls.push(["isUtf8", bytes.length]) < 0,
    crc32: (bytes, previous) => calls.push(["crc32", bytes.length, previous]) && 9,
  };
  withEngine(engine, (attachment) => {
    assert.is(attachment.compare(new Uint8Array(20), 10, 30), 1);
    assert.is(attachment.indexOf(7, 10, 30), 14);
    assert.is(attachment.lastIndexOf("ab", 10, 30), 14);
    attachment.swap32(8, 80);
    assert.not.ok(attachment.isUtf8(10, 30));
    assert.is(attachment.checksum("crc32", { start: 10, end: 30, previous: 5 }), 9);
  });
  assert.equal(calls, [
    ["compare", 20, 20],
    ["indexOf", 20, 7],
    ["lastIndexOf", 20, Uint8Array.of(0x61, 0x62)],
    ["swap", 72, 4],
    ["isUtf8", 20],
    ["crc32", 20, 5],
  ]);
});

handedIn("gets no needle longer than it says", () => {
  const refuse = (): never => assert.unreachable("it was asked") as never;
  for (const limit of [{}, { longestNeedle: 2 }])
    withEngine({ indexOf: refuse, lastIndexOf: refuse, ...limit }, (attachment) => {
      attachment.fill("abc");
      assert.is(attachment.indexOf("cab", 10, 30), 11);
      assert.is(attachment.lastIndexOf("cab", 10, 30), 26);
    });
});

handedIn("counts as not found if it is a place outside the range", () => {
  for (const index of [-2, 18, 19, 20, 1000, 2 ** 40, Number.NaN, Number.POSITIVE_INFINITY])
    withEngine({ indexOf: () => index, lastIndexOf: () => index, longestNeedle: 10 }, (attachment) => {
      assert.is(attachment.indexOf("abc", 10, 30), -1, `${index}`);
      assert.is(attachment.lastIndexOf("abc", 10, 30), -1, `${index}`);
    });
});
handedIn.run();
