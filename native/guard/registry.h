// A process may have several copies of this addon: npm installs one for each version that is asked
// for. The copy that was loaded first leads. It alone has a SIGSEGV handler and intercepts the
// engine's calls; the others join it. So no two copies pass a signal to each other in a circle, and
// none takes another's place.
//
// The structs are an interface between versions. A version that changes one renames `Leader` below,
// and continues to export this one.
#ifndef WASM_SHM_REGISTRY_H_
#define WASM_SHM_REGISTRY_H_

#include <atomic>
#include <cstdint>

// What a copy answers about its own windows, from any thread. `resolve` must be safe in a signal
// handler.
struct Member {
  bool (*resolve)(uintptr_t address);  // ResolveStore
  bool (*may_be_guarded)(uintptr_t begin, uintptr_t end);
  bool (*window_past)(uintptr_t address, uintptr_t* begin, uintptr_t* end);
  uint32_t (*changes)();
  void (*unmapped)(uintptr_t begin, uintptr_t end);  // RemoveGuards
  Member* next;
};

// Exported as wasm_shm_guard_1.
struct Leader {
  // Adds the member if it is new. Then puts the handler and the interceptions in front of what
  // other code has put there. Returns 0 or an errno.
  int (*join)(Member* member);
  // Whether the leader intercepts munmap(2). The guards then go with their
  // pages; without that, other threads' use of them is a guess.
  bool (*sees_unmaps)();
};

// The members, the newest first. Members are only added, so it can be walked without a lock.
Member* FirstMember();

// registry.cc. As Leader::sees_unmaps, of this copy's leader. False before this copy has joined.
bool SeesUnmaps();

// Held while the leader puts its handler and interceptions in place. No signal handler takes it.
class InstallLock {
 public:
  InstallLock();
  ~InstallLock();
  InstallLock(const InstallLock&) = delete;
  InstallLock& operator=(const InstallLock&) = delete;
};

// The rest is called in the leader, with InstallLock held.

// fault.cc. Puts the SIGSEGV handler in front of all others. Returns 0 or an errno.
int InstallFaultHandler();

// engine.cc. Intercepts the engine's calls of mprotect(2), munmap(2) and dlopen(3).
void InterceptEngine();
bool EngineUnmapsAreSeen();  // at any time

// older.cc. Has copies of version 0.1.0 call `then` after they have intercepted the
// engine's calls of mprotect(2). Also with InstallLock held.
void WatchOlderCopies(void (*then)());

#endif  // WASM_SHM_REGISTRY_H_
