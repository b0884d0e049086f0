// What crosses between a guest and the program that runs it.
import { checkString } from "../common/arguments.js";
import { invalidType } from "../common/errors.js";
import type { Access } from "../common/flags.js";

export type GuestValue = number | bigint;
export type GuestResult = GuestValue | GuestValue[] | undefined;

/** What a guest may export, if no type says it: any name. */
export type AnyExports = Readonly<Record<string, (...values: GuestValue[]) => GuestResult>>;

/** A type of the functions that a guest exports: `{ sum(at: number, length: number): number }`. */
export type GuestExports<Exports> = {
  readonly [Name in keyof Exports]: (...values: never[]) => unknown;
};

/**
 * What a call of one of them takes, and what it returns. Functions of which nothing is known, as in
 * `ReturnType<typeof createSandbox>`, take and return anything.
 */
export type CallValues<Exports, Name extends keyof Exports> = Exports[Name] extends (
  ...values: infer Values extends GuestValue[]
) => unknown
  ? never[] extends Values
    ? GuestValue[]
    : Values
  : never;
export type CallResult<Exports, Name extends keyof Exports> = Exports[Name] extends (...values: never[]) => infer Result
  ? unknown extends Result
    ? GuestResult
    : Result
  : never;

/** Functions that a guest may import, by module and name. */
export type Imports = Readonly<Record<string, Readonly<Record<string, (...values: never[]) => unknown>>>>;

/** @internal The most wasm pages that a 32-bit memory may have: 4 GiB. */
export const MOST_PAGES = 65_536;

/** Where a guest sees a window: bytes of its memory. */
export interface GuestWindow {
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly access: Access;
}

/**
 * @internal Checks the arguments of a call: only what wasm takes as a number. The conversion of an object would run code
 * of its own.
 */
export function checkCall(name: unknown, values: readonly unknown[]): asserts values is readonly GuestValue[] {
  checkString("name", name);
  values.forEach((value, index) => {
    if (typeof value !== "number" && typeof value !== "bigint")
      throw invalidType(`values[${index}]`, "of type number or bigint", value);
  });
}
