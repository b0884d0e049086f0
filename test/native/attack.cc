// What native code that took a guest's place would do. For the tests only: no package has it.
#include "attack.h"

#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "../../native/confine/filter.h"

namespace {

// A number, or a typed array's address.
long Argument(const Napi::Value& value) {
  if (value.IsNumber()) return static_cast<long>(value.As<Napi::Number>().Int64Value());
  if (value.IsBigInt()) {
    bool is_exact;
    return static_cast<long>(value.As<Napi::BigInt>().Int64Value(&is_exact));
  }
  void* data = nullptr;
  if (value.IsTypedArray())
    napi_get_typedarray_info(value.Env(), value, nullptr, nullptr, &data, nullptr, nullptr);
  return reinterpret_cast<long>(data);
}

// Args: (number, up to six arguments). Returns the result or -errno. A child that it makes says so,
// and ends.
Napi::Value Call(const Napi::CallbackInfo& info) {
  long args[7] = {};
  for (size_t i = 0; i < info.Length() && i < 7; i++) args[i] = Argument(info[i]);
  const pid_t self = getpid();
  const long result = syscall(args[0], args[1], args[2], args[3], args[4], args[5], args[6]);
  if (getpid() != self) {
    const char text[] = "ESCAPED into a process\n";
    if (write(2, text, sizeof text - 1) < 0) _exit(2);
    _exit(1);
  }
  return Napi::Number::New(info.Env(), static_cast<double>(result < 0 ? -errno : result));
}

// By the entry of 32-bit programs, whose numbers are others.
long Int80([[maybe_unused]] long number, [[maybe_unused]] long argument) {
  long result = -ENOSYS;
#ifdef __x86_64__
  asm volatile("int $0x80" : "=a"(result) : "a"(number), "b"(argument) : "memory");
#endif
  return result;
}

// Args: (number, one argument).
Napi::Value CallInt80(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(),
                           static_cast<double>(Int80(Argument(info[0]), Argument(info[1]))));
}

// Args: (segments, entry, number, up to six arguments). Makes the call in a child process that has
// the filter for these segments: by the entry of 32-bit programs if `entry` is 1. Returns the
// signal that ended the child, or -1 if none did.
Napi::Value CallInChild(const Napi::CallbackInfo& info) {
  const auto segments = info[0].As<Napi::Int32Array>();
  const bool is_int80 = Argument(info[1]) == 1;
  long args[7] = {};
  for (size_t i = 2; i < info.Length() && i < 9; i++) args[i - 2] = Argument(info[i]);
  static sock_filter program[kMostInstructions];
  const pid_t child = fork();
  if (child == 0) {
    // The child's thread is the only one, and other threads may hold locks: only system calls.
    const Subject subject = {getpid(), segments.Data(), segments.ElementLength() / 2, nullptr, 0};
    const size_t length = BuildFilter(subject, program, kMostInstructions);
    const sock_fprog filter = {static_cast<unsigned short>(length), program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0)
      _exit(1);
    if (is_int80)
      Int80(args[0], args[1]);
    else
      syscall(args[0], args[1], args[2], args[3], args[4], args[5], args[6]);
    _exit(2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return Napi::Number::New(info.Env(), WIFSIGNALED(status) ? WTERMSIG(status) : -1);
}

std::atomic<int> begun;

void* Begin(void*) {
  begun++;
  return nullptr;
}

// Makes two threads, and sets the filter of all threads so many looks at the clock later. Ends the
// process with 0 once both have begun.
[[noreturn]] void BeginUnderFilter(int looks) {
  static sock_filter program[kMostInstructions];
  const Subject subject = {getpid(), nullptr, 0, nullptr, 0};
  const size_t length = BuildFilter(subject, program, kMostInstructions);
  const sock_fprog filter = {static_cast<unsigned short>(length), program};
  timespec time = {};
  pthread_t threads[2];
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(1);
  for (auto& thread : threads)
    if (pthread_create(&thread, nullptr, Begin, nullptr) != 0) _exit(2);
  for (; looks > 0; looks--) clock_gettime(CLOCK_MONOTONIC, &time);
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) != 0)
    _exit(3);
  for (int naps = 0; begun < 2; naps++) {
    if (naps == 20'000) _exit(4);
    time = {0, 100'000};
    nanosleep(&time, nullptr);
  }
  _exit(0);
}

// Args: (rounds). Processes whose threads begin as the filter is set. Returns the status of the
// first that failed, as waitpid(2) has it; 0 if none did.
Napi::Value BeginThreads(const Napi::CallbackInfo& info) {
  const int rounds = static_cast<int>(Argument(info[0]));
  int status = 0;
  for (int round = 0; round < rounds && status == 0; round++) {
    const pid_t child = fork();
    if (child == 0) BeginUnderFilter(round % 100 * 10);
    if (child < 0 || waitpid(child, &status, 0) < 0) status = -1;
  }
  return Napi::Number::New(info.Env(), status);
}

// Args: (view). The address of its first byte.
Napi::Value AddressOf(const Napi::CallbackInfo& info) {
  return Napi::BigInt::New(info.Env(), static_cast<uint64_t>(Argument(info[0])));
}

// Args: (address). Stores a byte, with SIGSEGV's default action in place of the guard's handler.
void StoreUnguarded(const Napi::CallbackInfo& info) {
  signal(SIGSEGV, SIG_DFL);
  *reinterpret_cast<volatile char*>(Argument(info[0])) = 1;
}

// Args: (address). Stores a byte.
void StoreTo(const Napi::CallbackInfo& info) {
  *reinterpret_cast<volatile char*>(Argument(info[0])) = 1;
}

// Args: (segments, events, pid, most). The filter's program as bytes; empty if it does not fit.
Napi::Value Program(const Napi::CallbackInfo& info) {
  const auto segments = info[0].As<Napi::Int32Array>();
  const auto events = info[1].As<Napi::Int32Array>();
  const Subject subject = {info[2].As<Napi::Number>().Int32Value(), segments.Data(),
                           segments.ElementLength() / 2, events.Data(), events.ElementLength()};
  static sock_filter program[kMostInstructions];
  const size_t length = BuildFilter(subject, program, info[3].As<Napi::Number>().Uint32Value());
  auto bytes = Napi::Uint8Array::New(info.Env(), length * sizeof(sock_filter));
  memcpy(bytes.Data(), program, bytes.ByteLength());
  return bytes;
}

}  // namespace

void InitAttack(Napi::Env env, Napi::Object exports) {
  exports.Set("call", Napi::Function::New(env, Call, "call"));
  exports.Set("callInChild", Napi::Function::New(env, CallInChild, "callInChild"));
  exports.Set("beginThreads", Napi::Function::New(env, BeginThreads, "beginThreads"));
  exports.Set("callInt80", Napi::Function::New(env, CallInt80, "callInt80"));
  exports.Set("addressOf", Napi::Function::New(env, AddressOf, "addressOf"));
  exports.Set("storeTo", Napi::Function::New(env, StoreTo, "storeTo"));
  exports.Set("storeUnguarded", Napi::Function::New(env, StoreUnguarded, "storeUnguarded"));
  exports.Set("program", Napi::Function::New(env, Program, "program"));
  exports.Set("architecture", static_cast<double>(kArchitecture));
}
