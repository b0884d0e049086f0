#include "arguments.h"

#include <unistd.h>

#include <cstring>
#include <memory>

namespace {

const auto page_size = static_cast<size_t>(sysconf(_SC_PAGESIZE));

struct Environment {
  Napi::FunctionReference memory_buffer;  // the getter WebAssembly.Memory.prototype.buffer
};

// Reads the present buffer of `value`; false if `value` is not a WebAssembly.Memory. The engine's
// own getter decides: it throws for everything else, and no prototype trick or proxy passes it.
bool MemoryBuffer(Napi::Env env, const Napi::Value& value, Napi::Value* buffer) {
  const auto* environment = env.GetInstanceData<Environment>();
  if (environment == nullptr || environment->memory_buffer.IsEmpty() || !value.IsObject())
    return false;
  napi_value result;
  const napi_status status =
      napi_call_function(env, value, environment->memory_buffer.Value(), 0, nullptr, &result);
  if (env.IsExceptionPending())
    env.GetAndClearPendingException();
  else if (status != napi_ok)
    AwaitTermination();
  if (status != napi_ok) return false;
  *buffer = Napi::Value(env, result);
  return buffer->IsObject();
}

// object[name], or undefined if `object` is not an object. A global may be missing (node
// --jitless), or a program may have replaced it.
Napi::Value Member(Napi::Env env, const Napi::Value& object, const char* name) {
  if (!object.IsObject() && !object.IsFunction()) return env.Undefined();
  return object.As<Napi::Object>().Get(name);
}

}  // namespace

void InitArguments(Napi::Env env) {
  auto environment = std::make_unique<Environment>();
  const auto memory = Member(env, Member(env, env.Global(), "WebAssembly"), "Memory");
  const auto prototype = Member(env, memory, "prototype");
  const auto describe =
      Member(env, Member(env, env.Global(), "Object"), "getOwnPropertyDescriptor");
  if (prototype.IsObject() && describe.IsFunction()) {
    const auto descriptor =
        describe.As<Napi::Function>().Call({prototype, Napi::String::New(env, "buffer")});
    const auto getter = Member(env, descriptor, "get");
    if (getter.IsFunction())
      environment->memory_buffer = Napi::Persistent(getter.As<Napi::Function>());
  }
  env.SetInstanceData(environment.release());
}

// Many times what the terminating thread needs.
void AwaitTermination() { usleep(100'000); }

bool ReadId(const Napi::Value& value, int* id) { return ReadInteger(value, 0, kMaxInt, id); }

bool ReadPath(const Napi::Value& value, Path* path) {
  size_t length = 0;
  if (!value.IsString() ||
      napi_get_value_string_utf8(value.Env(), value, *path, sizeof(*path), &length) != napi_ok)
    return false;
  return strlen(*path) == length;  // ftok(3) stops at a NUL: it would take another file
}

size_t PageSize() { return page_size; }

bool ReadWindow(const Napi::CallbackInfo& info, Window* window) {
  Napi::Value buffer;
  if (!MemoryBuffer(info.Env(), info[0], &buffer)) return false;
  if (!info[1].IsTypedArray()) return false;
  napi_typedarray_type type = napi_int8_array;  // Node 24.0 sets none for a Float16Array
  napi_value array_buffer;
  void* data = nullptr;
  size_t length = 0;  // in elements, which are bytes once the type is known
  if (napi_get_typedarray_info(info.Env(), info[1], &type, &length, &data, &array_buffer,
                               nullptr) != napi_ok)
    return false;
  // A view over the buffer that the memory has now is not detached, and lies inside that memory.
  bool is_same = false;
  if (type != napi_uint8_array) return false;
  if (napi_strict_equals(info.Env(), buffer, array_buffer, &is_same) != napi_ok) AwaitTermination();
  if (!is_same) return false;
  if (length == 0 || length % PageSize() != 0) return false;
  if (reinterpret_cast<uintptr_t>(data) % PageSize() != 0) return false;
  *window = {static_cast<uint8_t*>(data), length, !buffer.IsArrayBuffer()};
  return true;
}
