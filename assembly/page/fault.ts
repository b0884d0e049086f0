/** Why a call trapped: 0 where the bytes were not in the window. wasm.ts reads it after a trap, and sets it back. */
export let fault: u32 = 0;

/** The bytes are not what they should encode. */
export const MALFORMED: u32 = 1;

/** They encode more than a number holds. */
export const UNSAFE: u32 = 2;

/** Traps, and says why. */
export function fail(reason: u32): void {
  fault = reason;
  unreachable();
}
