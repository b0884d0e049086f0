// What a call on bytes that a peer rewrites can come to, and the lines in which a child process says so.

/** What the test found of one call, on one engine and kind of memory. */
export interface Outcome {
  /**
   * `ok`: it neither crashed nor misbehaved. `crash`: the process ended. `hang`: it did not return. `wrong`: on bytes that
   * do not change it gives another result than on a copy of them. `shares`: what should be a copy is a view. `refused`: it
   * throws for this kind of memory. `absent`: the engine does not have it.
   */
  readonly result: "ok" | "crash" | "hang" | "wrong" | "shares" | "refused" | "absent";
  /** Of a crash: the signal or the exit code; of a refusal: the error. */
  readonly note?: string;
  /** How often it was called. Of a crash: unknown. */
  readonly count?: number;
  /** How long it was called, or until it crashed. */
  readonly seconds: number;
}

/** A line of a child. Before the first call of a name it writes a start, so that its end shows which call ended it. */
export type Line = { readonly start: string } | { readonly end: string; readonly outcome: Outcome };

export const kinds = ["shared", "plain"] as const;
export type Kind = (typeof kinds)[number];

/** Sizes of the windows, in turn: one that stays in the processor's cache, and one that does not. Bytes. */
export const WINDOWS = [65_536, 4 * 2 ** 20];
