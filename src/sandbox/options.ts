// The options of a sandbox, checked before anything is made.
import {
  checkBoolean,
  checkChoice,
  checkNumber,
  checkOptions,
  checkRecord,
  checkSize,
  checkString,
} from "../common/arguments.js";
import { invalidType, outOfRange, unsupported } from "../common/errors.js";
import { type Access, accesses } from "../common/flags.js";
import { hints } from "../common/hints.js";
import { checkCapability } from "../host/check.js";
import { Segment, segments } from "../segment/segment.js";
import { CANNOT_END, endsThreads } from "./engine.js";
import type { Imports } from "./guest.js";
import type { WindowRequest } from "./job.js";

/** A window of a segment in a guest's memory. */
export interface SandboxWindow {
  segment: Segment;
  /** What the guest may do to the segment (default `"read-only"`). */
  access?: Access;
  /** Bytes from the segment's start, a multiple of the page size (default 0). */
  offset?: number;
  /** Bytes (default: to the end of the segment). */
  length?: number;
}

export interface SandboxOptions {
  /** The windows that the guest sees, by names of your choice (default none). */
  windows?: Readonly<Record<string, SandboxWindow>>;
  /** Milliseconds that a call, or the guest's start, may take; Infinity for no limit (default 10,000). */
  timeLimitMs?: number;
  /** Bytes of memory that the guest may have, windows not included (default 256 MiB). */
  memoryLimit?: number;
  /**
   * The name of an exported allocator, such as `"malloc"`; the windows are put into blocks that it returns. For guests
   * that use all of their memory as heap (emscripten, TinyGo). Default: windows lie in pages of their own.
   */
  allocator?: string;
  /** Functions that the guest may import, by module and name (default none). They run on the caller's thread. */
  imports?: Imports;
  /** Run a trusted guest on this thread, with synchronous calls and no time limit (default false). */
  inline?: boolean;
}

/** @internal */
export interface CheckedWindow extends WindowRequest {
  readonly segment: Segment;
}

/** @internal Options with their defaults filled in. */
export interface CheckedOptions {
  readonly windows: ReadonlyMap<string, CheckedWindow>;
  readonly timeLimitMs: number;
  /** Bytes. */
  readonly memoryLimit: number;
  readonly allocator: string | undefined;
  readonly imports: Imports;
  readonly inline: boolean;
}

const sandboxKeys = ["windows", "timeLimitMs", "memoryLimit", "allocator", "imports", "inline"] as const;
const windowKeys = ["segment", "access", "offset", "length"] as const;

const DEFAULT_TIME_LIMIT_MS = 10_000;
const DEFAULT_MEMORY_LIMIT = 256 * 2 ** 20;

/** @internal */
export function checkSandboxOptions(options: SandboxOptions | undefined): CheckedOptions {
  const {
    allocator,
    inline = false,
    timeLimitMs = DEFAULT_TIME_LIMIT_MS,
    memoryLimit = DEFAULT_MEMORY_LIMIT,
    ...rest
  } = checkOptions(options, sandboxKeys);
  checkBoolean("options.inline", inline);
  const windows = checkWindows(rest.windows, inline);
  const imports = checkImports(rest.imports);
  checkSize("options.memoryLimit", memoryLimit);
  checkTimeLimit(timeLimitMs);
  if (!inline && timeLimitMs !== Number.POSITIVE_INFINITY && !endsThreads)
    throw unsupported("a sandbox with a time limit", `${CANNOT_END}; ${hints.noTimeLimit}`, {
      hint: hints.noTimeLimit,
    });
  if (allocator !== undefined) checkString("options.allocator", allocator);
  return { windows, timeLimitMs, memoryLimit, allocator, imports, inline };
}

function checkWindows(windows: SandboxOptions["windows"], inline: boolean): Map<string, CheckedWindow> {
  const checked = new Map<string, CheckedWindow>();
  for (const [name, window] of Object.entries(checkRecord(windows, "options.windows"))) {
    const option = `options.windows.${name}`;
    const { segment, access = "read-only", offset = 0, length } = checkOptions(window, windowKeys, option);
    if (!(segment instanceof Segment)) throw invalidType(`${option}.segment`, "an instance of Segment", segment);
    checkChoice(`${option}.access`, access, accesses);
    checkSize(`${option}.offset`, offset);
    if (length !== undefined) checkSize(`${option}.length`, length, 1);
    const host = segments.hostOf(segment);
    checkCapability(host, "attach into a memory", `a sandbox on segment ${segment.id}`);
    if (!inline) checkCapability(host, "open in another thread", `a thread for a sandbox on segment ${segment.id}`);
    const rest = segment.size - offset;
    if (rest <= 0) throw outOfRange(`${option}.offset`, `< ${segment.size}, the segment's size`, offset);
    checked.set(name, {
      segment,
      access,
      offset,
      length: length ?? rest,
      attach: (options) => segment.attach(options),
    });
  }
  return checked;
}

function checkImports(imports: unknown): Imports {
  const modules = checkRecord(imports as Imports | undefined, "options.imports") as Imports;
  for (const [module, functions] of Object.entries(modules))
    for (const [name, value] of Object.entries(checkRecord(functions, `options.imports.${module}`)))
      if (typeof value !== "function")
        throw invalidType(`options.imports.${module}.${name}`, "of type function", value);
  return modules;
}

function checkTimeLimit(value: unknown): void {
  const limit = checkNumber("options.timeLimitMs", value);
  if (!(limit > 0)) throw outOfRange("options.timeLimitMs", "> 0", limit);
}
