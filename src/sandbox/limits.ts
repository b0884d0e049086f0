// How large a module may be.
import { checkOptions, checkSize } from "../common/arguments.js";
import { guestError } from "../common/errors.js";

/** The most that a guest's module may have. More is `ERR_SHM_GUEST_LIMIT`. */
export interface ModuleLimits {
  /** Bytes of the module (default 16 MiB). */
  bytes?: number;
  /** Functions that it defines (default 50,000). */
  functions?: number;
  /** Bytes of one function's code (default 512 KiB). */
  functionBytes?: number;
  /** Locals of one function (default 10,000). */
  locals?: number;
  /** Types (default 10,000). */
  types?: number;
  /** Imports (default 1,000). */
  imports?: number;
  /** Exports (default 20,000). */
  exports?: number;
  /** Globals that it defines (default 20,000). */
  globals?: number;
  /** Tables that it defines (default 100). */
  tables?: number;
  /** Segments of data, and segments of elements (default 20,000). */
  segments?: number;
  /** Elements of all its segments together (default 1,000,000). */
  elements?: number;
}

export type CheckedLimits = Readonly<Required<ModuleLimits>>;

const defaults: CheckedLimits = Object.freeze({
  bytes: 16 * 2 ** 20,
  functions: 50_000,
  functionBytes: 512 * 1024,
  locals: 10_000,
  types: 10_000,
  imports: 1000,
  exports: 20_000,
  globals: 20_000,
  tables: 100,
  segments: 20_000,
  elements: 1_000_000,
});

const keys = Object.keys(defaults) as (keyof ModuleLimits)[];

/** @internal With the defaults filled in. */
export function checkModuleLimits(value: ModuleLimits | undefined): CheckedLimits {
  const given = checkOptions(value, keys, "options.moduleLimits");
  for (const key of keys) if (given[key] !== undefined) checkSize(`options.moduleLimits.${key}`, given[key]);
  const named = Object.entries(given).filter(([, limit]) => limit !== undefined);
  return { ...defaults, ...Object.fromEntries(named) };
}

/** @throws {ShmError} `ERR_SHM_GUEST_LIMIT` */
export function within(limits: CheckedLimits, key: keyof ModuleLimits, found: number, what: string): void {
  if (found <= limits[key]) return;
  throw guestError("ERR_SHM_GUEST_LIMIT", `the guest has ${found} ${what}; moduleLimits.${key} is ${limits[key]}`);
}
