// The table. Each row was seen to be needed by V8 or the guard, under strace, on Node 20, 22, 24
// and 26; docs/sandbox.md says what each group is for. What must never be let through: io_uring,
// whose ring opens and connects past every filter; a way to get a descriptor; a new process or
// thread, which the parent's death would not end.
//
// A condition sees an argument, never what it points to. So no call is allowed whose meaning lies
// in memory: another thread could change it after the check.
#include "confine/policy.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include <cerrno>

// Older headers lack these; the numbers are the same on every architecture.
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

namespace {

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t Fail(uint32_t error) { return SECCOMP_RET_ERRNO | error; }

// Descriptors of a runner: its output, its errors, and the socket to its host.
constexpr uint32_t kOutput = 1;
constexpr uint32_t kErrors = 2;
constexpr uint32_t kChannel = 3;

// madvise(2)'s advice, by number, as older headers lack some: DONTNEED, FREE, DONTFORK, HUGEPAGE,
// NOHUGEPAGE, DONTDUMP. V8 gives memory back by them.
constexpr uint32_t kAdvice[] = {4, 8, 10, 14, 15, 16};

constexpr Condition Is(uint8_t argument, uint32_t value) {
  return {static_cast<uint8_t>(2 * argument), false, UINT32_MAX, value};
}
constexpr Condition IsItem(uint8_t argument) {
  return {static_cast<uint8_t>(2 * argument), true, UINT32_MAX, 0};
}
// The argument's low half has these bits as `value` has them.
constexpr Condition Has(uint8_t argument, uint32_t bits, uint32_t value) {
  return {static_cast<uint8_t>(2 * argument), false, bits, value};
}
// For arguments that the kernel reads as 64 bits.
constexpr Condition IsShort(uint8_t argument) {
  return {static_cast<uint8_t>(2 * argument + 1), false, UINT32_MAX, 0};
}

constexpr Row Allow(uint16_t call) { return {call, Each::kOnce, 0, kAllow, {}}; }
constexpr Row Refuse(uint16_t call, uint32_t error) {
  return {call, Each::kOnce, 0, Fail(error), {}};
}
constexpr Row AllowIf(uint16_t call, Condition a) { return {call, Each::kOnce, 1, kAllow, {a}}; }
constexpr Row AllowFor(Each each, uint16_t call, Condition a) {
  return {call, each, 1, kAllow, {a}};
}
constexpr Row AllowFor(Each each, uint16_t call, Condition a, Condition b) {
  return {call, each, 2, kAllow, {a, b}};
}

constexpr uint32_t kFutexFlags = FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME;
constexpr Row AllowFutex(uint32_t operation) {
  return AllowIf(SYS_futex, Has(1, ~kFutexFlags, operation));
}

// Private pages of no file, which are not executable. Not MAP_SHARED, MAP_DROPPABLE, MAP_HUGETLB
// or MAP_LOCKED: memory that RLIMIT_DATA would not count, or that others would lack.
constexpr uint32_t kProtections = PROT_READ | PROT_WRITE;
constexpr uint32_t kMapKind = MAP_PRIVATE | MAP_ANONYMOUS;
constexpr uint32_t kMapOptions = MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_NORESERVE | MAP_STACK;
constexpr Row kMap = {SYS_mmap,
                      Each::kOnce,
                      3,
                      kAllow,
                      {Has(2, ~kProtections, 0), Has(3, ~kMapOptions, kMapKind), IsShort(3)}};

}  // namespace

