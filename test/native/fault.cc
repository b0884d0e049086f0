// Crashes, and SIGSEGV handlers such as other native code installs. For the tests only.
#include <dlfcn.h>
#include <napi.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include <atomic>
#include <string>

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

// Stores to a read-only page. The handler of InstallLeaving leaves by siglongjmp(3), back to here.
void StoreAndLeave(const Napi::CallbackInfo&) {
  if (sigsetjmp(way_out, 1) == 0) *ReadOnlyPage() = 1;
}

// Returns whether SIGUSR1 is blocked in this thread.
Napi::Value IsBlocked(const Napi::CallbackInfo& info) {
  sigset_t mask;
  sigprocmask(SIG_SETMASK, nullptr, &mask);
  return Napi::Boolean::New(info.Env(), sigismember(&mask, SIGUSR1) == 1);
}

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
  exports.Set("isBlocked", Napi::Function::New(env, IsBlocked, "isBlocked"));
  return exports;
}

NODE_API_MODULE(wasm_shm_test, Init)

}  // namespace
