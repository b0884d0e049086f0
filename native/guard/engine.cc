// Intercepts what the engine does to the memories that windows lie in.
//
// mprotect(2): memory.grow makes the whole memory writable again, from its first byte
// (BackingStore::GrowWasmMemoryInPlace). The kernel refuses that for a read-only attachment, and V8
// ends the process over any refusal but ENOMEM. If the kernel allowed it, the window would be
// writable from then on. So these calls leave guarded windows out.
//
// munmap(2): the engine unmaps a memory when it is collected, when it was moved, and at the end of
// its thread. A guard that stayed would be another memory's at the same address.
//
// dlopen(3): a copy of version 0.1.0 may be loaded (older.cc).
#include <dlfcn.h>
#include <link.h>
#include <napi.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>

#include "guard/import.h"
#include "guard/registry.h"

namespace {

int ProtectAround(void* at, size_t length, int protection);
int Unmap(void* at, size_t length);
void* OpenObject(const char* file, int flags);

Import protect_import = {"mprotect", Address(ProtectAround), Address(mprotect), {}};
Import unmap_import = {"munmap", Address(Unmap), Address(munmap), {}};
Import open_import = {"dlopen", Address(OpenObject), Address(dlopen), {}};

int Protect(uintptr_t begin, uintptr_t end, int protection) {
  const auto next = reinterpret_cast<int (*)(void*, size_t, int)>(Next(protect_import));
  return next(reinterpret_cast<void*>(begin), end - begin, protection);
}

bool MayBeGuarded(uintptr_t begin, uintptr_t end) {
  for (const Member* member = FirstMember(); member != nullptr; member = member->next)
    if (member->may_be_guarded(begin, end)) return true;
  return false;
}

// How often any copy's table has changed.
uint64_t Changes() {
  uint64_t changes = 0;
  for (const Member* member = FirstMember(); member != nullptr; member = member->next)
    changes += member->changes();
  return changes;
}

// The lowest window of any copy that ends past the address; an empty one at `limit` if none begins
// before it.
void WindowPast(uintptr_t address, uintptr_t limit, uintptr_t* begin, uintptr_t* end) {
  *begin = *end = limit;
  for (const Member* member = FirstMember(); member != nullptr; member = member->next) {
    uintptr_t from;
    uintptr_t past;
    if (!member->window_past(address, &from, &past) || from >= *begin) continue;
    *begin = from;
    *end = past;
  }
}

int ProtectOthers(uintptr_t begin, uintptr_t end, int protection) {
  while (begin < end) {
    uintptr_t window;
    uintptr_t past;
    WindowPast(begin, end, &window, &past);
    if (window > begin && Protect(begin, window, protection) != 0) return -1;
    begin = past;
  }
  return 0;
}

// Set while the slot's present function is called with the address of `probed`: whether it leads
// back here.
std::atomic<bool> was_reached{false};
alignas(64) char probed;

// What the engine calls in place of mprotect(2). No lock is held over the calls, as the next
// function may be another copy's, with a lock of its own. So a window may come in between, also
// the first one of all: its guard is there before its pages, and the kernel then refuses. That is
// tried again.
int ProtectAround(void* at, size_t length, int protection) {
  if (at == &probed) {
    was_reached.store(true);
    return 0;
  }
  const auto begin = reinterpret_cast<uintptr_t>(at);
  const uintptr_t end = begin + length;
  if ((protection & PROT_WRITE) == 0) return Protect(begin, end, protection);
  for (;;) {
    const uint64_t before = Changes();
    const int result = MayBeGuarded(begin, end) ? ProtectOthers(begin, end, protection)
                                                : Protect(begin, end, protection);
    if (result == 0 || errno != EACCES || Changes() == before) return result;
  }
}

// The address is not a page's, so mprotect(2) itself refuses it and changes nothing.
bool LeadsBack(uintptr_t function) {
  was_reached.store(false);
  reinterpret_cast<int (*)(void*, size_t, int)>(function)(&probed, 0, PROT_NONE);
  return was_reached.load();
}

int Unmap(void* at, size_t length) {
  const auto begin = reinterpret_cast<uintptr_t>(at);
  // Before the pages go: after that, another thread may map a window there.
  for (const Member* member = FirstMember(); member != nullptr; member = member->next)
    member->unmapped(begin, begin + length);
  return reinterpret_cast<int (*)(void*, size_t)>(Next(unmap_import))(at, length);
}

void InterceptMprotect() { ReplaceAgain(&protect_import, LeadsBack); }

void* OpenObject(const char* file, int flags) {
  const auto next = reinterpret_cast<void* (*)(const char*, int)>(Next(open_import));
  void* handle = next(file, flags);
  if (handle != nullptr) {
    const InstallLock lock;
    WatchOlderCopies(InterceptMprotect);
  }
  return handle;
}

enum { kElsewhere, kComplete, kRefused };

// For dl_iterate_phdr(3). The engine is in the object in which `inside`, a function of Node-API,
// lies.
int ReplaceInEngine(dl_phdr_info* object, size_t, void* inside) {
  if (!IsInside(*object, reinterpret_cast<uintptr_t>(inside))) return kElsewhere;
  int result = kComplete;
  for (Import* import : {&protect_import, &unmap_import, &open_import})
    if (!Replace(*object, import)) result = kRefused;
  return result;
}

}  // namespace

bool EngineUnmapsAreSeen() { return IsReplaced(unmap_import); }

void InterceptEngine() {
  static bool is_done = false;  // one thread at a time: see Join
  if (!is_done) {
    is_done =
        dl_iterate_phdr(ReplaceInEngine, reinterpret_cast<void*>(napi_add_finalizer)) != kRefused;
    WatchOlderCopies(InterceptMprotect);
  }
  InterceptMprotect();
}
