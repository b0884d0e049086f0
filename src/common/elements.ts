// The eleven kinds of typed array, and what their elements are.
import { checkNotDetached, tagOf } from "./bytes.js";
import { invalidType } from "./errors.js";

const constructors = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
} as const;

type ArrayName = keyof typeof constructors;

/** The constructor of one of the eleven kinds of typed array. */
export type ElementArrayConstructor = (typeof constructors)[ArrayName];

/** A typed array of any of the eleven kinds, over any buffer. */
export type ElementArray = NumberArray | BigInt64Array | BigUint64Array;

export type BigIntArrayConstructor = BigInt64ArrayConstructor | BigUint64ArrayConstructor;
export type NumberArrayConstructor = Exclude<ElementArrayConstructor, BigIntArrayConstructor>;

/** A typed array whose elements are numbers, not bigints. */
export type NumberArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** Bytes of an element. */
export type Width = 1 | 2 | 4 | 8;

/** What a typed array's elements are. Uint8Array and Uint8ClampedArray are both "Uint8". */
export type ElementKind =
  | "Int8"
  | "Uint8"
  | "Int16"
  | "Uint16"
  | "Int32"
  | "Uint32"
  | "Float32"
  | "Float64"
  | "BigInt64"
  | "BigUint64";

export type NumberKind = Exclude<ElementKind, `Big${string}`>;
export type BigIntKind = Extract<ElementKind, `Big${string}`>;

export interface ArrayKind {
  readonly name: ArrayName;
  readonly kind: ElementKind;
  readonly width: Width;
}

const kinds = new Map<string, ArrayKind>(
  Object.entries(constructors).map(([name, { BYTES_PER_ELEMENT }]) => [
    name,
    {
      name: name as ArrayName,
      kind: (name === "Uint8ClampedArray" ? "Uint8" : name.slice(0, -"Array".length)) as ElementKind,
      width: BYTES_PER_ELEMENT as Width,
    },
  ]),
);

const expected = `one of ${Object.keys(constructors).join(", ")}`;

/** By constructor, for the checks of each call: those of this realm. */
const kindsByType = new Map<unknown, ArrayKind>(
  Object.entries(constructors).map(([name, Type]) => [Type, kinds.get(name) as ArrayKind]),
);

/** The kind of a typed array; undefined for anything else, even an object that imitates one. */
export function arrayKindOf(value: unknown): ArrayKind | undefined {
  return kinds.get(tagOf(value) ?? "");
}

/** @throws {TypeError} `ERR_INVALID_ARG_TYPE` not a typed array; `ERR_INVALID_ARG_VALUE` its buffer is detached */
export function checkArray(name: string, value: unknown): ArrayKind {
  const kind = arrayKindOf(value);
  if (!kind) throw invalidType(name, `an instance of ${expected}`, value);
  checkNotDetached(name, value);
  return kind;
}

const sourceOf = Function.prototype.toString;

/**
 * The kind that a constructor makes. Not of a subclass. Jest, and vitest's vmThreads, give tests the constructors of another
 * realm: those are the engine's own functions too, and only these have a source text that is a name without code; in Bun bound
 * functions have it too, but no prototype.
 */
export function checkType(value: unknown): ArrayKind {
  const known = kindsByType.get(value);
  if (known) return known;
  if (typeof value === "function" && Object.hasOwn(value, "prototype")) {
    const source = sourceOf.call(value);
    for (const [Type, kind] of kindsByType) if (source === sourceOf.call(Type)) return kind;
  }
  throw invalidType("Type", expected, value);
}

/** Whether this machine stores the lowest byte of a number first. */
export const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
