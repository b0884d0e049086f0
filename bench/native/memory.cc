// Access to a segment by native code: one Node-API call for each operation, as a plain addon would
// offer it, and loops that make a whole pass in one call, which is the limit of what the machine
// does. Only the bench calls these functions, so they do not check offsets and lengths.
#include "memory.h"

#include <sys/shm.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "values.h"

namespace {

// The attachment of the last `map`. There is only one, so that a call needs no table lookup.
uint8_t* segment = nullptr;

template <typename T>
T Load(size_t offset) {
  T value;
  memcpy(&value, segment + offset, sizeof value);
  return value;
}

template <typename T>
void Store(size_t offset, T value) {
  memcpy(segment + offset, &value, sizeof value);
}

// Keeps the compiler from leaving out a copy because the next one overwrites it.
void Keep(void* bytes) { asm volatile("" : : "r"(bytes) : "memory"); }

// Args: (id). Returns 0 or -errno.
napi_value Map(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  void* at = shmat(static_cast<int>(Number(env, args.values[0])), nullptr, 0);
  if (at == reinterpret_cast<void*>(-1)) return Result(env, -errno);
  if (segment != nullptr) shmdt(segment);
  segment = static_cast<uint8_t*>(at);
  return Result(env, 0);
}

napi_value Unmap(napi_env env, napi_callback_info) {
  if (segment != nullptr) shmdt(segment);
  segment = nullptr;
  return Result(env, 0);
}

// Args: (offset). Returns the number at the offset.
napi_value ReadFloat64(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  return Result(env, Load<double>(Size(env, args.values[0])));
}

// Args: (offset, value).
napi_value WriteFloat64(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  Store(Size(env, args.values[0]), Number(env, args.values[1]));
  return nullptr;
}

// Args: (offset, target). Copies as many bytes as the target holds.
napi_value Read(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  size_t length = 0;
  auto* target = Array<uint8_t>(env, args.values[1], &length);
  memcpy(target, segment + Size(env, args.values[0]), length);
  return nullptr;
}

// Args: (offset, source). Copies the whole source.
napi_value Write(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  size_t length = 0;
  const auto* source = Array<uint8_t>(env, args.values[1], &length);
  memcpy(segment + Size(env, args.values[0]), source, length);
  return nullptr;
}

// Args: (offsets). Returns the sum of the numbers at the offsets.
napi_value SumAt(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  size_t count = 0;
  const auto* offsets = Array<uint32_t>(env, args.values[0], &count);
  double sum = 0;
  for (size_t index = 0; index < count; index++) sum += Load<double>(offsets[index]);
  return Result(env, sum);
}

// Args: (offset, count). Returns the sum of `count` numbers in a row.
napi_value SumFrom(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  const size_t start = Size(env, args.values[0]);
  const size_t count = Size(env, args.values[1]);
  double sum = 0;
  for (size_t index = 0; index < count; index++) sum += Load<double>(start + 8 * index);
  return Result(env, sum);
}

// Args: (offsets). Stores each offset as a number, at that offset.
napi_value StoreAt(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  size_t count = 0;
  const auto* offsets = Array<uint32_t>(env, args.values[0], &count);
  for (size_t index = 0; index < count; index++)
    Store(offsets[index], static_cast<double>(offsets[index]));
  return nullptr;
}

// Args: (offset, count). Stores `count` numbers in a row, each its own offset.
napi_value StoreFrom(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  const size_t start = Size(env, args.values[0]);
  const size_t end = start + 8 * Size(env, args.values[1]);
  for (size_t offset = start; offset < end; offset += 8) Store(offset, static_cast<double>(offset));
  return nullptr;
}

// Args: (target, chunks). Copies `chunks` chunks in a row, each as long as the target, into the
// target.
napi_value ReadChunks(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  size_t length = 0;
  auto* target = Array<uint8_t>(env, args.values[0], &length);
  const size_t chunks = Size(env, args.values[1]);
  for (size_t chunk = 0; chunk < chunks; chunk++) {
    memcpy(target, segment + chunk * length, length);
    Keep(target);
  }
  return nullptr;
}

// Args: (source, chunks). Copies the source into `chunks` chunks in a row.
napi_value WriteChunks(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  size_t length = 0;
  const auto* source = Array<uint8_t>(env, args.values[0], &length);
  const size_t chunks = Size(env, args.values[1]);
  for (size_t chunk = 0; chunk < chunks; chunk++) memcpy(segment + chunk * length, source, length);
  Keep(segment);
  return nullptr;
}

// Args: (count). A record has 32 bytes: u32 at 0, u16 at 4, u8 at 6, f64 at 8, f32 at 16, i32 at
// 20, 8 unused. Returns the sum of the fields of `count` records.
napi_value SumRecords(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  const size_t end = 32 * Size(env, args.values[0]);
  double sum = 0;
  for (size_t at = 0; at < end; at += 32) {
    const double whole =
        static_cast<double>(Load<uint32_t>(at)) + Load<uint16_t>(at + 4) + Load<uint8_t>(at + 6);
    sum += whole + Load<double>(at + 8) + Load<float>(at + 16) + Load<int32_t>(at + 20);
  }
  return Result(env, sum);
}

int32_t* Word(size_t offset) { return reinterpret_cast<int32_t*>(segment + offset); }

// Args: (offset). Adds 1 to the word at the offset. Returns its old value.
napi_value Add(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  return Result(env, __atomic_fetch_add(Word(Size(env, args.values[0])), 1, __ATOMIC_SEQ_CST));
}

// Args: (offset, expected, value). Returns the word's old value.
napi_value CompareExchange(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  auto expected = static_cast<int32_t>(Number(env, args.values[1]));
  const auto value = static_cast<int32_t>(Number(env, args.values[2]));
  __atomic_compare_exchange_n(Word(Size(env, args.values[0])), &expected, value, false,
                              __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return Result(env, expected);
}

// Args: (offset, count). Adds 1, `count` times.
napi_value AddMany(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  int32_t* word = Word(Size(env, args.values[0]));
  const size_t count = Size(env, args.values[1]);
  for (size_t index = 0; index < count; index++) __atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
  return nullptr;
}

// Args: (offset, count). Adds 1, `count` times, each by compare-exchange until it succeeds.
napi_value ExchangeMany(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  int32_t* word = Word(Size(env, args.values[0]));
  const size_t count = Size(env, args.values[1]);
  for (size_t index = 0; index < count; index++) {
    int32_t seen = __atomic_load_n(word, __ATOMIC_SEQ_CST);
    while (!__atomic_compare_exchange_n(word, &seen, seen + 1, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST)) {
    }
  }
  return nullptr;
}

}  // namespace

void AddMemory(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {
#define METHOD(name, function) \
  {name, nullptr, function, nullptr, nullptr, nullptr, napi_enumerable, nullptr}
      METHOD("map", Map),
      METHOD("unmap", Unmap),
      METHOD("readFloat64", ReadFloat64),
      METHOD("writeFloat64", WriteFloat64),
      METHOD("read", Read),
      METHOD("write", Write),
      METHOD("sumAt", SumAt),
      METHOD("sumFrom", SumFrom),
      METHOD("storeAt", StoreAt),
      METHOD("storeFrom", StoreFrom),
      METHOD("readChunks", ReadChunks),
      METHOD("writeChunks", WriteChunks),
      METHOD("sumRecords", SumRecords),
      METHOD("add", Add),
      METHOD("compareExchange", CompareExchange),
      METHOD("addMany", AddMany),
      METHOD("exchangeMany", ExchangeMany),
#undef METHOD
  };
  napi_define_properties(env, exports, sizeof methods / sizeof methods[0], methods);
}
