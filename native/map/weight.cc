// Tells the engine what a memory weighs. V8 collects sooner if dropped objects hold much outside
// its heap, but of shared memories it counts nothing (Node 20, 22 and 24), because other threads
// may hold them. Attachments that a program drops would then pile up: 1,491 of 1,500 with 16 MiB
// each.
#include <cerrno>
#include <cstdint>

#include "addon.h"
#include "arguments.h"

namespace {

// A finalizer: the memory was collected, or its environment ends.
void Lift(napi_env env, void* bytes, void*) {
  int64_t total;
  napi_adjust_external_memory(env, -reinterpret_cast<intptr_t>(bytes), &total);
}

// Args: (memory, bytes). Until the memory is collected, the engine counts so many bytes for it.
// Returns 0 or -errno.
Napi::Value Weigh(const Napi::CallbackInfo& info) {
  intptr_t bytes;
  if (!info[0].IsObject() || !ReadInteger(info[1], 0, kMaxUint, &bytes))
    return Errno(info.Env(), EINVAL);
  if (napi_add_finalizer(info.Env(), info[0], reinterpret_cast<void*>(bytes), Lift, nullptr,
                         nullptr) != napi_ok)
    return Errno(info.Env(), ENOMEM);
  int64_t total;
  napi_adjust_external_memory(info.Env(), bytes, &total);
  return Errno(info.Env(), 0);
}

}  // namespace

void InitWeight(Napi::Env env, Napi::Object exports) {
  exports.Set("weigh", Napi::Function::New<Weigh>(env, "weigh"));
}
