// How long a call waits, and what ends the wait: the options of every call that can wait.
import { checkInteger, checkOptions, checkSignal } from "../common/arguments.js";

/** AbortSignal, also for users who compile without TypeScript's `dom` library and Node's types. */
export type WaitSignal = typeof globalThis extends { AbortSignal: { prototype: infer S } }
  ? S
  : {
      readonly aborted: boolean;
      readonly reason: unknown;
      addEventListener(type: "abort", listener: () => void): void;
      removeEventListener(type: "abort", listener: () => void): void;
    };

export interface WaitOptions {
  /** An AbortSignal. It ends the wait: the promise is rejected with `signal.reason`. */
  signal?: WaitSignal;
  /** Longest wait: milliseconds, 0 to 2147483647. 0 does not wait at all. Default: as long as it takes. */
  timeoutMs?: number;
}

export type SyncWaitOptions = Pick<WaitOptions, "timeoutMs">;

const MOST_MS = 0x7fffffff; // what setTimeout takes

function checkTimeout(timeoutMs: unknown): number {
  return timeoutMs === undefined ? Number.POSITIVE_INFINITY : checkInteger("options.timeoutMs", timeoutMs, 0, MOST_MS);
}

/** The longest wait in milliseconds, and the signal. Throws the reason of a signal that was aborted before. */
export function checkWait(options: WaitOptions | undefined): { signal: WaitSignal | undefined; timeoutMs: number } {
  if (options === undefined) return { signal: undefined, timeoutMs: Number.POSITIVE_INFINITY };
  const { signal, timeoutMs } = checkOptions(options, ["signal", "timeoutMs"]);
  if (signal !== undefined) checkSignal("options.signal", signal);
  const checked = checkTimeout(timeoutMs);
  if (signal?.aborted) throw signal.reason;
  return { signal, timeoutMs: checked };
}

export function checkSyncWait(options: SyncWaitOptions | undefined): number {
  return options === undefined
    ? Number.POSITIVE_INFINITY
    : checkTimeout(checkOptions(options, ["timeoutMs"]).timeoutMs);
}
