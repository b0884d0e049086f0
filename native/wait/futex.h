// The futex system calls. Words in a segment need the shared form (without FUTEX_PRIVATE_FLAG): the
// key is then the segment's page, so that it is the same in every process and at every address.
#ifndef WASM_SHM_WAIT_FUTEX_H_
#define WASM_SHM_WAIT_FUTEX_H_

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>

// Headers older than Linux 5.16 lack these.
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#ifndef FUTEX_32
#define FUTEX_32 2
#endif

// struct futex_waitv of linux/futex.h, which old headers lack.
struct FutexWait {
  uint64_t value;
  uint64_t address;
  uint32_t flags;
  uint32_t reserved;
};

inline FutexWait SharedWait(const uint32_t* word, uint32_t value) {
  return {value, reinterpret_cast<uintptr_t>(word), FUTEX_32, 0};
}
inline FutexWait PrivateWait(const uint32_t* word, uint32_t value) {
  return {value, reinterpret_cast<uintptr_t>(word), FUTEX_32 | FUTEX_PRIVATE_FLAG, 0};
}

inline void WakeAll(uint32_t* word) {
  syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}
inline void WakePrivate(uint32_t* word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

// FUTEX_WAIT_BITSET takes an absolute time of CLOCK_MONOTONIC; FUTEX_WAIT a relative one.
inline void WaitUntil(const uint32_t* word, uint32_t value, const timespec* deadline) {
  syscall(SYS_futex, word, FUTEX_WAIT_BITSET, value, deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
}

inline long WaitAny(FutexWait* waits, unsigned count, const timespec* deadline) {
  return syscall(SYS_futex_waitv, waits, count, 0, deadline, CLOCK_MONOTONIC);
}

// Linux has futex_waitv(2) from 5.16; a seccomp filter may refuse it with any error. An empty list
// is EINVAL if the call exists.
inline bool HasWaitAny() { return WaitAny(nullptr, 0, nullptr) == -1 && errno == EINVAL; }

inline int64_t MonotonicMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

inline timespec AfterNs(int64_t nanoseconds) {
  timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  const int64_t total = at.tv_nsec + nanoseconds;
  at.tv_sec += static_cast<time_t>(total / 1000000000);
  at.tv_nsec = static_cast<long>(total % 1000000000);
  return at;
}

#endif  // WASM_SHM_WAIT_FUTEX_H_
