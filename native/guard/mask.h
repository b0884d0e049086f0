#ifndef WASM_SHM_GUARD_MASK_H_
#define WASM_SHM_GUARD_MASK_H_

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

// Sets this thread's signal mask. Not pthread_sigmask(3): it is in glibc's libc.so only since 2.32,
// and a prebuilt addon must load under each glibc that Node runs on: 2.28 and later. The kernel's
// set has a bit for each of 64 signals, and is the beginning of every C library's.
inline void SetSignalMask(const sigset_t* mask, sigset_t* before) {
  constexpr size_t kKernelSize = 64 / 8;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, before, kKernelSize);
}

#endif  // WASM_SHM_GUARD_MASK_H_
