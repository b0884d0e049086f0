import * as assert from "uvu/assert";
import { type AnyArray, type ArrayTypeName, arrayTypeNames, arrayTypes, bytesOf } from "../../model/arguments.js";
import { ModelAttachment } from "../../model/attachment.js";
import { suite } from "../../suite.js";
import { code, pairs, randomBytes } from "../../support/pairs.js";

const SIZE = 3333;
const methods = ["sum", "min", "max"] as const;
const counts = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129];

const isFloat = (name: ArrayTypeName): boolean => name.startsWith("Float");
const isBig = (name: ArrayTypeName): boolean => name.startsWith("Big");
const typeOf = (name: ArrayTypeName): typeof Uint8Array => arrayTypes[name] as unknown as typeof Uint8Array;

/** The smallest and the largest value of a kind. */
function extremesOf(name: ArrayTypeName): [least: number | bigint, most: number | bigint] {
  const bits = BigInt(arrayTypes[name].BYTES_PER_ELEMENT * 8);
  const signed = /^(Big)?Int/.test(name);
  const [least, most] = signed ? [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n] : [0n, 2n ** bits - 1n];
  return isBig(name) ? [least, most] : [Number(least), Number(most)];
}

interface Megabyte {
  bytes: Uint8Array;
  answers: { method: (typeof methods)[number]; start: number; end: number; answer: number | bigint }[];
}

const megabytes = new Map<ArrayTypeName, Megabyte>();

/** A megabyte, and the model's results of it: made once for all pairs, because the model is slow. */
function megabyteOf(name: ArrayTypeName): Megabyte {
  const there = megabytes.get(name);
  if (there) return there;
  const width = arrayTypes[name].BYTES_PER_ELEMENT;
  const bytes = randomBytes(2 ** 20 + width).map((byte) => (isFloat(name) ? byte & 0x3f : byte));
  const model = new ModelAttachment(bytes);
  const ranges = [
    [0, bytes.length],
    [width, 2 ** 18 + width],
    [3, 3 + 2 ** 18 + 5 * width],
  ] as const;
  const answers = ranges.flatMap(([start, end]) =>
    methods.map((method) => ({ method, start, end, answer: model[method](typeOf(name), start, end) })),
  );
  megabytes.set(name, { bytes, answers });
  return { bytes, answers };
}

const show = (value: number | bigint): string => (Object.is(value, -0) ? "-0" : String(value));

