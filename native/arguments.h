// Checks of arguments, made before a system call sees them. A failed check returns false and
// changes nothing.
#ifndef WASM_SHM_ARGUMENTS_H_
#define WASM_SHM_ARGUMENTS_H_

#include <napi.h>

#include <climits>
#include <cstddef>
#include <cstdint>

// Whole pages inside the present buffer of a WebAssembly.Memory.
struct Window {
  uint8_t* data;  // page-aligned
  size_t length;  // bytes; a multiple of the page size, never 0
  bool shared;    // the memory is a shared one, which other threads may hold
};

// Captures the getter that tells a real WebAssembly.Memory from an imitation. Called once for each
// environment, when it loads the addon.
void InitArguments(Napi::Env env);

// Reads an integral JS number in [least, most]. The caller chooses bounds that T holds, so the cast
// is exact.
template <typename T>
bool ReadInteger(const Napi::Value& value, double least, double most, T* out) {
  if (!value.IsNumber()) return false;
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= least && number <= most) || number != static_cast<double>(static_cast<T>(number)))
    return false;
  *out = static_cast<T>(number);
  return true;
}

// Number.MAX_SAFE_INTEGER: the largest size or offset that a JS number carries exactly.
constexpr double kMaxSafeInteger = 9007199254740991.0;
constexpr double kMaxInt = 2147483647.0;
constexpr double kMaxUint = 4294967295.0;

bool ReadId(const Napi::Value& value, int* id);

// Not a std::string, whose code is in libstdc++: without that, one file serves both C libraries. A
// path that does not fit is cut, but never to one that the kernel would take: it refuses PATH_MAX
// bytes, and Node-API cuts at most three bytes more than it must, as it keeps characters whole.
using Path = char[PATH_MAX + 4];
bool ReadPath(const Napi::Value& value, Path* path);

// Args: (memory, window, ...). The window must be a Uint8Array over the present memory.buffer.
bool ReadWindow(const Napi::CallbackInfo& info, Window* window);

size_t PageSize();

// For a call into JavaScript that Node-API refused without an exception. worker.terminate() first
// has it refuse all of them, and then has V8 stop the JavaScript: this waits for that, as what the
// refusal leaves undone would look like a wrong argument, or a field that is absent.
void AwaitTermination();

inline Napi::Value Errno(Napi::Env env, int error) { return Napi::Number::New(env, -error); }

#endif  // WASM_SHM_ARGUMENTS_H_
