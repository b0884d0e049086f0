// Keeps the process away from vm.max_map_count. At that limit malloc itself fails, and the engine,
// which cannot go on without, ends the process; so an attach is refused some way before it. One
// count for all threads of the process.
#include <atomic>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <mutex>

#include "addon.h"
#include "arguments.h"

namespace {

// Mappings that an attachment takes at most: page 0, the window, what is left of its memory, the
// guard behind.
constexpr int64_t kPerAttachment = 4;

// Mappings left to the engine and everyone else.
constexpr int64_t kReserve = 4096;

// Of the free room a quarter is given out before the next count: other code maps meanwhile, and a
// count reads one line of /proc for each mapping.
constexpr int64_t kShare = 4;

std::atomic<int64_t> attachments_left{0};
std::mutex counting;

// -1 where /proc does not say.
int64_t Count() {
  FILE* file = fopen("/proc/self/maps", "re");
  if (file == nullptr) return -1;
  static char buffer[65536];  // only one thread counts at a time
  int64_t lines = 0;
  for (size_t length; (length = fread(buffer, 1, sizeof buffer, file)) > 0;)
    for (size_t index = 0; index < length; index++) lines += buffer[index] == '\n';
  fclose(file);
  return lines;
}

// Args: (). 0, and room for one more attachment is taken; or -ENOMEM.
Napi::Value Reserve(const Napi::CallbackInfo& info) {
  if (attachments_left.fetch_sub(1) > 0) return Errno(info.Env(), 0);
  const std::lock_guard<std::mutex> lock(counting);
  if (attachments_left.fetch_sub(1) > 0) return Errno(info.Env(), 0);  // another thread counted
  const int64_t limit = MappingLimit();
  const int64_t count = Count();
  if (limit < 0 || count < 0) return Errno(info.Env(), 0);
  const int64_t room = (limit - kReserve - count) / kPerAttachment;
  if (room <= 0) return Errno(info.Env(), ENOMEM);
  attachments_left.store(room / kShare);  // beside the one that is taken now
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
