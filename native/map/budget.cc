// Keeps the process away from vm.max_map_count. At that limit malloc itself fails, and the engine
// then ends the process; so an attach is refused well before it. All threads of the process share
// one count.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

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

constexpr int64_t kDefaultLimit = 65530;  // Linux's

std::atomic<int64_t> mappings_left{0};

// The rest changes only with the lock held.
int64_t limit = 0;             // as MappingLimit returns it
bool last_count_found = true;  // room, or mappings were freed since

bool TakeFromShare(int64_t count) {
  if (mappings_left.fetch_sub(count) >= count) return true;
  mappings_left.fetch_add(count);
  return false;
}

// Whether the process, or the system, lacks at this moment what a file is opened with. Any other
// error says that there is no /proc, and so no limit that could be kept.
bool IsShortage(int64_t error) { return error == EMFILE || error == ENFILE || error == ENOMEM; }

// Args: (). Takes room for the mappings of one more attachment, or participant. Returns 0 or
// -errno.
Napi::Value Reserve(const Napi::CallbackInfo& info) {
  if (TakeFromShare(kPerAttachment)) return Errno(info.Env(), 0);
  const GuardLock lock;
  return Errno(info.Env(), TakeMappings(kPerAttachment, true));
}

}  // namespace

// A signal handler calls this without `recount`: a count takes some 20 ms when the process is full,
// and a storm of stores would then count at each of them.
int TakeMappings(int64_t count, bool recount) {
  if (TakeFromShare(count)) return 0;
  if (!recount && !last_count_found) return ENOMEM;
  if (limit == 0) limit = MappingLimit();
  const int64_t mappings = CountMappings();
  if (IsShortage(-mappings)) return static_cast<int>(-mappings);
  if (limit < 0 || mappings < 0) return 0;
  const int64_t room = (limit > 0 ? limit : kDefaultLimit) - kSpareMappings - mappings;
  last_count_found = room >= count;
  if (!last_count_found) return ENOMEM;
  mappings_left.store((room - count) / kShare);
  return 0;
}

void MappingsFreed() { last_count_found = true; }

int64_t ReadSetting(const char* path) {
  char text[24] = {};
  // Not open(2), for which musl has a system call that ends a confined process.
  const int file = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -errno;
  const ssize_t length = read(file, text, sizeof text - 1);
  const int error = errno;
  close(file);
  return length < 0 ? -error : strtoll(text, nullptr, 10);
}

int64_t MappingLimit() {
  const int64_t found = ReadSetting("/proc/sys/vm/max_map_count");
  return found > 0 ? found : IsShortage(-found) ? 0 : -1;
}

void InitBudget(Napi::Env env, Napi::Object exports) {
  exports.Set("reserve", Napi::Function::New<Reserve>(env, "reserve"));
}
