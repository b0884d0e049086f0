// The options of a sandbox, checked before anything is made.
import { isAbsolute } from "node:path";
import { checkChoice, checkNumber, checkOptions, checkRecord, checkSize, checkString } from "../common/arguments.js";
import { invalidType, invalidValue, outOfRange, unsupported } from "../common/errors.js";
import { type Access, accesses } from "../common/flags.js";
import { hints } from "../common/hints.js";
import { checkCapability } from "../host/check.js";
import { windowOf } from "../segment/request.js";
import { Segment, segments } from "../segment/segment.js";
import type { Imports } from "./guest.js";
import type { WindowRequest } from "./job.js";
import { type CheckedLimits, checkModuleLimits, type ModuleLimits } from "./limits.js";
import { HOST, type ProvidedJob, type Toolchain, toolchains } from "./providedjob.js";
import { CANNOT_END, endsThreads } from "./thread/engine.js";
import { checkWasi, type WasiOptions } from "./wasioptions.js";

/**
 * Where a guest runs. `"process"` holds a hostile one: the kernel enforces its limits. `"thread"` and `"inline"` are for guests
 * that are trusted to be harmless; docs/sandbox.md says what each does not protect from.
 */
export const isolations = ["process", "thread", "inline"] as const;
export type Isolation = (typeof isolations)[number];

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

/** Functions, or names of such that `wasi` and `toolchain` give: `{ a: { c: "emscripten_memcpy_js" } }` after a minifier. */
export type GivenImports = Readonly<
  Record<string, Readonly<Record<string, ((...values: never[]) => unknown) | string>> | "trap">
>;

export interface SandboxOptions<Windows extends string = string> {
  /**
   * Where the guest runs (default `"process"`): in a process of its own, in a thread of its own, or, with synchronous calls
   * and no time limit, on the caller's thread.
   */
  isolation?: Isolation;
  /** The windows that the guest sees, by names of your choice (default none). */
  windows?: Readonly<Record<Windows, SandboxWindow>>;
  /** Milliseconds that a call, or the guest's start, may take; Infinity for no limit (default 10,000). */
  timeLimitMs?: number;
  /** Bytes of memory that the guest may have, windows not included (default 256 MiB). */
  memoryLimit?: number;
  /**
   * Bytes that the guest's process may take beside the guest's memory, once it is confined: for the compiler and the
   * guest's code, and a quarter of them for the engine's heap, which has tables and exceptions (default 256 MiB, at least
   * 128 MiB). Only of `isolation: "process"`.
   */
  processMemoryLimit?: number;
  /**
   * The Node that runs the guest's process, version 20 or later: an absolute path (default: `process.execPath`, which is
   * one in Node itself; not in Bun, Deno, Electron or a single executable). Only of `isolation: "process"`.
   */
  execPath?: string;
  /**
   * Instructions that the guest may execute in all, its start included (default: they are not counted); past them
   * `ERR_SHM_FUEL`. `sandbox.fuel` is what is left, and can be set. Of a pool: for each call.
   */
  fuel?: number;
  /** The most that the module may have: functions, bytes of each, exports and so on. */
  moduleLimits?: ModuleLimits;
  /**
   * The name of an exported allocator, such as `"malloc"`; the windows are put into blocks that it returns (default: they lie
   * behind all that the guest may see of its memory).
   */
  allocator?: string;
  /**
   * Functions that the guest may import, by module and name (default none). They run on the caller's thread. `"trap"`: each
   * function that it imports and nothing gives is one that traps, and says its name; `{ env: { … }, "*": "trap" }` does both.
   */
  imports?: GivenImports | "trap";
  /**
   * Gives a guest what its compiler expects of `env`, and `wasi: {}`: `"assemblyscript"` (`abort`, `seed`, `trace`) or
   * `"emscripten"` (`emscripten_memcpy_js`, `abort`, … for guests that compute).
   */
  toolchain?: Toolchain;
  /** WASI preview 1 for a guest that imports it (default: it has none): no more of it than this names. */
  wasi?: WasiOptions;
}

/** @internal */
export interface CheckedWindow extends WindowRequest {
  readonly segment: Segment;
}

/** @internal Options with their defaults filled in. */
export interface CheckedOptions extends ProvidedJob {
  readonly isolation: Isolation;
  readonly windows: ReadonlyMap<string, CheckedWindow>;
  readonly timeLimitMs: number;
  /** Bytes. */
  readonly memoryLimit: number;
  readonly processMemoryLimit: number;
  readonly execPath: string;
  readonly moduleLimits: CheckedLimits;
  readonly fuel: number | undefined;
  readonly allocator: string | undefined;
  readonly imports: Imports;
  /** Whether every function that it imports is to trap. */
  readonly trapsImports: boolean;
}

const forProcess = ["processMemoryLimit", "execPath"] as const;
/** @internal */
export const sandboxKeys = [
  "isolation",
  "windows",
  "timeLimitMs",
  "memoryLimit",
  "moduleLimits",
  "fuel",
  "allocator",
  "imports",
  "toolchain",
  "wasi",
  ...forProcess,
] as const;
const windowKeys = ["segment", "access", "offset", "length"] as const;

const MIB = 2 ** 20;
const DEFAULT_TIME_LIMIT_MS = 10_000;
const DEFAULT_MEMORY_LIMIT = 256 * MIB;
const DEFAULT_PROCESS_MEMORY = 256 * MIB;
/** With less the engine may end before it has compiled anything. */
const LEAST_PROCESS_MEMORY = 128 * MIB;

