// The write guard. A window that is attached read-only takes every store all the same: the page
// that is hit becomes a private copy, in its place, and the segment never sees the store.
//
// guard.cc keeps the table of guarded windows, copy.cc makes pages private, and pool.cc keeps the
// mappings that this takes. registry.cc joins the copies of this addon that a process may have.
// fault.cc handles SIGSEGV, engine.cc leads the engine's own changes of memory past windows, and
// older.cc stays in front of version 0.1.0. probe.cc asks the kernel about addresses.
//
// All that a fault can reach is async-signal-safe: no allocation but by mmap(2), no stdio, and one
// lock, which is never held while a store into a window can happen.
#ifndef WASM_SHM_GUARD_H_
#define WASM_SHM_GUARD_H_

#include <napi.h>
#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "arguments.h"

// Calls back when the memory of a guard is collected, or its environment ends. Belongs to one
// thread.
struct Watch;

// One guarded window. The lock protects every field that is not const.
struct Guard {
  Guard(const Window& window, int id, size_t offset);
  ~Guard();

  const uintptr_t begin;
  const size_t length;  // bytes
  const int id;
  const size_t offset;    // bytes into the segment
  const uint64_t serial;  // unlike an address, never used again
  const size_t words;
  const std::unique_ptr<uint64_t[]> is_private;  // one bit a page; null if allocation failed
  size_t page;                                   // bytes in a page of the segment
  size_t private_pages = 0;
  size_t boundaries = 0;      // between private pages and others: roughly their cost in mappings
  size_t pairs = 0;           // of mappings, held in the pool for the first store
  uint8_t* copies = nullptr;  // as long as the window: pages are copied here, then moved
  void* anchor = nullptr;     // one page of the segment, kept mapped once the window has none left
  bool abandoned = false;     // of a memory whose object was collected
  Watch* watch = nullptr;
  napi_env watch_env = nullptr;  // the only environment that may touch `watch`
  std::unique_ptr<Guard> next;   // in a list of guards taken out of the table
};

// Held while the pages of any window, or the records about them, change. All signals are blocked
// meanwhile: a handler that interrupts this thread and stores into a guarded window would wait for
// it forever.
class GuardLock {
 public:
  GuardLock();
  ~GuardLock();
  GuardLock(const GuardLock&) = delete;
  GuardLock& operator=(const GuardLock&) = delete;

 private:
  sigset_t mask_;
};

// Inside the lock, while the table changes, or while it and the pages do not agree: a window is
// mapped already and its guard is not there, or the other way round. A handler waits for the lock
// meanwhile, whatever the address is.
class TableChange {
 public:
  TableChange();
  ~TableChange();
  TableChange(const TableChange&) = delete;
  TableChange& operator=(const TableChange&) = delete;
};

// guard.cc, without the lock.

// Has the memory watched on behalf of the guard. Returns null if the environment is ending.
Watch* WatchMemory(napi_env env, napi_value memory, Guard* guard);
// Ends the watch of a guard that goes before its memory. Only in the environment that watches.
void Unwatch(napi_env env, Watch* watch);
// Never waits. False only if no window overlaps [begin, end); true also while the table changes.
bool MayBeGuarded(uintptr_t begin, uintptr_t end);
// How often the table has changed.
uint32_t TableChanges();
// The lowest window that ends past the address. False if there is none.
bool WindowPast(uintptr_t address, uintptr_t* begin, uintptr_t* end);
// Removes the guards that overlap [begin, end). Their pages are about to be unmapped.
void RemoveGuards(uintptr_t begin, uintptr_t end);
// In a signal handler: whether the store that failed at the address will succeed when it runs
// again.
bool ResolveStore(uintptr_t address);

// guard.cc, with the lock held.

// The guard of exactly this window, or null.
Guard* GuardOf(const Window& window);
// The lowest guard that ends past the address, or null.
Guard* GuardEndingPast(uintptr_t address);
// False if there are too many. No other guard may overlap it: the caller has taken those out.
bool AddGuard(std::unique_ptr<Guard> guard);
// Takes out every guard that overlaps the window, and returns them as a list.
std::unique_ptr<Guard> TakeGuards(const Window& window);

// copy.cc, with the lock held.

// Makes the page at the address private. Returns whether a store there succeeds now.
bool MakePrivate(Guard* guard, uintptr_t address);
// The window's private pages have been mapped over by the segment's.
void ForgetPrivatePages(Guard* guard);
// After a failed attach: if zero pages have taken the window's place, all are private.
void MarkReplaced(Guard* guard);
// Tries every system call that a store into a guarded window needs. Returns 0; ENOSYS if one is
// refused, as by a seccomp filter; ENOMEM.
int PrepareCopying();

// map/budget.cc, with the lock held. Returns 0 if the process may have `count` more mappings; else
// ENOMEM, or why they cannot be counted now. Counts them again if `recount` is set, or if mappings
// were freed since the last count found no room.
int TakeMappings(int64_t count, bool recount);
void MappingsFreed();

// pool.cc, with the lock held. The pool holds mappings in pairs, so that they can be freed even
// if the kernel grants no more.

// What one guard holds at most.
constexpr int64_t kHeldMappings = 4;
// Reserves the pool's addresses. Returns 0 or an errno.
int PreparePool();
// Has the guard hold as many pairs as its first store needs. False if there are too few mappings.
bool HoldPairs(Guard* guard);
// Gives the pairs that the guard holds back to the pool.
void ReturnPairs(Guard* guard);
// Frees the mappings that were given back, and those that the pool holds for system calls at
// vm.max_map_count. Takes the latter again at the end of the scope.
class Headroom {
 public:
  Headroom();
  ~Headroom();
  Headroom(const Headroom&) = delete;
  Headroom& operator=(const Headroom&) = delete;
};

// registry.cc. Joins the process's guard, and puts its SIGSEGV handler in front of all others.
// Returns 0 or an errno. With the lock held.
int JoinProcessGuard();

// settle.cc. Waits, the first time, until no call of the engine is under way that was made before
// the guard was joined. With the lock held.
void AwaitEarlierCalls();

// probe.cc. These never fault, whatever the address is.
bool IsReadable(uintptr_t address);
bool IsWritable(uintptr_t address);
// The next two read /proc, with the lock held.

// Whether any part of [begin, end) is a read-only mapping of that segment.
enum class Found { kNo, kYes, kUnknown };
Found FindReadOnly(uintptr_t begin, uintptr_t end, int id);
// How many mappings the process has; -errno if /proc cannot be read.
int64_t CountMappings();

#endif  // WASM_SHM_GUARD_H_
