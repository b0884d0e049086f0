// What crosses between a guest and the program that runs it.
import { checkString } from "../common/arguments.js";
import { invalidType } from "../common/errors.js";
import type { Access } from "../common/flags.js";

export type GuestValue = number | bigint;
export type GuestResult = GuestValue | GuestValue[] | undefined;

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
