// What native code tries that took the place of a guest in a confined process, and what comes of it.
import { constants } from "node:os";

const { errno } = constants;

/** A result, an errno, or the signal that ends the process. */
export type Result = "done" | keyof typeof errno | "SIGSYS" | "SIGSEGV";

export interface Attack {
  readonly name: string;
  /** Source of an expression: the number that the system call returned. `n(name)` is a call's number, `text` a C string. */
  readonly source: string;
  readonly result: Result;
}

const attacks: Attack[] = [];

/** Calls by name, with the sources of their arguments: `open(text("/etc/passwd"), 0)`. */
function each(result: Result, ...calls: string[]): void {
  for (const call of calls) {
    const [, name, values] = /^(\w+)\((.*)\)$/s.exec(call) ?? [];
    attacks.push({
      name: call,
      source: `probe.call(n(${JSON.stringify(name)})${values ? `, ${values}` : ""})`,
      result,
    });
  }
}

const zeros = (bytes: number): string => `new Uint8Array(${bytes})`;

// Files.
each(
  "EACCES",
  'openat(-100, text("/etc/passwd"), 0)',
  'openat(-100, text("/proc/" + job.parent + "/mem"), 2)',
  'openat(-100, text("/dev/shm"), 0)',
  'openat(-100, text("/tmp/wasm-shm-escaped"), 0o101, 0o600)',
  'readlinkat(-100, text("/proc/self/exe"), new Uint8Array(99), 99)',
  `newfstatat(-100, text("/etc"), ${zeros(200)}, 0)`,
  `statx(-100, text("/etc"), 0, 0, ${zeros(256)})`,
);
each(
  "SIGSYS",
  `openat2(-100, text("/etc/passwd"), ${zeros(24)}, 24)`,
  'name_to_handle_at(-100, text("/etc"), new Uint8Array(200), new Int32Array(1), 0)',
  "open_by_handle_at(3, new Uint8Array(200), 0)",
  'unlinkat(-100, text("/tmp/wasm-shm-escaped"), 0)',
  'mkdirat(-100, text("/tmp/wasm-shm-escaped"), 0o700)',
  'chdir(text("/"))',
  'chroot(text("/"))',
  "fchdir(3)",
  "getdents64(3, new Uint8Array(99), 99)",
  'faccessat(-100, text("/etc"), 0)',
  'fchmodat(-100, text("/tmp"), 0o777)',
  'memfd_create(text("x"), 0)',
  "memfd_secret(0)",
  "read(0, new Uint8Array(8), 8)",
  "read(4, new Uint8Array(8), 8)",
  "write(0, new Uint8Array(8), 8)",
  "write(4, new Uint8Array(9), 9)",
  "pread64(3, new Uint8Array(8), 8, 0)",
  "dup(3)",
  "dup3(3, 40, 0)",
  "fcntl(3, 0, 30)",
  "fcntl(3, 4, 0)",
  "fcntl(3, 8, job.parent)",
  "pipe2(new Int32Array(2), 0)",
  "eventfd2(0, 0)",
  "timerfd_create(1, 0)",
  "signalfd4(-1, new Uint8Array(8), 8, 0)",
  "inotify_init1(0)",
  "fanotify_init(0, 0)",
  "epoll_create1(0)",
  "sendfile(3, 3, 0, 1)",
  "splice(3, 0, 3, 0, 1, 0)",
  "vmsplice(3, new Uint8Array(16), 1, 0)",
  "tee(3, 3, 1, 0)",
);
each("ENOTTY", 'ioctl(3, 0x5412, text("x"))', "ioctl(0, 0x541b, new Int32Array(1))");
// Sockets and messages.
each(
  "SIGSYS",
  "socket(1, 1, 0)",
  "socket(2, 1, 0)",
  "socket(16, 3, 0)",
  "socketpair(1, 1, 0, new Int32Array(2))",
  "connect(3, new Uint8Array(16), 16)",
  "bind(3, new Uint8Array(16), 16)",
  "sendmsg(3, new Uint8Array(56), 0)",
  "sendto(3, new Uint8Array(1), 1, 0, 0, 0)",
  "recvmsg(3, new Uint8Array(56), 0x40)",
  "recvfrom(3, new Uint8Array(1), 1, 0x40, 0, 0)",
  'mq_open(text("/x"), 0x42, 0o600, 0)',
  "msgget(0, 0o1777)",
  "semget(0, 1, 0o1777)",
);
// Processes.
each(
  "SIGSYS",
  'execve(text("/bin/true"), 0, 0)',
  'execveat(-100, text("/bin/true"), 0, 0, 0)',
  "ptrace(16, job.parent, 0, 0)",
  "ptrace(0, 0, 0, 0)",
  "kill(job.parent, 0)",
  "kill(-1, 0)",
  "tkill(job.parent, 0)",
  "tgkill(job.parent, job.parent, 0)",
  `rt_sigqueueinfo(job.parent, 0, ${zeros(128)})`,
  "pidfd_open(job.parent, 0)",
  "pidfd_getfd(3, 0, 0)",
  "pidfd_send_signal(3, 0, 0, 0)",
  "process_vm_readv(job.parent, new Uint8Array(16), 1, new Uint8Array(16), 1, 0)",
  "process_vm_writev(job.parent, new Uint8Array(16), 1, new Uint8Array(16), 1, 0)",
  "process_madvise(3, new Uint8Array(16), 1, 4, 0)",
  "kcmp(job.parent, job.parent, 0, 0, 0)",
  "wait4(-1, 0, 0, 0)",
);
each("EAGAIN", "clone(17, 0, 0, 0, 0)", "clone(0x10000011, 0, 0, 0, 0)");
each("ENOSYS", "clone3(BigUint64Array.of(0n, 0n, 0n, 0n, 17n, 0n, 0n, 0n, 0n, 0n, 0n), 88)");
// Shared memory.
each(
  "SIGSYS",
  "shmget(0, 4096, 0o1777)",
  "shmget(job.key, 0, 0)",
  "shmat(job.other, 0, 0)",
  "shmat(job.other, 0, 0o10000)",
  "shmat(job.windows[0].id, 0, 0)",
  "shmat(job.windows[0].id, windowAddress, 0o40000)",
  "shmat(job.windows[0].id, 0, 0o110000)",
  "shmat(job.windows[1].id, 0, 0o100000)",
  "shmctl(job.windows[0].id, 0, 0)",
  `shmctl(job.windows[0].id, 1, ${zeros(200)})`,
  `shmctl(job.other, 2, ${zeros(200)})`,
  `shmctl(0, 13, ${zeros(200)})`,
  `shmctl(0, 15, ${zeros(200)})`,
);
each("done", "shmat(job.windows[0].id, 0, 0o10000)", `shmctl(job.windows[0].id, 2, ${zeros(200)})`);
// Words that other processes wait at: to requeue would take them away.
each(
  "SIGSYS",
  ...[3, 4, 5, 6, 11, 12].map((operation) => `futex(windowAddress, ${operation}, 0, 1, new Int32Array(1), 0)`),
);
each("SIGSYS", "futex_waitv(0, 0, 0, 0, 0)");
each("ENOSYS", "set_robust_list(new Uint8Array(24), 24)");
each("SIGSYS", "rseq(new Uint8Array(32), 32, 1, 0)");
// Memory.
each(
  "SIGSYS",
  "mmap(0, 4096, 4, 0x22, -1, 0)",
  "mmap(0, 4096, 7, 0x22, -1, 0)",
  "mmap(0, 4096, 1, 2, 0, 0)",
  "mmap(0, 4096, 3, 0x21, -1, 0)",
  "mmap(0, 4096, 3, 0x23, -1, 0)",
  "mmap(0, 4096, 3, 0x28, -1, 0)",
  "mmap(0, 2097152, 3, 0x40022, -1, 0)",
  "mmap(0, 4096, 3, 0x2022, -1, 0)",
  "mmap(0, 4096, 3, 0x100000022n, -1, 0)",
  "mlock(windowAddress, 4096)",
  "mlockall(1)",
  "remap_file_pages(windowAddress, 4096, 0, 0, 0)",
  "mbind(0, 0, 0, 0, 0, 0)",
  "move_pages(job.parent, 0, 0, 0, 0, 0)",
  "migrate_pages(job.parent, 0, 0, 0)",
  "userfaultfd(1)",
);
each(
  "EACCES",
  "mprotect(windowAddress, 4096, 3)",
  "pkey_mprotect(windowAddress, 4096, 3, -1)",
  "mprotect(BigInt(probe.call(n('mremap'), windowAddress, 0, 4096, 1)), 4096, 3)",
);
// The kernel.
each(
  "SIGSYS",
  "io_uring_setup(8, new Uint8Array(120))",
  "io_uring_enter(5, 0, 0, 0, 0, 0)",
  "io_uring_register(5, 0, 0, 0)",
  "io_setup(1, new BigUint64Array(1))",
  "bpf(0, new Uint8Array(120), 72)",
  "perf_event_open(new Uint8Array(120), 0, -1, -1, 0)",
  "keyctl(0, 0, 0, 0, 0)",
  'add_key(text("user"), text("x"), text("x"), 1, -3)',
  'request_key(text("user"), text("x"), 0, 0)',
  "seccomp(1, 0, new Uint8Array(16))",
  "unshare(0x10000000)",
  "setns(3, 0)",
  "mount(0, 0, 0, 0, 0)",
  'umount2(text("/"), 2)',
  'pivot_root(text("."), text("."))',
  "fsopen(0, 0)",
  "open_tree(-100, 0, 0)",
  "setuid(0)",
  "setresgid(0, 0, 0)",
  "capset(new Uint8Array(8), new Uint8Array(24))",
  "setrlimit(7, new Uint8Array(16))",
  "setpriority(0, 0, -5)",
  "sched_setaffinity(0, 8, new Uint8Array(8).fill(255))",
  "sched_setscheduler(0, 0, new Int32Array(1))",
  "membarrier(0, 0)",
  "personality(0xffffffff)",
  "landlock_create_ruleset(0, 0, 1)",
  "syslog(3, new Uint8Array(99), 99)",
  'sethostname(text("x"), 1)',
  "settimeofday(0, 0)",
  "init_module(0, 0, 0)",
  "reboot(0, 0, 0, 0)",
);
each(
  "EPERM",
  "prctl(4, 1)",
  "prctl(1, 0)",
  "prctl(36, 1)",
  `prlimit64(0, 2, BigUint64Array.of(-1n, -1n), ${zeros(16)})`,
  `prlimit64(job.parent, 7, 0, ${zeros(16)})`,
  `sysinfo(${zeros(200)})`,
);
// What it may: V8 needs these, also on a machine whose clock cannot be read without a call.
each(
  "done",
  "tgkill(process.pid, process.pid, 0)",
  "getppid()",
  "clock_gettime(1, new Uint8Array(16))",
  "gettimeofday(new Uint8Array(16), 0)",
  "futex(windowAddress, 1, 1, 0, 0, 0)",
);
// A store into a read-only window: by the guard's leave it is private; without the guard it is a fault.
attacks.push(
  { name: "a store into the read-only window", source: "(probe.storeTo(windowAddress), 0)", result: "done" },
  { name: "a store without the guard", source: "probe.storeUnguarded(windowAddress)", result: "SIGSEGV" },
);