const Row kPolicy[] = {
    // The most frequent first: the kernel goes through the rows at each call. To requeue would take
    // other processes' waiters away from a word, also of a segment that may only be read; the C
    // library does it at words of its own process. The operations with priorities have had faults.
    AllowIf(SYS_futex, Has(1, ~(kFutexFlags | FUTEX_WAKE), FUTEX_WAIT)),  // or FUTEX_WAKE
    AllowFutex(FUTEX_WAIT_BITSET),
    AllowFutex(FUTEX_WAKE_BITSET),
    AllowIf(SYS_futex, Is(1, FUTEX_REQUEUE | FUTEX_PRIVATE_FLAG)),
    AllowIf(SYS_futex, Is(1, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG)),
    AllowIf(SYS_futex, Is(1, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG)),
    AllowIf(SYS_read, Is(0, kChannel)),
    AllowFor(Each::kEvent, SYS_read, IsItem(0)),
    AllowIf(SYS_write, Is(0, kChannel)),
    AllowIf(SYS_write, Is(0, kErrors)),
    AllowIf(SYS_write, Is(0, kOutput)),
    AllowFor(Each::kEvent, SYS_write, IsItem(0)),
    // V8's memory. It changes pages to executable and back, so a filter cannot forbid that.
    Allow(SYS_mprotect),
    Allow(SYS_pkey_mprotect),
    kMap,
    Allow(SYS_munmap),
    Allow(SYS_mremap),
    Allow(SYS_brk),
    AllowIf(SYS_madvise, Is(2, kAdvice[0])),
    AllowIf(SYS_madvise, Is(2, kAdvice[1])),
    AllowIf(SYS_madvise, Is(2, kAdvice[2])),
    AllowIf(SYS_madvise, Is(2, kAdvice[3])),
    AllowIf(SYS_madvise, Is(2, kAdvice[4])),
    AllowIf(SYS_madvise, Is(2, kAdvice[5])),
    // Windows. The kernel reads ids, flags and commands as 32 bits.
    AllowFor(Each::kWritable, SYS_shmat, IsItem(0), Has(2, SHM_EXEC, 0)),
    AllowFor(Each::kReadOnly, SYS_shmat, IsItem(0), Has(2, SHM_EXEC | SHM_RDONLY, SHM_RDONLY)),
    AllowFor(Each::kSegment, SYS_shmctl, IsItem(0), Is(1, IPC_STAT)),
    Allow(SYS_shmdt),
    // Signals of its own: traps, faults of the guard, abort(3).
    Allow(SYS_rt_sigprocmask),
    Allow(SYS_rt_sigaction),
    Allow(SYS_rt_sigreturn),
    AllowFor(Each::kProcess, SYS_tgkill, IsItem(0)),
    Allow(SYS_restart_syscall),
    // Clocks: calls only if the kernel's clock source cannot be read in user space, as on some
    // virtual
    // machines.
    Allow(SYS_clock_gettime),
    Allow(SYS_clock_getres),
    Allow(SYS_gettimeofday),
#ifdef SYS_time
    Allow(SYS_time),
#endif
    Allow(SYS_clock_nanosleep),
    // Threads. sched_get* are asked by V8 13 and later as it hands work to one.
    Allow(SYS_getrandom),
    Allow(SYS_sched_yield),
    Allow(SYS_sched_getaffinity),
    Allow(SYS_sched_getparam),
    Allow(SYS_sched_getscheduler),
#ifdef SYS_rseq
    // A thread that begins may come to this only after the filter was set. glibc ends the process
    // if it cannot register: 2.35 and later.
    AllowIf(SYS_rseq, Is(2, 0)),
#endif
    Allow(SYS_epoll_pwait),
    Allow(SYS_epoll_ctl),
    // What it is. None tells more than it was given.
    Allow(SYS_getpid),
    Allow(SYS_getppid),
    Allow(SYS_gettid),
    Allow(SYS_getuid),
    Allow(SYS_geteuid),
    Allow(SYS_getgid),
    Allow(SYS_getegid),
    Allow(SYS_getrusage),
    Allow(SYS_close),
    Allow(SYS_fstat),
    AllowIf(SYS_fcntl, Is(1, F_GETFL)),
    Allow(SYS_exit),
    Allow(SYS_exit_group),
    // Tried by V8, Node or the C library, which take no for an answer.
    Refuse(SYS_openat, EACCES),
    Refuse(SYS_readlinkat, EACCES),
    Refuse(SYS_newfstatat, EACCES),
    Refuse(SYS_statx, EACCES),
#ifdef SYS_readlink
    Refuse(SYS_readlink, EACCES),
#endif
    Refuse(SYS_set_robust_list, ENOSYS),  // by a thread that begins, as above
    Refuse(SYS_clone3, ENOSYS),
    Refuse(SYS_clone, EAGAIN),
    Refuse(SYS_ioctl, ENOTTY),
    Refuse(SYS_prctl, EPERM),
    Refuse(SYS_sysinfo, EPERM),
    Refuse(SYS_prlimit64, EPERM),
};
const size_t kPolicyRows = sizeof(kPolicy) / sizeof(kPolicy[0]);
