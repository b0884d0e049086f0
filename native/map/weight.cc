// Tells the engine what memories weigh: src/host/weight.ts.
#include <cerrno>
#include <cstdint>

#include "addon.h"
#include "arguments.h"

namespace {

void Free(napi_env, void* counted, void*) { delete static_cast<int64_t*>(counted); }

// Args: (bytes). The engine counts so many bytes more outside its heap; fewer if it is negative,
// but no fewer than before the first call: V8 13 and later end the process if their count falls
// below 0. Returns 0 or -errno.
Napi::Value Weigh(const Napi::CallbackInfo& info) {
  auto* counted = static_cast<int64_t*>(info.Data());
  int64_t bytes;
  if (!ReadInteger(info[0], -kMaxUint, kMaxUint, &bytes) || *counted + bytes < 0)
    return Errno(info.Env(), EINVAL);
  *counted += bytes;
  int64_t total;
  napi_adjust_external_memory(info.Env(), bytes, &total);
  return Errno(info.Env(), 0);
}

}  // namespace

void InitWeight(Napi::Env env, Napi::Object exports) {
  auto* counted = new int64_t(0);
  const auto weigh = Napi::Function::New<Weigh>(env, "weigh", counted);
  napi_add_finalizer(env, weigh, counted, Free, nullptr, nullptr);
  exports.Set("weigh", weigh);
}
