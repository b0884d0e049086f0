// A process gives up all that a guest does not need: docs/sandbox.md. It cannot be undone.
import { errnoNumbers, type ShmError, unsupported } from "../common/errors.js";
import { fs } from "./builtin.js";
import type { Host } from "./host.js";
import { processCallsOf } from "./sysv.js";

export interface ConfinementRules {
  /** The process that must still be the parent. */
  readonly parent: number;
  /** Segments that may be attached afterwards, by the kernel's id. One that is named twice is read-only if both say so. */
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

const refused = (reason: string, hint?: string): ShmError =>
  unsupported("a sandbox in a process of its own", hint === undefined ? reason : `${reason}; ${hint}`, { hint });

/** A descriptor's target, such as `anon_inode:[eventfd]`; undefined if it is closed, as that of the folder being read. */
function targetOf(descriptor: string): string | undefined {
  try {
    return fs.readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined;
  }
}

/**
 * Descriptors of eventfd(2), by which the threads of the engine wake each other.
 *
 * @throws if a kernel thread takes requests from a ring (IORING_SETUP_SQPOLL): it does what bytes in memory say, and no
 *   filter sees that. libuv made such rings in Node 20.3 to 20.5
 */
function eventDescriptors(): number[] {
  const events: number[] = [];
  for (const descriptor of fs.readdirSync("/proc/self/fd")) {
    const target = targetOf(descriptor);
    if (target === "anon_inode:[eventfd]") events.push(Number(descriptor));
    if (target !== "anon_inode:[io_uring]") continue;
    const polled = /^SqThread:\s+(-?\d+)$/m.exec(fs.readFileSync(`/proc/self/fdinfo/${descriptor}`, "latin1"))?.[1];
    if (polled !== "-1") throw refused("io_uring works without system calls here", "set UV_USE_IO_URING=0");
  }
  return events;
}

/** Bytes of private writable memory, as RLIMIT_DATA counts them. */
function dataHeld(): number {
  const kibibytes = /^VmData:\s+(\d+) kB$/m.exec(fs.readFileSync("/proc/self/status", "latin1"))?.[1];
  if (kibibytes === undefined) throw refused("/proc/self/status has no VmData");
  return Number(kibibytes) * 1024;
}

/** Throws unless a step was done. */
function check(result: number, reasons: Partial<Record<number, string>>, step: string): void {
  if (result >= 0) return;
  throw refused(reasons[-result] ?? `${step} failed with errno ${-result}`);
}

/**
 * Confines this process for good: all its threads, but none that it starts later, as it can start none. Load all
 * that will be needed before, and end the process if this throws: some steps may have been taken.
 *
 * @throws {ShmError} `ERR_SHM_UNSUPPORTED`, with what is absent: the addon, /proc, seccomp filters, the parent
 */
export function confine(host: Host, { parent, segments, memory }: ConfinementRules): Confinement {
  const calls = processCallsOf(host);
  if (!calls) throw refused("it needs the addon of the sysv host");
  const writable = new Map<number, boolean>();
  for (const { id, readOnly } of segments) writable.set(id, writable.get(id) === true || !readOnly);
  const pairs = [...writable].flatMap(([id, isWritable]) => [id, isWritable ? 0 : 1]);
  let dataLimit: number;
  let events: number[];
  try {
    events = eventDescriptors();
    check(
      calls.bind(parent),
      { [errnoNumbers.ESRCH]: `process ${parent} is not its parent` },
      "prctl of PR_SET_NO_NEW_PRIVS and PR_SET_PDEATHSIG",
    );
    dataLimit = dataHeld() + memory;
  } catch (cause) {
    if (!(cause instanceof Error && "syscall" in cause)) throw cause;
    throw unsupported("a sandbox in a process of its own", "it needs /proc", { cause });
  }
  const namespaces = calls.isolate(); // from here on there is no /proc
  check(calls.restrict(dataLimit), {}, "setrlimit and prctl of PR_SET_DUMPABLE");
  check(
    calls.filter(Int32Array.from(pairs), Int32Array.from(events)),
    {
      [errnoNumbers.ENOSYS]:
        "the kernel has no seccomp filters that end a process, or this processor has no list of system calls",
      [errnoNumbers.EINVAL]: "it has too many windows, or the kernel has no seccomp filters",
    },
    "seccomp",
  );
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
