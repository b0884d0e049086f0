// Keeps the process away from vm.max_map_count. At that limit malloc itself fails, and the engine
// then ends the process; so an attach is refused well before it. All threads of the process share
// one count.
#include <atomic>
#include <cerrno>
#include <cinttypes>
#include <cstdio>

#include "addon.h"
#include "arguments.h"
#include "guard/guard.h"

namespace {

// Mappings that one attachment takes at most: page 0, the window, the rest of its memory, and the
// engine's guard region behind that. A guarded window takes more: see MapBehindGuard.
constexpr int64_t kPerAttachment = 4;

// Mappings kept free for the engine and for other code of the process.
constexpr int64_t kSpareMappings = 4096;

// A quarter of the free room is handed out before the mappings are counted again. Other code maps
// pages meanwhile, so it cannot be all of the room; and a count reads one line of /proc for each
// mapping, so it should be rare.
constexpr int64_t kShare = 4;

std::atomic<int64_t> mappings_left{0};

// The rest changes only with the lock held.
int64_t limit = 0;             // vm.max_map_count; -1 if there is none, 0 before it was read
bool last_count_found = true;  // room, or mappings were freed since

bool TakeFromShare(int64_t count) {
  if (mappings_left.fetch_sub(count) >= count) return true;
  mappings_left.fetch_add(count);
  return false;
}

// Args: (). Takes room for the mappings of one more attachment. Returns 0 or -ENOMEM.
Napi::Value Reserve(const Napi::CallbackInfo& info) {
  if (TakeFromShare(kPerAttachment)) return Errno(info.Env(), 0);
  const GuardLock lock;
  return Errno(info.Env(), TakeMappings(kPerAttachment, true) ? 0 : ENOMEM);
}

}  // namespace

// A signal handler calls this without `recount`: a count takes some 20 ms when the process is full,
// and a storm of stores would then count at each of them.
bool TakeMappings(int64_t count, bool recount) {
  if (TakeFromShare(count)) return true;
  if (!recount && !last_count_found) return false;
  if (limit == 0) limit = MappingLimit();
  const int64_t mappings = CountMappings();
  if (limit < 0 || mappings < 0) return true;
  const int64_t room = limit - kSpareMappings - mappings;
  last_count_found = room >= count;
  if (!last_count_found) return false;
  mappings_left.store((room - count) / kShare);
  return true;
}

void MappingsFreed() { last_count_found = true; }

int64_t MappingLimit() {
  int64_t limit = -1;
  FILE* file = fopen("/proc/sys/vm/max_map_count", "re");
  if (file == nullptr) return -1;
  if (fscanf(file, "%" SCNd64, &limit) != 1) limit = -1;
  fclose(file);
  return limit;
}

void InitBudget(Napi::Env env, Napi::Object exports) {
  exports.Set("reserve", Napi::Function::New<Reserve>(env, "reserve"));
}
