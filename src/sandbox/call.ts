import { checkString } from "../common/arguments.js";
import { invalidType } from "../common/errors.js";
import type { GuestValue } from "./guest.js";

/** The arguments of a call: what wasm takes for numbers, and no object whose conversion would run code of its own. */
export function checkCall(name: unknown, values: readonly unknown[]): asserts values is readonly GuestValue[] {
  checkString("name", name);
  values.forEach((value, index) => {
    if (typeof value !== "number" && typeof value !== "bigint")
      throw invalidType(`values[${index}]`, "of type number or bigint", value);
  });
}
