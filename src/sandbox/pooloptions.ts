// The options of a pool of sandboxes, checked before anything is made.
import { checkBoolean, checkInteger, checkOptions } from "../common/arguments.js";
import { invalidType, invalidValue } from "../common/errors.js";
import { type CheckedOptions, checkSandboxOptions, checkWindows, type SandboxOptions, sandboxKeys } from "./options.js";

/** Those of a sandbox, whose `isolation` is `"process"`, and: */
export interface SandboxPoolOptions<Windows extends string = string> extends SandboxOptions<Windows> {
  /** Processes, and so calls at a time (default 2; at most 256). */
  size?: number;
  /** Whether each call has a guest of its own, whose process ends with the call (default false). */
  fresh?: boolean;
  /** Calls that may wait for a free process (default 1,000). */
  mostWaiting?: number;
}

/** @internal */
export interface CheckedPoolOptions extends CheckedOptions {
  readonly size: number;
  readonly fresh: boolean;
  readonly mostWaiting: number;
}

const own = ["size", "fresh", "mostWaiting"] as const;
const keys = [...own, ...sandboxKeys] as const;

const MOST_PROCESSES = 256;

/** @internal */
export function checkPoolOptions(options: SandboxPoolOptions | undefined): CheckedPoolOptions {
  const { size = 2, fresh = false, mostWaiting = 1000, ...rest } = checkOptions(options, keys);
  const { isolation = "process" } = rest;
  if (isolation !== "process") throw invalidValue("options.isolation", "A pool's guests are in processes.", isolation);
  checkInteger("options.size", size, 1, MOST_PROCESSES);
  checkBoolean("options.fresh", fresh);
  checkInteger("options.mostWaiting", mostWaiting, 0, Number.MAX_SAFE_INTEGER);
  return { ...checkSandboxOptions(rest), size, fresh, mostWaiting };
}

/** @internal The windows of {@link SandboxPool.use}; undefined if none are named. */
export function checkUse(
  use: unknown,
  options: Pick<SandboxOptions, "windows"> | undefined,
): CheckedOptions["windows"] | undefined {
  if (typeof use !== "function") throw invalidType("use", "of type function", use);
  const { windows } = checkOptions(options, ["windows"]);
  return windows === undefined ? undefined : checkWindows(windows, "process");
}
