/**
 * Why a call trapped: 0 if the bytes were not in the window. src/core/wasm/page.ts reads it after a trap, and resets
 * it.
 */
export let fault: u32 = 0;

/** The bytes are not a valid encoding. */
export const MALFORMED: u32 = 1;

/** The bytes encode more than a number holds. */
export const UNSAFE: u32 = 2;

/** Others wrote into the core's page. */
export const FOREIGN: u32 = 3;

/** Traps, for a reason. */
export function fail(reason: u32): void {
  fault = reason;
  unreachable();
}
