// Starts a guest whose options are checked. Loaded at the first sandbox.
import { getHeapStatistics } from "node:v8";
import { guestError, invalidValue } from "../common/errors.js";
import type { Host } from "../host/host.js";
import { WASM_PAGE } from "../memory/layout.js";
import { addonFileOf, sysvHost } from "../node.js";
import { segments } from "../segment/segment.js";
import type { Carrier, CarrierEvents } from "./carrier.js";
import { compile } from "./compile.js";
import { cannotCross } from "./failure.js";
import { MOST_PAGES } from "./guest.js";
import { type InlineSandbox, startInlineSandbox } from "./inline.js";
import { allowedBytes, windowPages } from "./instance.js";
import type { GuestLimits, Job } from "./job.js";
import { checkImports, type ModuleRules, type ReadGuest, readGuest } from "./module.js";
import type { CheckedOptions } from "./options.js";
import { type SandboxPool, type Starter, startPool } from "./pool.js";
import type { CheckedPoolOptions } from "./pooloptions.js";
import type { GuestSource } from "./prepared.js";
import { type RunnerProcess, startRunner } from "./process/child.js";
import { GuestProcess } from "./process/process.js";
import { providedName } from "./provided.js";
import { type Sandbox, startSandbox } from "./sandbox.js";
import { HEAP_MIB } from "./thread/engine.js";
import { GuestThread } from "./thread/thread.js";

export async function start(source: GuestSource, options: CheckedOptions): Promise<Sandbox | InlineSandbox> {
  const began = performance.now();
  const { bytes, limits, compiled } = guestOf(source, options);
  const { isolation, windows, imports } = options;
  if (isolation === "process") {
    return startProcess(bytes, options, limits, startRunner(runnerOf(options, limits)), began);
  }
  const module = await compiled();
  if (isolation === "inline") return startInlineSandbox({ ...limits, module, windows }, imports);
  const job = { ...limits, module, ...jobOf(options), addon: addonFileOf(hostOf(windows)) as string };
  return startSandbox({ ...hostSide(options, limits), began, carry: (events) => new GuestThread(job, events) });
}

/** Checks a guest that sandboxes are to start from. */
export async function prepare(source: GuestSource, options: CheckedOptions): Promise<void> {
  const { compiled } = guestOf(source, options);
  if (options.isolation !== "process") await compiled();
}

/** So many forms of a guest are kept: they differ in options, or in pages of windows. */
const MOST_FORMS = 8;

/** What is read of a guest under these rules: once, as long as it is kept. */
function formOf({ bytes, read }: GuestSource, rules: ModuleRules): { guest: ReadGuest; compiled: Guest["compiled"] } {
  const { imports, provided, trapsImports, ...others } = rules;
  const key = JSON.stringify(others);
  const form = read.get(key) ?? { guest: readGuest(bytes, rules) };
  read.delete(key);
  read.set(key, form);
  for (const [oldest] of read) if (read.size > MOST_FORMS) read.delete(oldest);
  const { guest } = form;
  const compiled = (): Promise<WebAssembly.Module> => {
    form.module ??= compile(guest.bytes);
    form.module.catch(() => {
      form.module = undefined; // there may be memory for it another time
    });
    return form.module;
  };
  return { guest, compiled };
}

/** Wasm pages that the windows take in the guest's memory. */
const pagesOfWindows = ({ windows }: CheckedOptions): number =>
  windowPages([...windows.values()].map(({ length }) => length));

interface Guest {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly limits: GuestLimits;
  /** By the engine of this process, which sees nothing of it before. */
  compiled(): Promise<WebAssembly.Module>;
}

