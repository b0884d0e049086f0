// The parts of random commands: places and values, and how they make a command.
import fc, { type Arbitrary } from "fast-check";
import type { Attachment, Cursor } from "wasm-shm";
import { invalidSequences, moreInvalid } from "../support/sequences.js";
import type { ModelAttachment } from "./attachment.js";
import type { ModelCursor } from "./cursor.js";
import { encodeUtf8, fromFloat16 } from "./naive.js";

export interface Subject {
  cursor: Cursor | ModelCursor;
  attachment: Attachment | ModelAttachment;
}

export interface Command {
  /** The method that it tests. */
  name: string;
  run(subject: Subject): unknown;
  toString(): string;
}

/** A place in a window of any size. */
type Place = { from: "start" | "end"; bytes: number } | { part: number } | { wild: unknown };

export function resolve(place: Place, size: number): number {
  if ("wild" in place) return place.wild as number;
  if ("part" in place) return Math.floor(place.part * size);
  return place.from === "start" ? Math.min(place.bytes, size) : Math.max(0, size - place.bytes);
}

export const wild = fc.constantFrom<unknown>(
  -1,
  0.5,
  Number.NaN,
  2 ** 32,
  2 ** 53,
  Number.POSITIVE_INFINITY,
  "1",
  null,
  {},
  1n,
  true,
);
export const inside: Arbitrary<Place> = fc.oneof(
  fc.record({ from: fc.constantFrom<"start" | "end">("start", "end"), bytes: fc.nat(70) }),
  fc.record({ part: fc.double({ min: 0, max: 1, noNaN: true }) }),
);
/** Most are inside. At most one argument of a command comes from here, so that only one code is right. */
export const place: Arbitrary<Place> = fc.oneof(
  { weight: 24, arbitrary: inside },
  { weight: 1, arbitrary: fc.record({ wild }) },
);

export const text: Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.array(fc.integer({ min: 0xd7fe, max: 0xe001 }), { maxLength: 12 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom("", "\0", "a\0b", "\ufeff", "\ufeffx", "\ud800", "\u{10ffff}", "x".repeat(300)),
);
export const brief: Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.uint8Array({ maxLength: 8, max: 1 }),
  text.map(encodeUtf8),
);
/** UTF-8, or a sequence with one error. */
export const nearly = fc.oneof(
  fc.constantFrom(...[...invalidSequences, ...moreInvalid].map(([, bytes]) => Uint8Array.from(bytes))),
  fc.string({ unit: "binary", minLength: 1, maxLength: 3 }).map(encodeUtf8),
);
export const littleEndian = fc.boolean();
export const safe = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -130, max: 130 }),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  fc.nat(53).map((bits) => 2 ** bits - 1),
);
export const big = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.nat(64).map((bits) => 2n ** BigInt(bits)),
  fc.nat(63).map((bits) => -(2n ** BigInt(bits))),
);
export const float = fc.oneof(
  fc.double(),
  fc.constantFrom(-0, 65504, 65519.99, 65520, 2 ** -25, 2 ** -24 * 1.5, 1 + 2 ** -11, 1 + 2 ** -11 + 2 ** -40),
  fc.nat(0x7bff).map((pattern) => (fromFloat16(pattern) + fromFloat16(pattern + 1)) / 2),
  fc.integer().map(Number),
);
export const wildNumber = wild.filter((value) => typeof value !== "number" || !Number.isFinite(value) || value === 0.5);

/** A command with `arguments`, which are printed after its name. */
export function command<T extends unknown[]>(
  name: string,
  values: { [K in keyof T]: Arbitrary<T[K]> },
  run: (subject: Subject, ...given: T) => unknown,
): Arbitrary<Command> {
  return fc.tuple<T>(...values).map((given) => ({
    name,
    run: (subject) => run(subject, ...given),
    toString: () => `${name}(${given.map((value) => fc.stringify(value)).join(", ")})`,
  }));
}

/** A command at the cursor. Half of them seek to a random place first. */
export function atCursor<T extends unknown[]>(
  name: string,
  values: { [K in keyof T]: Arbitrary<T[K]> },
  run: (cursor: ModelCursor, ...given: T) => unknown,
): Arbitrary<Command> {
  const before = fc.option(inside, { freq: 1, nil: undefined });
  return command<[Place | undefined, ...T]>(name, [before, ...values] as never, ({ cursor }, at, ...given) => {
    if (at) cursor.seek(resolve(at, cursor.size));
    return run(cursor as ModelCursor, ...(given as unknown as T)); // a Cursor has every method that is called
  });
}

/** A command on a range. */
export function onRange<T extends unknown[]>(
  name: string,
  values: { [K in keyof T]: Arbitrary<T[K]> },
  run: (attachment: Attachment, start: number, end: number, ...given: T) => unknown,
  align: Arbitrary<number> = fc.constant(1),
): Arbitrary<Command> {
  const range = fc.oneof(
    { weight: 12, arbitrary: fc.tuple(inside, inside, fc.constant(true)) },
    { weight: 1, arbitrary: fc.tuple(place, inside, fc.constant(false)) },
    { weight: 1, arbitrary: fc.tuple(inside, place, fc.constant(false)) },
  );
  return command<[[Place, Place, boolean], number, ...T]>(
    name,
    [range, align, ...values] as never,
    ({ attachment }, [first, second, ordered], width, ...given) => {
      const size = attachment.byteLength;
      let [start, end] = [resolve(first, size), resolve(second, size)];
      if (ordered && start > end) [start, end] = [end, start];
      if (ordered && width > 1) end -= (end - start) % width;
      return run(attachment as Attachment, start, end, ...(given as unknown as T));
    },
  );
}
