// The write guard. A window that is attached read-only takes every store all the same: the page
// that is hit becomes a private copy, in its place, and the segment never sees the store. guard.cc
// knows the windows, divert.cc makes pages private, fault.cc catches the stores, grow.cc the
// engine's own changes, probe.cc asks about addresses. What a fault can reach is async-signal-safe:
// no allocation but mmap(2), no stdio, and one lock, which is never held where a store into a
// window could happen.
#ifndef WASM_SHM_GUARD_H_
#define WASM_SHM_GUARD_H_

#include <napi.h>
#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "arguments.h"

// Tells when the memory of a guard is collected, or its environment ends. Of one thread.
struct Watch;

// One guarded window. All but what is const is behind the lock.
struct Guard {
  Guard(const Window& window, int id, size_t offset);
  ~Guard();

  const uintptr_t begin;
  const size_t length;  // bytes
  const int id;
  const size_t offset;    // bytes into the segment
  const uint64_t serial;  // an address is used again, a serial is not
  const size_t words;
  const std::unique_ptr<uint64_t[]> is_private;  // a bit for each page; null: no memory
  size_t page;                                   // bytes; of the segment's pages
  size_t private_pages = 0;
  size_t boundaries = 0;      // between private pages and others: about what they cost in mappings
  uint8_t* copies = nullptr;  // as long as the window: where pages are copied before they move
  void* anchor = nullptr;     // one page of the segment, once the window itself has none left
  bool abandoned = false;     // a shared memory's, and the thread that mapped it let go of it
  Watch* watch = nullptr;
  napi_env watch_env = nullptr;  // only there may `watch` be touched
  std::unique_ptr<Guard> next;   // in a list of those taken away
};

// Held while the pages of any window, or what is known of them, change. Signals wait meanwhile: a
// handler of somebody's that stores into a guarded window would wait for this thread.
class GuardLock {
 public:
  GuardLock();
  ~GuardLock();
  GuardLock(const GuardLock&) = delete;
  GuardLock& operator=(const GuardLock&) = delete;

 private:
  sigset_t mask_;
};

// Has the memory watched for the guard; null where the environment is ending.
Watch* WatchMemory(napi_env env, napi_value memory, bool shared, Guard* guard);
// The guard is gone before its memory. In the environment that watches.
void Unwatch(napi_env env, Watch* watch);

// These want the lock.
Guard* GuardOf(const Window& window);         // of exactly this window, or null
bool AddGuard(std::unique_ptr<Guard> guard);  // false: too many; no other may overlap it
std::unique_ptr<Guard> TakeGuards(const Window& window);  // all that overlap it, as a list

// divert.cc. These want the lock.
bool Divert(Guard* guard, uintptr_t address);  // makes the page there private
void ForgetPrivatePages(Guard* guard);         // they were mapped over
void AllPrivate(Guard* guard);                 // the window was mapped over by private pages
void PrepareDiverting();                       // what a handler could not ask the system

// Without the lock, and without a wait: false where no window is in [begin, end). True also where
// one just comes or goes.
bool MayBeGuarded(uintptr_t begin, uintptr_t end);
// With the lock: the lowest one that ends past the address, or null.
Guard* GuardEndingPast(uintptr_t address);

// grow.cc. Once, before the first guard.
void CatchGrowth();

// fault.cc. Sees to it that faults come here first. Wants the lock. Returns 0 or an errno.
int CatchFaults();
// guard.cc. Whether the store that failed there will succeed when it is tried again. In a handler.
bool SettleStore(uintptr_t address);

// probe.cc. None of them faults.
bool IsReadable(uintptr_t address);
bool IsWritable(uintptr_t address);
// Whether anything of [begin, end) is a read-only mapping of that segment. Wants the lock.
bool ShowsSegment(uintptr_t begin, uintptr_t end, int id);

#endif  // WASM_SHM_GUARD_H_
