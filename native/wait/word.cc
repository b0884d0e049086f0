// One word to wait at, for two processes that share a page and trust each other with nothing else.
#include <sched.h>
#include <time.h>

#include <algorithm>

#include "addon.h"
#include "arguments.h"
#include "wait/futex.h"

namespace {

constexpr double kDay = 86'400'000;  // milliseconds; longer waits might not fit as nanoseconds

// Args: (array, index, ...). The array must be an Int32Array, and the index inside it.
bool ReadWord(const Napi::CallbackInfo& info, uint32_t** word) {
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  size_t index;
  if (!info[0].IsTypedArray() ||
      napi_get_typedarray_info(info.Env(), info[0], &type, &length, &data, nullptr, nullptr) !=
          napi_ok ||
      type != napi_int32_array || length == 0 ||
      !ReadInteger(info[1], 0, static_cast<double>(length - 1), &index))
    return false;
  *word = static_cast<uint32_t*>(data) + index;
  return true;
}

// To look for so long before a sleep saves most sleeps: the wake of a core that is idle takes 25
// us, and there are two in a call of a guest. Of a short one, callSync takes 6 to 11 us instead of
// 14 to 57 then, and call 16 to 28 instead of 44 to 73 (Node 20, x86-64, npm run bench -- sandbox).
constexpr int64_t kLookNs = 50'000;

bool IsPast(const timespec& time) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec != time.tv_sec ? now.tv_sec > time.tv_sec : now.tv_nsec >= time.tv_nsec;
}

// Whether the word gets another value within that time.
bool Changes(const uint32_t* word, uint32_t value, int64_t nanoseconds) {
  const timespec end = AfterNs(nanoseconds);
  do {
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != value) return true;
    sched_yield();  // the other side may need this core
  } while (!IsPast(end));
  return false;
}

// Args: (array, index, value, milliseconds). Sleeps while the word has the value, until a wake, the
// time or a signal. Returns 0 after a wake or a change, -EAGAIN if the word had another value,
// -ETIMEDOUT, -EINTR or another -errno.
Napi::Value WaitWord(const Napi::CallbackInfo& info) {
  uint32_t* word;
  int value;
  if (!ReadWord(info, &word) || !ReadInteger(info[2], -kMaxInt - 1, kMaxInt, &value) ||
      !info[3].IsNumber())
    return Errno(info.Env(), EINVAL);
  const double milliseconds = info[3].As<Napi::Number>().DoubleValue();
  if (!(milliseconds >= 0)) return Errno(info.Env(), EINVAL);
  const uint32_t sleeps_at = static_cast<uint32_t>(value);
  const int64_t nanoseconds = static_cast<int64_t>(std::min(milliseconds, kDay) * 1e6);
  if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != sleeps_at) return Errno(info.Env(), EAGAIN);
  if (Changes(word, sleeps_at, std::min(nanoseconds, kLookNs))) return Errno(info.Env(), 0);
  const timespec deadline = AfterNs(nanoseconds);
  const long result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET, sleeps_at, &deadline, nullptr,
                              FUTEX_BITSET_MATCH_ANY);
  return Errno(info.Env(), result == 0 ? 0 : errno);
}

// Args: (array, index). Wakes all that wait at the word. Returns how many, or -errno.
Napi::Value WakeWord(const Napi::CallbackInfo& info) {
  uint32_t* word;
  if (!ReadWord(info, &word)) return Errno(info.Env(), EINVAL);
  const long woken = syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  return Napi::Number::New(info.Env(), static_cast<double>(woken < 0 ? -errno : woken));
}

}  // namespace

void InitWord(Napi::Env env, Napi::Object exports) {
  exports.Set("waitWord", Napi::Function::New<WaitWord>(env, "waitWord"));
  exports.Set("wakeWord", Napi::Function::New<WakeWord>(env, "wakeWord"));
}