/** Calls and entries that only x86-64 has. */
if (process.arch === "x64") {
  each(
    "SIGSYS",
    'open(text("/etc/passwd"), 0)',
    'creat(text("/tmp/wasm-shm-escaped"), 0o600)',
    'unlink(text("/tmp/wasm-shm-escaped"))',
    "fork()",
    "vfork()",
    "pipe(new Int32Array(2))",
    "dup2(3, 40)",
    "arch_prctl(0x1001, 0)",
    "modify_ldt(0, new Uint8Array(20), 20)",
    "iopl(3)",
    "ioperm(0, 1, 1)",
  );
  each("EACCES", 'readlink(text("/proc/self/exe"), new Uint8Array(99), 99)');
  attacks.push(
    { name: "x32 getpid", source: 'probe.call(0x40000000 + n("getpid"))', result: "SIGSYS" },
    { name: "x32 execve", source: "probe.call(0x40000000 + 520, 0, 0, 0)", result: "SIGSYS" },
    { name: "int 0x80 getpid", source: "probe.callInt80(20, 0)", result: "SIGSYS" },
    { name: "int 0x80 exit", source: "probe.callInt80(1, 9)", result: "SIGSYS" },
  );
}

export const allAttacks: readonly Attack[] = attacks;

/** What a number that a system call returned is called. */
export function resultOf(value: number): string {
  if (value >= 0) return "done";
  return Object.entries(errno).find(([, number]) => number === -value)?.[0] ?? `errno ${-value}`;
}