/** The guest as it is run, within what it may have. */
function guestOf(source: GuestSource, options: CheckedOptions): Guest {
  const { isolation, memoryLimit, moduleLimits, allocator, fuel, aliases = [] } = options;
  for (const [module, name, known] of aliases)
    if (providedName(options, module, name) === undefined)
      throw invalidValue(`options.imports.${module}.${name}`, "Neither wasi nor toolchain gives it.", known);
  const maximumPages = Math.floor(memoryLimit / WASM_PAGE);
  const rules: ModuleRules = {
    imports: options.imports,
    trapsImports: options.trapsImports,
    provided: options,
    limits: moduleLimits,
    counts: fuel !== undefined,
    shared: isolation === "process" ? undefined : { heapBytes: tableBytes(isolation) },
    maximumPages,
    windowPages: pagesOfWindows(options),
    allocates: allocator !== undefined,
  };
  const { guest, compiled } = formOf(source, rules);
  const { pages, fixed, functions, hidden } = guest;
  if (pages.initial > maximumPages)
    throw guestError(
      "ERR_SHM_MEMORY_LIMIT",
      `the guest begins with ${pages.initial * WASM_PAGE} bytes of memory; its limit is ${memoryLimit}`,
    );
  if (fixed && pages.initial > pages.maximum)
    throw guestError(
      "ERR_SHM_GUEST_MEMORY",
      `the guest's memory begins with ${pages.initial} pages of 64 KiB, and ${pages.maximum} are left beside the windows`,
    );
  const limits = {
    initialPages: pages.initial,
    maximumPages: fixed ? pages.maximum : maximumPages,
    declaredPages: fixed ? MOST_PAGES : pages.maximum,
    allocator,
    fixed,
    traps: checkImports(functions, rules),
    hidden,
    wasi: options.wasi,
    toolchain: options.toolchain,
    aliases,
    fuel,
  };
  return { bytes: guest.bytes, limits, compiled };
}

/**
 * Bytes of the engine's heap that the tables of a guest in this process may take: half of the heap. What a table may have is
 * decided before it has any, and the other half must do until then.
 */
function tableBytes(isolation: "thread" | "inline"): number {
  const most = HEAP_MIB * 2 ** 20;
  // Bun's heap has no limit: what it says grows with the process, from 270 MiB on.
  if (process.versions["bun"] !== undefined) return most / 2;
  const { heap_size_limit: heap } = getHeapStatistics();
  return (isolation === "inline" ? heap : Math.min(heap, most)) / 2;
}

/** In a process that waits for a job. */
function startProcess(
  module: Uint8Array,
  options: CheckedOptions,
  limits: GuestLimits,
  runner: RunnerProcess,
  began: number,
  ended?: () => void,
): Promise<Sandbox> {
  const { processMemoryLimit } = options;
  const side = hostSide(options, limits);
  // A window's pages are the process's own before the segment is attached over them. Those of a guarded one are again, if the
  // guest stores there.
  const own = pagesOfWindows(options) * WASM_PAGE;
  const memory = side.memoryAllowed + own + processMemoryLimit + module.length;
  const job = { ...limits, ...jobOf(options), moduleBytes: module.length, memory };
  const request = { job, module, processMemoryLimit };
  const carry = (events: CarrierEvents): Carrier => {
    try {
      return new GuestProcess(runner, request, events);
    } catch (cause) {
      void runner.terminate();
      throw cannotCross("what the guest is given", cause);
    }
  };
  return startSandbox({ ...side, began, carry, ended });
}

/** What this side of a sandbox knows of its guest. */
function hostSide({ imports, timeLimitMs, allocator, windows }: CheckedOptions, limits: GuestLimits) {
  return { imports, timeLimitMs, allocator, memoryAllowed: allowedBytes(limits, [...windows.values()]) };
}

const runnerOf = (options: CheckedOptions, { maximumPages }: GuestLimits) => ({
  ...options,
  host: hostOf(options.windows),
  pages: maximumPages + pagesOfWindows(options),
});

/** Several processes for one guest. */
export async function startSandboxPool(source: GuestSource, options: CheckedPoolOptions): Promise<SandboxPool> {
  const { bytes, limits } = guestOf(source, options);
  const start: Starter = (runner, windows, ended) =>
    startProcess(bytes, { ...options, windows }, limits, runner, performance.now(), ended);
  const runner = runnerOf(options, limits);
  const rehearsal = { pages: limits.fixed ? runner.pages : undefined };
  return startPool(options, { ...runner, rehearsal }, start);
}

/** The host that the windows' segments are reached by, else the kernel's. */
function hostOf(windows: CheckedOptions["windows"]): Host {
  const hosts = [...windows.values()].map(({ segment }) => segments.hostOf(segment));
  return hosts.find((host) => addonFileOf(host) !== undefined) ?? sysvHost();
}

/** Windows and imports as another thread or process can receive them. */
function jobOf({ windows, imports }: CheckedOptions): Pick<Job, "windows" | "imports"> {
  return {
    windows: [...windows].map(([name, { segment, access, offset, length }]) => ({
      name,
      id: segment.id,
      access,
      offset,
      length,
    })),
    imports: Object.entries(imports).map(([module, functions]) => [module, Object.keys(functions)] as const),
  };
}
