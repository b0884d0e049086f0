// Crashes, and SIGSEGV handlers such as other native code installs. For the tests only.
#ifdef __x86_64__
#include <cpuid.h>
#endif
#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <napi.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

#include "attack.h"

namespace {

struct sigaction before = {};
std::atomic<int> handled{0};
sigjmp_buf way_out;

// Counts, and passes the signal on to the handler that was there when this one was installed, as a
// crash reporter does.
void Count(int signal, siginfo_t* info, void* context) {
  handled++;
  if ((before.sa_flags & SA_SIGINFO) != 0)
    before.sa_sigaction(signal, info, context);
  else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)
    before.sa_handler(signal);
  else
    sigaction(signal, &before, nullptr);
}

void CountAlone(int) { handled++; }

void Leave(int, siginfo_t*, void*) {
  handled++;
  siglongjmp(way_out, 1);
}

void Install(void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | flags;
  sigaction(SIGSEGV, &action, &before);
}

void InstallCounting(const Napi::CallbackInfo&) { Install(Count, 0); }
void InstallOnce(const Napi::CallbackInfo&) { Install(Count, static_cast<int>(SA_RESETHAND)); }
void InstallLeaving(const Napi::CallbackInfo&) { Install(Leave, SA_NODEFER); }

void InstallPlain(const Napi::CallbackInfo&) {
  struct sigaction action = {};
  action.sa_handler = CountAlone;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGSEGV, &action, &before);
}

void InstallDefault(const Napi::CallbackInfo&) { signal(SIGSEGV, SIG_DFL); }
void InstallIgnore(const Napi::CallbackInfo&) { signal(SIGSEGV, SIG_IGN); }

Napi::Value Handled(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), handled.load());
}

// Returns the path of the library that SIGSEGV's handler is in, or "none".
Napi::Value HandlerFile(const Napi::CallbackInfo& info) {
  struct sigaction action;
  sigaction(SIGSEGV, nullptr, &action);
  Dl_info found = {};
  std::string file = "none";
  if (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN &&
      dladdr(reinterpret_cast<void*>(action.sa_sigaction), &found) != 0)
    file = found.dli_fname;
  return Napi::String::New(info.Env(), file);
}

volatile char* ReadOnlyPage() {
  static void* page = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return static_cast<char*>(page);
}

void StoreToNull(const Napi::CallbackInfo&) {
  volatile char* volatile nowhere = nullptr;
  *nowhere = 1;
}

void StoreToReadOnly(const Napi::CallbackInfo&) { *ReadOnlyPage() = 1; }

// Args: (view). Jumps to the view's first byte.
void JumpInto(const Napi::CallbackInfo& info) {
  const auto view = info[0].As<Napi::Uint8Array>();
  reinterpret_cast<void (*)()>(view.Data())();
}

// Whether threads have rights to pages by protection keys, by which some engines protect their code
// (pkeys(7)): not if the processor has none, or the kernel does not use them.
bool HasKeys() {
#ifdef __x86_64__
  uint32_t eax, ebx, ecx = 0, edx;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ecx & (1u << 4)) != 0;
#else
  return false;
#endif
}

uint32_t KeyRights() {
  uint32_t rights = 0;
#ifdef __x86_64__
  uint32_t edx;
  if (HasKeys()) asm volatile("rdpkru" : "=a"(rights), "=d"(edx) : "c"(0));
#endif
  return rights;
}

void SetKeyRights([[maybe_unused]] uint32_t rights) {
#ifdef __x86_64__
  if (HasKeys()) asm volatile("wrpkru" : : "a"(rights), "c"(0), "d"(0) : "memory");
#endif
}

// Stores to a read-only page. The handler of InstallLeaving leaves by siglongjmp(3), back to here.
// A handler begins with rights of its own, and this is a way out that restores nothing.
void StoreAndLeave(const Napi::CallbackInfo&) {
  const volatile uint32_t rights = KeyRights();
  if (sigsetjmp(way_out, 1) == 0) *ReadOnlyPage() = 1;
  SetKeyRights(rights);
}

// Returns whether SIGUSR1 is blocked in this thread.
Napi::Value IsBlocked(const Napi::CallbackInfo& info) {
  sigset_t mask;
  sigprocmask(SIG_SETMASK, nullptr, &mask);
  return Napi::Boolean::New(info.Env(), sigismember(&mask, SIGUSR1) == 1);
}

// Args: (most, spare). Takes mappings until `most` are taken or the system refuses one, and then
// gives `spare` of them back. Returns how many are left taken.
Napi::Value TakeMappings(const Napi::CallbackInfo& info) {
  const auto most = info[0].As<Napi::Number>().Int64Value();
  const auto spare = info[1].As<Napi::Number>().Int64Value();
  const size_t page = 4096;
  const size_t length = static_cast<size_t>(most + 1) * page;
  void* at = mmap(nullptr, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return Napi::Number::New(info.Env(), 0);
  auto* pages = static_cast<char*>(at);
  int64_t taken = 0;  // two for each readable page between others
  while (taken + 2 <= most && mprotect(pages + (taken + 1) * page, page, PROT_READ) == 0)
    taken += 2;
  const int64_t kept = taken - spare - spare % 2;
  if (kept < taken) mprotect(pages + (kept + 1) * page, (taken - kept - 1) * page, PROT_NONE);
  return Napi::Number::New(info.Env(), static_cast<double>(kept));
}

// Has the kernel refuse a system call to this thread. Returns whether it does.
Napi::Value Refuse(const Napi::CallbackInfo& info, uint32_t call, uint32_t error) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  const bool works = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                     prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
  return Napi::Boolean::New(info.Env(), works);
}

Napi::Value RefuseMremap(const Napi::CallbackInfo& info) { return Refuse(info, SYS_mremap, EPERM); }

// Args: (number, errno).
Napi::Value RefuseCall(const Napi::CallbackInfo& info) {
  return Refuse(info, info[0].As<Napi::Number>().Uint32Value(),
                info[1].As<Napi::Number>().Uint32Value());
}

// As a kernel before Linux 5.16 does, whose headers lack the number.
Napi::Value RefuseFutexWaitv(const Napi::CallbackInfo& info) { return Refuse(info, 449, ENOSYS); }

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, void (*function)(const Napi::CallbackInfo&)) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  set("installCounting", InstallCounting);
  set("installOnce", InstallOnce);
  set("installPlain", InstallPlain);
  set("installLeaving", InstallLeaving);
  set("installDefault", InstallDefault);
  set("installIgnore", InstallIgnore);
  set("storeToNull", StoreToNull);
  set("storeToReadOnly", StoreToReadOnly);
  set("storeAndLeave", StoreAndLeave);
  set("jumpInto", JumpInto);
  exports.Set("handled", Napi::Function::New(env, Handled, "handled"));
  exports.Set("handlerFile", Napi::Function::New(env, HandlerFile, "handlerFile"));
  exports.Set("takeMappings", Napi::Function::New(env, TakeMappings, "takeMappings"));
  exports.Set("refuseMremap", Napi::Function::New(env, RefuseMremap, "refuseMremap"));
  exports.Set("refuse", Napi::Function::New(env, RefuseCall, "refuse"));
  exports.Set("refuseFutexWaitv", Napi::Function::New(env, RefuseFutexWaitv, "refuseFutexWaitv"));
  exports.Set("isBlocked", Napi::Function::New(env, IsBlocked, "isBlocked"));
  InitAttack(env, exports);
  return exports;
}

NODE_API_MODULE(wasm_shm_test, Init)

}  // namespace