/** @internal */
export function checkSandboxOptions(options: SandboxOptions | undefined): CheckedOptions {
  const given = checkOptions(options, sandboxKeys);
  const {
    isolation = "process",
    allocator,
    fuel,
    timeLimitMs = DEFAULT_TIME_LIMIT_MS,
    memoryLimit = DEFAULT_MEMORY_LIMIT,
    processMemoryLimit = DEFAULT_PROCESS_MEMORY,
  } = given;
  checkChoice("options.isolation", isolation, isolations);
  for (const key of forProcess)
    if (isolation !== "process" && given[key] !== undefined)
      throw invalidValue(`options.${key}`, 'It is an option of isolation: "process".', given[key]);
  const windows = checkWindows(given.windows, isolation);
  const { toolchain } = given;
  if (toolchain !== undefined) checkChoice("options.toolchain", toolchain, toolchains);
  const wasi = checkWasi(given.wasi === undefined && toolchain ? {} : given.wasi);
  const imported = checkImports(given.imports);
  if (wasi) imported.imports[HOST] = wasi.host as unknown as Imports[string];
  checkSize("options.memoryLimit", memoryLimit);
  checkSize("options.processMemoryLimit", processMemoryLimit, LEAST_PROCESS_MEMORY);
  checkTimeLimit(timeLimitMs);
  if (fuel !== undefined) checkSize("options.fuel", fuel);
  if (allocator !== undefined) checkString("options.allocator", allocator);
  if (isolation === "thread" && timeLimitMs !== Number.POSITIVE_INFINITY && !endsThreads)
    throw unsupported("a sandbox with a time limit", `${CANNOT_END}; ${hints.noTimeLimit}`, {
      hint: hints.noTimeLimit,
    });
  const execPath = checkExecPath(given.execPath, isolation);
  const moduleLimits = checkModuleLimits(given.moduleLimits);
  const limits = { timeLimitMs, memoryLimit, processMemoryLimit, moduleLimits, fuel };
  return { isolation, windows, ...limits, execPath, allocator, toolchain, wasi: wasi?.job, ...imported };
}

/** The Node of a guest's process. */
function checkExecPath(given: unknown, isolation: Isolation): string {
  if (given !== undefined) {
    const path = checkString("options.execPath", given);
    // The process gets no environment, so there is no PATH to look in.
    if (!isAbsolute(path) || path.includes("\0"))
      throw invalidValue("options.execPath", "It must be an absolute path.", given);
    return path;
  }
  if (isolation === "process" && !isPlainNode())
    throw unsupported("a sandbox in a process of its own", `this engine is not a plain Node; ${hints.nameNode}`, {
      hint: hints.nameNode,
    });
  return process.execPath;
}

/** Whether `process.execPath` runs a script as Node does. A single executable runs its own program. */
function isPlainNode(): boolean {
  const { bun, deno, electron } = process.versions;
  const isSingle = process.getBuiltinModule?.("node:sea")?.isSea() === true || "pkg" in process;
  return bun === undefined && deno === undefined && electron === undefined && !isSingle;
}

/** @internal */
export function checkWindows(windows: SandboxOptions["windows"], isolation: Isolation): Map<string, CheckedWindow> {
  const checked = new Map<string, CheckedWindow>();
  for (const [name, window] of Object.entries(checkRecord(windows, "options.windows"))) {
    const option = `options.windows.${name}`;
    const { segment, access = "read-only", offset = 0, length } = checkOptions(window, windowKeys, option);
    if (!(segment instanceof Segment)) throw invalidType(`${option}.segment`, "an instance of Segment", segment);
    checkChoice(`${option}.access`, access, accesses);
    const host = segments.hostOf(segment);
    checkCapability(host, "attach into a memory", `a sandbox on segment ${segment.id}`);
    if (isolation !== "inline")
      checkCapability(host, "open in another thread", `a ${isolation} for a sandbox on segment ${segment.id}`);
    const part = {
      access,
      offset,
      length: windowOf(segment, host.pageSize, { offset, length, into: undefined }, option).length,
    };
    checked.set(name, { segment, ...part, attach: (into) => segment.attach({ ...part, into }) });
  }
  return checked;
}

/** Functions, names, and whether the rest is to trap. */
function checkImports(given: unknown) {
  const imports: Record<string, Imports[string]> = {};
  const aliases: [module: string, name: string, known: string][] = [];
  const modules = given === "trap" ? { "*": "trap" } : checkRecord(given as object | undefined, "options.imports");
  for (const [module, functions] of Object.entries(modules)) {
    if (module === "*" && functions === "trap") continue;
    const option = `options.imports.${module}`;
    const found: [string, (...values: never[]) => unknown][] = [];
    for (const [name, value] of Object.entries(checkRecord(functions, option)))
      if (typeof value === "function") found.push([name, value as () => unknown]);
      else aliases.push([module, name, checkString(`${option}.${name}`, value)]);
    imports[module] = Object.fromEntries(found);
  }
  return { imports, aliases, trapsImports: "*" in modules && modules["*"] === "trap" };
}

function checkTimeLimit(value: unknown): void {
  const limit = checkNumber("options.timeLimitMs", value);
  if (!(limit > 0)) throw outOfRange("options.timeLimitMs", "> 0", limit);
}
