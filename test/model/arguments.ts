// How the model checks arguments and refuses them: by code, without a message.
export class Refusal extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

export const refuse = (code: string): never => {
  throw new Refusal(code);
};

export const wrongType = (): never => refuse("ERR_INVALID_ARG_TYPE");
export const outOfRange = (): never => refuse("ERR_OUT_OF_RANGE");
export const outOfBounds = (): never => refuse("ERR_SHM_OUT_OF_BOUNDS");

export function integer(value: unknown, least: number, most: number): number {
  if (typeof value !== "number") return wrongType();
  return Number.isInteger(value) && value >= least && value <= most ? value : outOfRange();
}

export const size = (value: unknown): number => integer(value, 0, Number.MAX_SAFE_INTEGER);

export function number(value: unknown): number {
  return typeof value === "number" ? value : wrongType();
}

export function bigint(value: unknown, least?: bigint, most?: bigint): bigint {
  if (typeof value !== "bigint") return wrongType();
  return least === undefined || most === undefined || (value >= least && value <= most) ? value : outOfRange();
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : wrongType();
}

export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

export const arrayTypes = {
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

export type ArrayTypeName = keyof typeof arrayTypes;
export type AnyArrayType = (typeof arrayTypes)[ArrayTypeName];
export type AnyArray = InstanceType<AnyArrayType>;
export const arrayTypeNames = Object.keys(arrayTypes) as ArrayTypeName[];

export function arrayType(value: unknown): AnyArrayType {
  return Object.values(arrayTypes).find((type) => type === value) ?? wrongType();
}

/** The bytes of an array. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
