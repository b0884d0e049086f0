// What an argument must be, checked before any system call. Each function returns the value, or throws as Node does.
import { invalidType, invalidValue, outOfRange } from "./errors.js";
import { nearest } from "./nearest.js";

export function checkInteger(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw wrongInteger(name, value, least, most);
}

function wrongInteger(name: string, value: unknown, least: number, most: number): Error {
  if (typeof value !== "number") return invalidType(name, "of type number", value);
  return outOfRange(name, Number.isInteger(value) ? `>= ${least} and <= ${most}` : "an integer", value);
}

/** Sizes and offsets are bytes, exact to 2^53. */
export function checkSize(name: string, value: unknown, least = 0): number {
  return checkInteger(name, value, least, Number.MAX_SAFE_INTEGER);
}

export function checkId(value: unknown): number {
  return checkInteger("id", value, 0, 0x7fffffff);
}

/** A key_t, signed. ipcs prints keys as unsigned hexadecimal, so the unsigned form is allowed, too. */
export function checkKey(value: unknown): number {
  return checkInteger("key", value, -0x80000000, 0xffffffff) | 0;
}

export function checkMode(value: unknown): number {
  return checkInteger("mode", value, 0, 0o777);
}

/** Of a user or a group; 4294967295 stands for none. */
export function checkUid(name: string, value: unknown): number {
  return checkInteger(name, value, 0, 0xfffffffe);
}

export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw invalidType(name, "of type boolean", value);
  return value;
}

export function checkNumber(name: string, value: unknown): number {
  if (typeof value !== "number") throw invalidType(name, "of type number", value);
  return value;
}

export function checkBigInt(name: string, value: unknown): bigint {
  if (typeof value !== "bigint") throw invalidType(name, "of type bigint", value);
  return value;
}

export function checkString(name: string, value: unknown): string {
  if (typeof value !== "string") throw invalidType(name, "of type string", value);
  return value;
}

/** An AbortSignal, also one of another realm or of a library: only these members of it are needed. */
export function checkSignal<T>(name: string, value: T): NonNullable<T> {
  const { aborted, addEventListener, removeEventListener } = (value ?? {}) as Record<string, unknown>;
  if (
    typeof aborted === "boolean" &&
    typeof addEventListener === "function" &&
    typeof removeEventListener === "function"
  )
    return value as NonNullable<T>;
  throw invalidType(name, "an instance of AbortSignal", value);
}

/** An object whose keys are names of the caller's choice, or undefined. */
export function checkRecord<T extends object>(value: T | undefined, name = "options"): Partial<T> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null) throw invalidType(name, "of type object", value);
  return value;
}

/**
 * An options object, or undefined. A key that no option has is refused: a misspelt `acess: "read-only"` would otherwise be
 * silently read-write.
 *
 * @param keys all options
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` it is not an object; `ERR_INVALID_ARG_VALUE` it has a key that is not in `keys`
 */
export function checkOptions<T extends object>(
  value: T | undefined,
  keys: readonly (keyof T & string)[],
  name = "options",
): Partial<T> {
  const options = checkRecord(value, name);
  for (const key of Object.keys(options))
    if (!keys.includes(key as keyof T & string)) throw unknownKey(name, key, keys, options);
  return options;
}

/** Some of the options, if they are not undefined; also inherited ones, as a destructuring has them, and a spread has not. */
export function pickOptions<T extends object, K extends keyof T>(options: T, keys: readonly K[]): Pick<T, K> {
  const given = keys.filter((key) => options[key] !== undefined);
  return Object.fromEntries(given.map((key) => [key, options[key]])) as Pick<T, K>;
}

function unknownKey(name: string, key: string, keys: readonly string[], value: object): Error {
  const meant = nearest(key, keys);
  const hint =
    meant === undefined
      ? `It must be one of ${keys.map((known) => `'${known}'`).join(", ")}.`
      : `Did you mean '${meant}'?`;
  return invalidValue(`${name}.${key}`, hint, (value as Record<string, unknown>)[key]);
}

/**
 * The error for more arguments than a method takes. Ignoring one would hide a mistake: `cursor.writeUint8(value, 16)`, in the
 * manner of Buffer, does not write at 16. Each method compares `arguments.length` itself, as that costs nothing once it is
 * compiled (readUint32 by the JS core: 2.9 ns with and without it; Node 20, x86-64). Functions that need no `this` ignore
 * more arguments, so that `ids.forEach(destroySegment)` works.
 */
export function extraArgument(operation: string, given: ArrayLike<unknown>, most: number): Error {
  const takes = most === 1 ? "1 argument" : `${most} arguments`;
  return invalidValue(`arguments[${most}]`, `${operation} takes ${takes}.`, given[most]);
}

/**
 * Why a call with a number is refused: more than `most` arguments; a last one, `littleEndian`, that is not a boolean; or a
 * first one that is not of `type`.
 */
export function wrongCall(operation: string, given: IArguments, most: number, ordered: boolean, type = ""): Error {
  if (given.length > most) return extraArgument(operation, given, most);
  const order: unknown = given[most - 1];
  if (ordered && order !== undefined && typeof order !== "boolean")
    return invalidType("littleEndian", "of type boolean", order);
  return invalidType("value", `of type ${type}`, given[0]);
}

/** @throws {TypeError} `ERR_INVALID_ARG_TYPE`, also for an offset, which would count as true */
export function checkOrder(littleEndian: unknown): void {
  if (typeof littleEndian !== "boolean") throw invalidType("littleEndian", "of type boolean", littleEndian);
}

export function checkChoice<T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  if (choices.includes(value as T)) return value as T;
  throw invalidType(name, `one of ${choices.map((choice) => `'${choice}'`).join(", ")}`, value);
}
