// Finds the copy of the addon that leads, and joins it.
#include "guard/registry.h"

#include <dlfcn.h>
#include <link.h>
#include <sched.h>

#include <cstring>

#include "guard/guard.h"

namespace {

std::atomic<Member*> first_member{nullptr};
std::atomic_flag installing = ATOMIC_FLAG_INIT;

bool IsMember(const Member* sought) {
  for (const Member* member = FirstMember(); member != nullptr; member = member->next)
    if (member == sought) return true;
  return false;
}

// A copy calls this with its own guard's lock held, so all signals are blocked. The leader must
// not take its own guard's lock here.
int Join(Member* member) {
  const InstallLock lock;
  if (!IsMember(member)) {
    member->next = FirstMember();
    first_member.store(member, std::memory_order_release);
  }
  InterceptEngine();
  return InstallFaultHandler();
}

constexpr char kLeaderName[] = "wasm_shm_guard_1";
constexpr size_t kLongestName = 4096;  // PATH_MAX

struct Search {
  size_t index;  // of the object that is asked for
  char name[kLongestName];
};

int CopyName(dl_phdr_info* object, size_t, void* data) {
  auto* search = static_cast<Search*>(data);
  if (search->index-- != 0) return 0;
  const size_t length = strnlen(object->dlpi_name, kLongestName - 1);
  memcpy(search->name, object->dlpi_name, length);
  search->name[length] = '\0';
  return 1;
}

// The exported struct of the object of that name, or null. Node opens addons with RTLD_LOCAL, so
// dlsym(3) finds it only by the object's own handle.
const Leader* LeaderIn(const char* name) {
  if (name[0] == '\0') return nullptr;  // the program itself
  void* handle = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
  if (handle == nullptr) return nullptr;
  const auto* found = static_cast<const Leader*>(dlsym(handle, kLeaderName));
  dlclose(handle);  // the object stays loaded: nobody unloads a copy
  return found;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const Leader wasm_shm_guard_1;
const Leader wasm_shm_guard_1 = {Join, EngineUnmapsAreSeen};

namespace {

// The loader lists objects in the order in which it loaded them, and no copy is ever unloaded (-z
// nodelete). So all copies agree which is the first, without a lock.
const Leader* FindLeader() {
  static Search search;  // with the lock held, so there is one search at a time
  for (size_t index = 0;; index++) {
    search.index = index;
    if (dl_iterate_phdr(CopyName, &search) == 0) return &wasm_shm_guard_1;
    const Leader* found = LeaderIn(search.name);
    if (found != nullptr) return found;
  }
}

std::atomic<const Leader*> leader{nullptr};
Member self = {ResolveStore, MayBeGuarded, WindowPast, TableChanges, RemoveGuards, nullptr};

}  // namespace

InstallLock::InstallLock() {
  while (installing.test_and_set(std::memory_order_acquire)) sched_yield();
}

InstallLock::~InstallLock() { installing.clear(std::memory_order_release); }

Member* FirstMember() { return first_member.load(std::memory_order_acquire); }

bool SeesUnmaps() {
  const Leader* found = leader.load(std::memory_order_acquire);
  return found != nullptr && found->sees_unmaps();
}

int JoinProcessGuard() {
  if (leader.load(std::memory_order_relaxed) == nullptr) {
    int refused = PrepareCopying();
    if (refused == 0) refused = PreparePool();
    if (refused != 0) return refused;
    leader.store(FindLeader(), std::memory_order_release);
  }
  return leader.load(std::memory_order_relaxed)->join(&self);
}