for (const { name: pair, withAttachment } of pairs)
  for (const name of arrayTypeNames) {
    const type = typeOf(name);
    const width = type.BYTES_PER_ELEMENT;
    const numeric = suite(`Attachment.sum, min, max of ${name} [${pair}]`);

    /** Puts the elements in a window, and compares all three with what is expected; if they are few, with the model too. */
    const expectOf = (
      elements: AnyArray,
      expected: Partial<Record<(typeof methods)[number], number | bigint>>,
    ): void => {
      withAttachment(elements.byteLength + 19, (attachment) => {
        for (const start of [0, 1, 8, 19]) {
          attachment.bytes.fill(0xff);
          attachment.bytes.set(bytesOf(elements), start);
          const model = elements.length < 2000 ? new ModelAttachment(attachment.bytes.slice()) : undefined;
          for (const method of methods) {
            const actual = attachment[method](type, start, start + elements.byteLength);
            const modelled = model?.[method](type, start, start + elements.byteLength) ?? actual;
            assert.ok(Object.is(actual, modelled), `${method} is ${show(actual)}, the model's ${show(modelled)}`);
            const wanted = expected[method];
            if (wanted !== undefined)
              assert.ok(Object.is(actual, wanted), `${method} is ${show(actual)}, not ${show(wanted)}`);
          }
        }
      });
    };

    numeric("equal the model's for any number of random elements, at every alignment", () => {
      withAttachment(SIZE, (attachment) => {
        for (const mask of [0xff, 0x3f, 0x01]) {
          const random = randomBytes(SIZE).map((byte) => byte & mask);
          attachment.bytes.set(random);
          const model = new ModelAttachment(random);
          for (const count of [...counts, Math.floor((SIZE - 17) / width)])
            for (let start = 0; start < 17; start++)
              for (const method of methods) {
                const end = start + count * width;
                const [actual, expected] = [attachment[method](type, start, end), model[method](type, start, end)];
                assert.ok(
                  Object.is(actual, expected),
                  `${method} of ${count} at ${start}: ${show(actual)}, not ${show(expected)}`,
                );
              }
        }
      });
    });

    numeric("find the one that stands out, at every place", () => {
      withAttachment(130 * width + 5, (attachment) => {
        const [low, middle, high] = isBig(name) ? [1n, 5n, 9n] : [1, 5, 9];
        const elements = new type(130).fill(middle as number);
        for (const count of [1, 16, 17, 63, 64, 65, 130])
          for (let place = 0; place < count; place++) {
            const end = 5 + count * width;
            for (const [method, value] of [
              ["min", low],
              ["max", high],
            ] as const) {
              elements[place] = value as number;
              attachment.bytes.set(bytesOf(elements), 5);
              assert.is(attachment[method](type, 5, end), value, `${method}, ${place} of ${count}`);
              const [others] = [isBig(name) ? 5n * BigInt(count - 1) : 5 * (count - 1)];
              assert.is(attachment.sum(type, 5, end), (others as number) + (value as number));
              elements[place] = middle as number;
            }
          }
      });
    });

    numeric("work on a megabyte, across the borders of the core's calls", () => {
      const { bytes, answers } = megabyteOf(name);
      withAttachment(bytes.length, (attachment) => {
        attachment.bytes.set(bytes);
        for (const { method, start, end, answer } of answers)
          assert.ok(Object.is(attachment[method](type, start, end), answer), `${method} of ${start} to ${end}`);
      });
    });

    if (!isFloat(name)) {
      numeric("reach the extremes, and sum them exactly", () => {
        const [least, most] = extremesOf(name);
        for (const count of [1, 3, 16, 333, 70_000]) {
          const times = (value: number | bigint): number | bigint => {
            const product = BigInt(value) * BigInt(count);
            return isBig(name) ? product : Number(product);
          };
          for (const value of [least, most])
            expectOf(new type(count).fill(value as number), { sum: times(value), min: value, max: value });
        }
        const both = new type(1001).fill(most as number);
        both.fill(least as number, 0, 500);
        const sum = BigInt(least) * 500n + BigInt(most) * 501n;
        expectOf(both, { sum: isBig(name) ? sum : Number(sum), min: least, max: most });
      });
    } else {
      const float = (...values: number[]): AnyArray => arrayTypes[name as "Float64Array"].from(values);
      const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

      numeric("are NaN if any element is", () => {
        for (const count of [1, 16, 17, 100])
          for (let place = 0; place < count; place += 1 + (count >> 5)) {
            const values = new Array<number>(count).fill(3);
            values[place] = nan;
            expectOf(float(...values), { sum: nan, min: nan, max: nan });
          }
        const payloads = new Uint8Array(20 * width).fill(0xff); // quiet ones, negative, with every bit of payload
        expectOf(new type(payloads.buffer), { sum: nan, min: nan, max: nan });
        const signalling = float(1, 2, 3, 4);
        bytesOf(signalling).set(width === 4 ? [1, 0, 0x80, 0x7f] : [1, 0, 0, 0, 0, 0, 0xf0, 0x7f], width);
        expectOf(signalling, { sum: nan, min: nan, max: nan });
      });

      numeric("take -0 as less than 0, at any place; a sum begins at 0", () => {
        for (const count of [1, 2, 16, 17, 40])
          for (let place = 0; place < count; place++) {
            const zeros = new Array<number>(count).fill(0);
            zeros[place] = -0;
            expectOf(float(...zeros), { sum: 0, min: -0, ...(count > 1 ? { max: 0 } : { max: -0 }) });
            expectOf(float(...zeros.map((zero) => -zero)), {
              sum: 0,
              max: 0,
              ...(count > 1 ? { min: -0 } : { min: 0 }),
            });
          }
        expectOf(float(...new Array<number>(40).fill(-0)), { sum: 0, min: -0, max: -0 });
      });

      numeric("follow the rules of infinities", () => {
        expectOf(float(1, infinity, 2), { sum: infinity, min: 1, max: infinity });
        expectOf(float(1, -infinity, 2), { sum: -infinity, min: -infinity, max: 2 });
        expectOf(float(infinity, -infinity), { sum: nan, min: -infinity, max: infinity });
        expectOf(float(...new Array<number>(33).fill(infinity)), { sum: infinity, min: infinity, max: infinity });
      });

      numeric("subnormals are not zeros", () => {
        const least = width === 4 ? 2 ** -149 : Number.MIN_VALUE;
        expectOf(float(least, -least, least), { sum: least, min: -least, max: least });
        expectOf(float(...new Array<number>(100).fill(least)), { sum: 100 * least, min: least, max: least });
        expectOf(float(0, least), { sum: least, min: 0, max: least });
      });

      numeric("sums are float64, in the documented order", () => {
        if (width === 4) {
          const most = 3.4028234663852886e38;
          expectOf(float(...new Array<number>(100).fill(most)), { sum: 100 * most, max: most });
          expectOf(float(2 ** 24, 1, 1), { sum: 2 ** 24 + 2 });
        } else {
          const { MAX_VALUE: most } = Number;
          expectOf(float(most, most), { sum: infinity });
          expectOf(float(2 ** 53, 1, 1), { sum: 2 ** 53 }); // three partial sums: (2^53 + 1), and 1 more, each lost
          const apart = new Array<number>(33).fill(0);
          [apart[0], apart[16], apart[32]] = [2 ** 53, 1, 1]; // one partial sum, from left to right
          expectOf(float(...apart), { sum: 2 ** 53 });
          [apart[0], apart[16], apart[32]] = [1, 1, 2 ** 53];
          expectOf(float(...apart), { sum: 2 ** 53 + 2 });
          const halves = new Array<number>(16).fill(0);
          [halves[1], halves[9], halves[0]] = [1, 1, 2 ** 53]; // 1 and 9 meet first
          expectOf(float(...halves), { sum: 2 ** 53 + 2 });
        }
      });
    }

    numeric("of an empty range: the sum is 0, and there is no minimum or maximum", () => {
      withAttachment(SIZE, (attachment) => {
        for (const at of [0, 5, SIZE]) {
          assert.ok(Object.is(attachment.sum(type, at, at), isBig(name) ? 0n : 0));
          assert.throws(() => attachment.min(type, at, at), code("ERR_OUT_OF_RANGE", /"end"/));
          assert.throws(() => attachment.max(type, at, at), code("ERR_OUT_OF_RANGE", /"end"/));
        }
      });
    });

    numeric("refuse a bad range, or one that is not whole elements", () => {
      withAttachment(SIZE, (attachment) => {
        for (const method of methods) {
          for (let odd = 1; odd < width; odd++)
            assert.throws(() => attachment[method](type, 5, 5 + 10 * width + odd), code("ERR_OUT_OF_RANGE", /"end"/));
          for (const [start, end] of [
            [-width, width],
            [0, SIZE + 3 + 4],
            [16, 8],
            [0.5, 8.5],
            [0, Number.NaN],
            [2 ** 32, 2 ** 32 + 8],
          ] as const)
            assert.throws(() => attachment[method](type, start, end), code("ERR_OUT_OF_RANGE", /"(start|end)"/));
          assert.throws(
            () => attachment[method](type, "0" as unknown as number, 8),
            code("ERR_INVALID_ARG_TYPE", /"start"/),
          );
        }
      });
    });
    numeric.run();
  }

for (const { name: pair, withAttachment } of pairs) {
  const types = suite(`Attachment.sum, min, max of an unknown Type [${pair}]`);
  types("are refused", () => {
    withAttachment(SIZE, (attachment) => {
      for (const type of [
        DataView,
        Array,
        "Uint8Array",
        undefined,
        null,
        5,
        new Uint8Array(1),
        class extends Uint8Array {},
      ])
        for (const method of methods)
          assert.throws(
            () => attachment[method](type as unknown as typeof Uint8Array),
            code("ERR_INVALID_ARG_TYPE", /"Type"/),
          );
    });
  });
  types.run();
}
