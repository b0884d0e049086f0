// Copies bytes between a window and an array of the program's. V8's own copy between a shared and a
// private buffer is many times slower: src/memory/copy.ts has figures, and calls this from the size
// on at which it is worth the call.
//
// Other processes may write to the window meanwhile. The copy is then of bytes that were never
// there together, and nothing worse: no byte that is copied decides what is done. A store into a
// guarded window faults, and is repeated once the handler has put a private page there:
// guard/fault.cc.
//
// This is written in plain Node-API. Napi::CallbackInfo and ReadInteger would cost a copy of 1 KiB
// 15 ns more, of 65 to 80 (Node 20 and 26, x86-64).
#include <cerrno>
#include <cstring>

#include "addon.h"
#include "arguments.h"

namespace {

struct Bytes {
  uint8_t* data;
  size_t length;
};

// Reads a Uint8Array. The engine says what it is, and where its bytes are now: a detached array has
// none. Its buffer is not asked for: napi_get_arraybuffer_info refuses shared ones in Node 20 and
// Deno.
bool ReadBytes(napi_env env, napi_value value, Bytes* bytes) {
  napi_typedarray_type type = napi_int8_array;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &bytes->length, &data, nullptr, nullptr) !=
      napi_ok)
    return false;
  bytes->data = static_cast<uint8_t*>(data);
  return type == napi_uint8_array;
}

// Reads where in a window `length` bytes begin, if so many follow.
bool ReadStart(napi_env env, napi_value value, const Bytes& window, size_t length, size_t* start) {
  double number;
  if (napi_get_value_double(env, value, &number) != napi_ok) return false;
  // A window is far below 2^53 bytes, so that the casts are exact. NaN fails the first comparison.
  if (!(number >= 0 && number <= static_cast<double>(window.length))) return false;
  *start = static_cast<size_t>(number);
  return number == static_cast<double>(*start) && length <= window.length - *start;
}

enum class Direction { kRead, kWrite };

// Args: (array, window, start), two Uint8Arrays and a byte offset in the second. Copies all of the
// array: from the window, or into it. They may overlap. Returns undefined; or -errno, and has
// copied nothing.
template <Direction direction>
napi_value Transfer(napi_env env, napi_callback_info info) {
  napi_value args[3];
  size_t count = 3;  // an argument that is not given is undefined
  Bytes array;
  Bytes window;
  size_t start;
  if (napi_get_cb_info(env, info, &count, args, nullptr, nullptr) != napi_ok ||
      !ReadBytes(env, args[0], &array) || !ReadBytes(env, args[1], &window) ||
      !ReadStart(env, args[2], window, array.length, &start))
    return Errno(env, EINVAL);
  if (array.length == 0) return nullptr;  // `data` may be null
  if (direction == Direction::kRead)
    memmove(array.data, window.data + start, array.length);
  else
    memmove(window.data + start, array.data, array.length);
  return nullptr;
}

void Export(Napi::Env env, Napi::Object exports, const char* name, napi_callback callback) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok)
    exports.Set(name, function);
}

}  // namespace

void InitTransfer(Napi::Env env, Napi::Object exports) {
  Export(env, exports, "read", Transfer<Direction::kRead>);
  Export(env, exports, "write", Transfer<Direction::kWrite>);
}
