// The bare system calls, timed where nothing of Node's lies between them. For the bench alone: the
// caller's arguments are taken as they are.
#include <napi.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include <cerrno>
#include <chrono>

#include "memory.h"

namespace {

using Clock = std::chrono::steady_clock;

Napi::Value Nanoseconds(Napi::Env env, Clock::time_point start) {
  const std::chrono::duration<double, std::nano> spent = Clock::now() - start;
  return Napi::Number::New(env, spent.count());
}

Napi::Value Errno(Napi::Env env, int error) { return Napi::Number::New(env, -error); }

// shmat(2) and shmdt(2). Returns 0 or an errno.
int AttachAndDetach(int id) {
  void* at = shmat(id, nullptr, 0);
  if (at == reinterpret_cast<void*>(-1)) return errno;
  return shmdt(at) == 0 ? 0 : errno;
}

// Args: (id, count). Attaches and detaches so many times. Returns nanoseconds, or -errno.
Napi::Value Attach(const Napi::CallbackInfo& info) {
  const int id = info[0].As<Napi::Number>().Int32Value();
  const int count = info[1].As<Napi::Number>().Int32Value();
  const auto start = Clock::now();
  for (int turn = 0; turn < count; turn++) {
    const int error = AttachAndDetach(id);
    if (error != 0) return Errno(info.Env(), error);
  }
  return Nanoseconds(info.Env(), start);
}

// Args: (size, count). Makes, attaches, detaches and removes so many segments. Returns nanoseconds,
// or -errno.
Napi::Value Create(const Napi::CallbackInfo& info) {
  const auto size = static_cast<size_t>(info[0].As<Napi::Number>().Int64Value());
  const int count = info[1].As<Napi::Number>().Int32Value();
  const auto start = Clock::now();
  for (int turn = 0; turn < count; turn++) {
    const int id = shmget(IPC_PRIVATE, size, IPC_CREAT | IPC_EXCL | 0600);
    if (id < 0) return Errno(info.Env(), errno);
    const int error = AttachAndDetach(id);
    if (shmctl(id, IPC_RMID, nullptr) != 0) return Errno(info.Env(), errno);
    if (error != 0) return Errno(info.Env(), error);
  }
  return Nanoseconds(info.Env(), start);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("attach", Napi::Function::New<Attach>(env, "attach"));
  exports.Set("create", Napi::Function::New<Create>(env, "create"));
  AddMemory(env, exports);
  return exports;
}

NODE_API_MODULE(wasm_shm_bench, Init)

}  // namespace
