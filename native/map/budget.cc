// Keeps the process away from vm.max_map_count. At that limit malloc itself fails, and the engine
// then ends the process; so an attach is refused well before it. All threads of the process share
// one count.
#include <atomic>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <mutex>

#include "addon.h"
#include "arguments.h"

namespace {

// Mappings that one attachment takes at most: page 0, the window, the rest of its memory, and the
// engine's guard region behind that.
constexpr int64_t kPerAttachment = 4;

// Mappings kept free for the engine and for other code of the process.
constexpr int64_t kSpareMappings = 4096;

// A quarter of the free room is handed out before the mappings are counted again. Other code maps
// pages meanwhile, so it cannot be all of the room; and a count reads one line of /proc for each
// mapping, so it should be rare.
constexpr int64_t kShare = 4;

std::atomic<int64_t> attachments_left{0};
std::mutex counting;

// How many mappings the process has; -1 if /proc cannot be read.
int64_t CountMappings() {
  FILE* file = fopen("/proc/self/maps", "re");
  if (file == nullptr) return -1;
  static char buffer[65536];  // only one thread counts at a time
  int64_t lines = 0;
  for (size_t length; (length = fread(buffer, 1, sizeof buffer, file)) > 0;)
    for (size_t index = 0; index < length; index++) lines += buffer[index] == '\n';
  fclose(file);
  return lines;
}

// Args: (). Takes room for the mappings of one more attachment. Returns 0 or -ENOMEM.
Napi::Value Reserve(const Napi::CallbackInfo& info) {
  if (attachments_left.fetch_sub(1) > 0) return Errno(info.Env(), 0);
  const std::lock_guard<std::mutex> lock(counting);
  if (attachments_left.fetch_sub(1) > 0) return Errno(info.Env(), 0);  // another thread counted
  const int64_t limit = MappingLimit();
  const int64_t count = CountMappings();
  if (limit < 0 || count < 0) return Errno(info.Env(), 0);
  const int64_t room = (limit - kSpareMappings - count) / kPerAttachment;
  if (room <= 0) return Errno(info.Env(), ENOMEM);
  attachments_left.store(room / kShare);  // beside the one that this call takes
  return Errno(info.Env(), 0);
}

}  // namespace

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
