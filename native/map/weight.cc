// Tells the engine what memories weigh: src/host/weight.ts.
#include <cerrno>
#include <cstdint>

#include "addon.h"
#include "arguments.h"

namespace {

// Args: (bytes). The engine counts so many bytes more outside its heap; fewer if it is negative.
// Returns 0 or -errno.
Napi::Value Weigh(const Napi::CallbackInfo& info) {
  int64_t bytes;
  if (!ReadInteger(info[0], -kMaxUint, kMaxUint, &bytes)) return Errno(info.Env(), EINVAL);
  int64_t total;
  napi_adjust_external_memory(info.Env(), bytes, &total);
  return Errno(info.Env(), 0);
}

}  // namespace

void InitWeight(Napi::Env env, Napi::Object exports) {
  exports.Set("weigh", Napi::Function::New<Weigh>(env, "weigh"));
}
