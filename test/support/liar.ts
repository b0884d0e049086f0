/** A Uint8Array of nines that claims another length. */
export const liar = (length: unknown, bytes = 4): Uint8Array =>
  Object.defineProperty(new Uint8Array(bytes).fill(9), "length", { value: length });

/** What such arrays claim. */
export const lies: readonly unknown[] = [-5, Number.NaN, 1.5, "3", 100, 0];

/** A Uint8Array whose methods a subclass has taken away. */
export class Awkward extends Uint8Array {
  override subarray(): never {
    throw new Error("subarray was called");
  }
  override set(): never {
    throw new Error("set was called");
  }
  override slice(): never {
    throw new Error("slice was called");
  }
}
