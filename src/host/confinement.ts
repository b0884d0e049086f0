// A process gives up all that a guest does not need: docs/sandbox.md. It cannot be undone.
import { type ErrorDetails, errnoNumbers, type ShmError, unsupported } from "../common/errors.js";
import { fs } from "./builtin.js";
import type { Host } from "./host.js";
import type { ProcessCalls } from "./process.js";
import { processCallsOf } from "./sysv.js";

const ESRCH = 3; // only here: no error has it as its code

export interface ConfinementRules {
  /** The process that must still be the parent. */
  readonly parent: number;
  /** Segments that may be attached afterwards, by the kernel's id. One that is named twice may be written if one says so. */
  readonly segments: readonly { readonly id: number; readonly readOnly: boolean }[];
  /** Bytes of private writable memory that may be added to what the process holds now. */
  readonly memory: number;
}

/** What held as a confined process began to work. */
export interface Confinement {
  readonly noNewPrivileges: true;
  readonly systemCalls: "filtered";
  /** RLIMIT_DATA: bytes of private writable memory, the engine's included. */
  readonly dataLimit: number;
  /** RLIMIT_NOFILE: 0, so no descriptor can be made. */
  readonly openFiles: number;
  readonly coreDumps: false;
  readonly diesWithParent: true;
  /** Namespaces of its own, by their names in /proc/self/ns. The file system of "mnt" is empty, "net" has no interface that is up. */
  readonly namespaces: readonly string[];
}

const refused = (reason: string, details?: ErrorDetails): ShmError =>
  unsupported("a sandbox in a process of its own", reason, details);

/** Segments whose filter the kernel takes: native/confine/filter.h. */
const MOST_SEGMENTS = 256;

function fromProc<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw refused("it needs /proc", { cause });
  }
}

/** What descriptors lead to, such as `anon_inode:[eventfd]`. */
function descriptors(): [descriptor: number, target: string][] {
  return fromProc(() => fs.readdirSync("/proc/self/fd")).flatMap((name) => {
    try {
      return [[Number(name), fs.readlinkSync(`/proc/self/fd/${name}`)]];
    } catch {
      return []; // it was that of the folder
    }
  });
}

/**
 * Throws if a kernel thread takes requests from a ring (IORING_SETUP_SQPOLL): it does what bytes in memory say, and no
 * filter sees that. libuv makes such rings unasked in Node 20.3 to 20.5.
 */
function checkRing(descriptor: number): void {
  const info = fromProc(() => fs.readFileSync(`/proc/self/fdinfo/${descriptor}`, "latin1"));
  if (/^SqThread:\s+-1$/m.test(info)) return;
  const hint = "set UV_USE_IO_URING=0";
  throw refused(`io_uring works without system calls in it; ${hint}`, { hint });
}

/** Bytes of private writable memory, as RLIMIT_DATA counts them. */
function dataHeld(): number {
  const kibibytes = /^VmData:\s+(\d+) kB$/m.exec(fromProc(() => fs.readFileSync("/proc/self/status", "latin1")))?.[1];
  if (kibibytes === undefined) throw refused("/proc/self/status has no VmData");
  return Number(kibibytes) * 1024;
}

/** Throws unless a step was done. */
function check(result: number, step: string, reasons: Partial<Record<number, string>> = {}): void {
  if (result < 0) throw refused(reasons[-result] ?? `${step} failed with errno ${-result}`);
}

/** The last step, after which no segment but these can be attached. */
type Finish = (rules: Omit<ConfinementRules, "parent">) => Confinement;

/**
 * Confines this process for good, with all its threads; it can start no other. Load all that it will need before. If this
 * throws, end the process: some steps may have been taken.
 *
 * @throws {ShmError} `ERR_SHM_UNSUPPORTED`, with what is absent: the addon, /proc, seccomp filters, the parent
 */
export function confine(host: Host, { parent, ...rules }: ConfinementRules): Confinement {
  return beginConfinement(host, parent)(rules);
}

/**
 * Takes the steps that need no job, which take the longest: an unmount waits for all processors, some 3 ms on an idle machine. What
 * the process holds is measured here, so what it takes between the two parts counts towards `memory`.
 *
 * @returns takes the other steps
 * @throws as {@link confine}
 */
export function beginConfinement(host: Host, parent: number): Finish {
  const calls = processCallsOf(host);
  if (!calls) throw refused("it needs the addon of the sysv host");
  const open = descriptors();
  for (const [descriptor, target] of open) if (target === "anon_inode:[io_uring]") checkRing(descriptor);
  const events = open.filter(([, target]) => target === "anon_inode:[eventfd]").map(([descriptor]) => descriptor);
  check(calls.bindToParent(parent), "prctl", { [ESRCH]: `process ${parent} is not its parent` });
  const held = dataHeld();
  const namespaces = calls.isolate(); // from here on /proc may be absent
  return ({ segments, memory }) => {
    const dataLimit = Math.min(held + memory, Number.MAX_SAFE_INTEGER);
    filter(calls, dataLimit, segments, events);
    return confinementOf(dataLimit, namespaces);
  };
}

function filter(
  calls: ProcessCalls,
  dataLimit: number,
  segments: ConfinementRules["segments"],
  events: readonly number[],
): void {
  const readOnly = new Map<number, boolean>();
  for (const { id, ...rule } of segments) readOnly.set(id, rule.readOnly && readOnly.get(id) !== false);
  if (readOnly.size > MOST_SEGMENTS) throw refused(`${readOnly.size} segments; its filter takes ${MOST_SEGMENTS}`);
  check(calls.limitResources(dataLimit), "setrlimit");
  const pairs = [...readOnly].flatMap(([id, isReadOnly]) => [id, Number(isReadOnly)]);
  check(calls.filterCalls(Int32Array.from(pairs), Int32Array.from(events)), "seccomp", {
    [errnoNumbers.ENOSYS]: "the kernel has no seccomp filter that ends a process, or this processor is not x86-64",
  });
}

function confinementOf(dataLimit: number, namespaces: number): Confinement {
  return {
    noNewPrivileges: true,
    systemCalls: "filtered",
    dataLimit,
    openFiles: 0,
    coreDumps: false,
    diesWithParent: true,
    namespaces: ["user", "mnt", "net"].filter((_, bit) => (namespaces & (1 << bit)) !== 0),
  };
}
