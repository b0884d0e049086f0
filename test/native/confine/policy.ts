// What a confined process may ask of the kernel, said a second time: as functions, from docs/architecture.md, not from the table
// of native/confine/policy.cc. The tests compare the two.
import { spawnSync } from "node:child_process";

export interface Subject {
  readonly pid: number;
  readonly segments: readonly { readonly id: number; readonly readOnly: boolean }[];
  readonly events: readonly number[];
}

/** An errno of a refusal; or whether it is let through, or ends the process. */
export type Answer = "allow" | "kill" | number;

type Rule = (subject: Subject, ...low: number[]) => boolean;

const SHM_RDONLY = 0o10000;
const SHM_EXEC = 0o100000;
const PROT_READ_WRITE = 3;
const MAP_PRIVATE = 0x02;
const MAP_ANONYMOUS = 0x20;
const MAP_ALLOWED = MAP_PRIVATE | MAP_ANONYMOUS | 0x10 | 0x4000 | 0x20000 | 0x100000; // FIXED NORESERVE STACK FIXED_NOREPLACE
const IPC_STAT = 2;
const F_GETFL = 3;

const always = `mprotect pkey_mprotect munmap mremap brk shmdt rt_sigprocmask rt_sigaction rt_sigreturn
  restart_syscall clock_gettime clock_getres gettimeofday time clock_nanosleep getrandom sched_yield sched_getaffinity sched_getparam sched_getscheduler
  epoll_pwait epoll_ctl getpid getppid gettid getuid geteuid getgid getegid getrusage close fstat exit exit_group`;

const FUTEX_PRIVATE = 128;
const FUTEX_CLOCK_REALTIME = 256;
const WAIT_OR_WAKE = [0, 1, 9, 10];
const REQUEUE_OR_WAKE_OP = [3, 4, 5];

const conditional: Record<string, Rule> = {
  futex: (_, _word, operation = -1) =>
    WAIT_OR_WAKE.includes(operation & ~FUTEX_PRIVATE & ~FUTEX_CLOCK_REALTIME) ||
    REQUEUE_OR_WAKE_OP.includes(operation ^ FUTEX_PRIVATE),
  read: ({ events }, descriptor = -1) => descriptor === 3 || events.includes(descriptor),
  write: ({ events }, descriptor = -1) => [1, 2, 3, ...events].includes(descriptor),
  // The high half of the flags must be 0, too: see answerOf.
  mmap: (_, _address, _length, protection = 4, flags = 0) =>
    (protection & ~PROT_READ_WRITE) === 0 &&
    (flags & ~MAP_ALLOWED) === 0 &&
    (flags & MAP_PRIVATE) !== 0 &&
    (flags & MAP_ANONYMOUS) !== 0,
  madvise: (_, _address, _length, advice = -1) => [4, 8, 10, 14, 15, 16].includes(advice),
  shmat: ({ segments }, id, _address, flags = 0) => {
    const segment = segments.find((one) => one.id === id);
    return segment !== undefined && (flags & SHM_EXEC) === 0 && (!segment.readOnly || (flags & SHM_RDONLY) !== 0);
  },
  shmctl: ({ segments }, id, command) => command === IPC_STAT && segments.some((one) => one.id === id),
  tgkill: ({ pid }, process) => process === pid,
  fcntl: (_, _descriptor, command) => command === F_GETFL,
  rseq: (_, _area, _length, flags) => flags === 0,
};

const EPERM = 1;
const EAGAIN = 11;
const EACCES = 13;
const ENOTTY = 25;
const ENOSYS = 38;
const refused: Record<string, number> = {
  openat: EACCES,
  readlink: EACCES,
  readlinkat: EACCES,
  newfstatat: EACCES,
  statx: EACCES,
  clone: EAGAIN,
  set_robust_list: ENOSYS,
  clone3: ENOSYS,
  ioctl: ENOTTY,
  prctl: EPERM,
  sysinfo: EPERM,
  prlimit64: EPERM,
};

/** Names of the calls that are let through, always or sometimes, and of those that fail. */
export const allowed: readonly string[] = [...always.split(/\s+/), ...Object.keys(conditional)];
export const failing: readonly string[] = Object.keys(refused);

export function answerOf(name: string | undefined, subject: Subject, values: readonly bigint[]): Answer {
  if (name === undefined) return "kill";
  if (name in refused) return refused[name] as number;
  if (allowed.includes(name) && !(name in conditional)) return "allow";
  const rule = conditional[name];
  if (!rule) return "kill";
  if (name === "mmap" && BigInt.asUintN(64, values[3] ?? 0n) >> 32n !== 0n) return "kill";
  return rule(subject, ...values.map((value) => Number(BigInt.asIntN(32, value)))) ? "allow" : "kill";
}

/** The numbers of system calls by name, as the compiler's headers have them for the processor that it builds for. */
export function numbers(): Map<string, number> {
  const { stdout, error } = spawnSync(process.env["CC"] ?? "gcc", ["-E", "-dM", "-x", "c", "-"], {
    input: "#include <sys/syscall.h>\n",
    encoding: "utf8",
  });
  if (error) throw error;
  const found = new Map<string, number>();
  const defined = new Map([...stdout.matchAll(/^#define (__NR\w*) (\w+)$/gm)].map(([, name, value]) => [name, value]));
  for (const [name] of defined) {
    let value: string | undefined = name;
    while (value !== undefined && !/^\d/.test(value)) value = defined.get(value);
    if (value !== undefined && name?.startsWith("__NR_")) found.set(name.slice(5), Number(value));
  }
  return found;
}
