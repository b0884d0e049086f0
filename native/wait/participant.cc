// Participants of domains as JS objects. Every method of one that has left does nothing.
#include <napi.h>
#include <node_api.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <new>

#include "addon.h"
#include "arguments.h"
#include "wait/door.h"
#include "wait/keeper.h"

namespace {

// Those that have joined, in every thread. exit(3) does not run the cleanup hooks of environments
// after process.exit(): then this list is left in their place, or peers would be told of deaths.
pthread_mutex_t joined_lock = PTHREAD_MUTEX_INITIALIZER;
Keeper* joined = nullptr;
pid_t joined_in = 0;

// Nothing is unmapped: exit(3) stops no thread, and another may be inside a call. A child of
// fork(2) has the list, and none of the threads.
struct LeaveAtExit {
  ~LeaveAtExit() {
    if (joined_in != getpid()) return;
    pthread_mutex_lock(&joined_lock);
    for (Keeper* keeper = joined; keeper != nullptr; keeper = keeper->next) keeper->End();
    joined = nullptr;
    pthread_mutex_unlock(&joined_lock);
  }
};
LeaveAtExit leave_at_exit;

void Remember(Keeper* keeper) {
  pthread_mutex_lock(&joined_lock);
  keeper->next = joined;
  joined = keeper;
  joined_in = getpid();
  pthread_mutex_unlock(&joined_lock);
}

void Forget(const Keeper* keeper) {
  pthread_mutex_lock(&joined_lock);
  for (Keeper** link = &joined; *link != nullptr; link = &(*link)->next) {
    if (*link != keeper) continue;
    *link = keeper->next;
    break;
  }
  pthread_mutex_unlock(&joined_lock);
}

// Calls a function of an event loop from another thread. Any number of sends before the call are
// one call. It frees itself with the threadsafe function.
class Signal {
 public:
  // nullptr if the environment is being torn down.
  static Signal* New(napi_env env, napi_value callback) {
    auto* signal = new (std::nothrow_t{}) Signal;
    if (signal == nullptr) return nullptr;
    napi_value name;
    if (napi_create_string_utf8(env, "wasm-shm domain", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_threadsafe_function(env, callback, nullptr, name, 0, 1, signal, Finalize,
                                        signal, Call, &signal->function_) != napi_ok) {
      delete signal;
      return nullptr;
    }
    napi_unref_threadsafe_function(env, signal->function_);
    return signal;
  }

  void Send() {
    if (!sent_.exchange(true))
      napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
  }

  void Hold(napi_env env, bool on) {
    if (on)
      napi_ref_threadsafe_function(env, function_);
    else
      napi_unref_threadsafe_function(env, function_);
  }

  void Release() { napi_release_threadsafe_function(function_, napi_tsfn_abort); }

 private:
  // Without an environment the signal is gone: what was sent and not called is dropped after
  // Finalize.
  static void Call(napi_env env, napi_value callback, void* signal, void*) {
    if (env == nullptr) return;
    static_cast<Signal*>(signal)->sent_ = false;
    napi_value receiver;
    if (callback == nullptr || napi_get_undefined(env, &receiver) != napi_ok) return;
    napi_call_function(env, receiver, callback, 0, nullptr, nullptr);
  }

  static void Finalize(napi_env, void* signal, void*) { delete static_cast<Signal*>(signal); }

  napi_threadsafe_function function_ = nullptr;
  std::atomic<bool> sent_{false};
};

// Not by ToBoolean, which ends the process if the thread is being terminated.
bool IsTrue(const Napi::Value& value) {
  bool result = false;
  return napi_get_value_bool(value.Env(), value, &result) == napi_ok && result;
}

class Participant : public Napi::ObjectWrap<Participant> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(
        env, "Participant",
        {InstanceMethod<&Participant::Arm>("arm"), InstanceMethod<&Participant::Disarm>("disarm"),
         InstanceMethod<&Participant::Watch>("watch"), InstanceMethod<&Participant::Hold>("hold"),
         InstanceMethod<&Participant::Look>("look"), InstanceMethod<&Participant::Sleep>("sleep"),
         InstanceMethod<&Participant::Wake>("wake"), InstanceMethod<&Participant::Yield>("yield"),
         InstanceMethod<&Participant::LeaveNow>("leave")});
  }

  // Args: (memory, window, offset, slots, pageSize, kind, changed, isLibuv). Joins the domain at
  // `offset` of the window, whose pages are a shared mapping. `result` is then 0 or -errno.
  // Properties, as an accessor of this class could be called on another addon's object.
  explicit Participant(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<Participant>(info), env_(info.Env()) {
    using Property = Napi::PropertyDescriptor;
    const int error = Join(info);
    const bool defined = info.This().As<Napi::Object>().DefineProperties(
        {Property::Value("result", Errno(env_, error)),
         Property::Value("slot", Napi::Number::New(env_, keeper_.slot())),
         Property::Value("generation", Napi::Number::New(env_, keeper_.generation())),
         Property::Value("blocks", Napi::Boolean::New(env_, true)),
         Property::Value("polls", Napi::Boolean::New(env_, HasCores()))});
    if (!defined) AwaitTermination();
  }

  ~Participant() override { Leave(); }

 private:
  int Join(const Napi::CallbackInfo& info) {
    if (!info[6].IsFunction()) return EINVAL;
    // First, as hooks of async_hooks run in it, which may move the window's memory.
    signal_ = Signal::New(env_, info[6]);
    if (signal_ == nullptr) return ENOMEM;
    const int error = JoinWindow(info);
    if (error != 0) {
      signal_->Release();
      signal_ = nullptr;
      return error;
    }
    if (IsTrue(info[7])) opens_door_ = Napi::Persistent(info[6].As<Napi::Function>());
    Remember(&keeper_);
    napi_add_env_cleanup_hook(env_, CleanUp, this);
    return 0;
  }

  int JoinWindow(const Napi::CallbackInfo& info) {
    Window window;
    size_t offset, page;
    uint32_t slots, kind;
    if (!ReadWindow(info, &window) || !ReadInteger(info[2], 0, kMaxSafeInteger, &offset) ||
        !ReadInteger(info[3], 1, kMaxSlots, &slots) ||
        !ReadInteger(info[4], PageSize(), kMaxSafeInteger, &page) ||
        !ReadInteger(info[5], 0, kMaxUint, &kind))
      return EINVAL;
    const size_t bytes = kHeaderBytes + kSlotBytes * slots;
    if (offset % kHeaderBytes != 0 || (page & (page - 1)) != 0 || bytes > window.length ||
        offset > window.length - bytes)
      return EINVAL;
    return keeper_.Join(reinterpret_cast<uint32_t*>(window.data + offset), slots, page, kind, Send,
                        signal_);
  }

  static void Send(void* signal) { static_cast<Signal*>(signal)->Send(); }
  static void CleanUp(void* participant) { static_cast<Participant*>(participant)->Leave(); }

  void Leave() {
    if (signal_ == nullptr) return;
    napi_remove_env_cleanup_hook(env_, CleanUp, this);
    Forget(&keeper_);
    opens_door_.Reset();
    if (door_ != nullptr) door_->Close();
    door_ = nullptr;
    keeper_.Leave();
    signal_->Release();
    signal_ = nullptr;
  }

  bool Active() const { return signal_ != nullptr && keeper_.joined(); }

  // Args: (holds).
  void Arm(const Napi::CallbackInfo& info) {
    if (!Active()) return;
    if (!opens_door_.IsEmpty()) OpenDoor();
    keeper_.Arm();
    if (IsTrue(info[0])) signal_->Hold(env_, true);
  }
  // At the first wait: most participants have none that sleeps.
  void OpenDoor() {
    door_ = Door::Open(env_, opens_door_.Value(), keeper_.doorbell());
    opens_door_.Reset();
    if (door_ != nullptr) keeper_.ListenAt(door_->name());
  }
  void Disarm(const Napi::CallbackInfo&) {
    if (!Active()) return;
    keeper_.Disarm();
    signal_->Hold(env_, false);
  }
  // Args: (on).
  void Watch(const Napi::CallbackInfo& info) { keeper_.Watch(IsTrue(info[0])); }
  // Args: (on). Whether it keeps the event loop alive.
  void Hold(const Napi::CallbackInfo& info) {
    if (Active()) signal_->Hold(env_, IsTrue(info[0]));
  }
  void Look(const Napi::CallbackInfo&) {
    if (Active()) keeper_.Look();
  }
  // Args: (milliseconds).
  void Sleep(const Napi::CallbackInfo& info) {
    if (!Active() || !info[0].IsNumber()) return;
    const double milliseconds = info[0].As<Napi::Number>().DoubleValue();
    if (milliseconds > 0 && milliseconds <= 1000)
      keeper_.Sleep(static_cast<int64_t>(milliseconds * 1e6));
  }
  // Args: (low, high): 32 slots each.
  void Wake(const Napi::CallbackInfo& info) {
    uint64_t low, high;
    if (Active() && ReadInteger(info[0], 0, kMaxUint, &low) &&
        ReadInteger(info[1], 0, kMaxUint, &high))
      keeper_.Wake(low | high << 32);
  }
  void Yield(const Napi::CallbackInfo&) { sched_yield(); }
  void LeaveNow(const Napi::CallbackInfo&) { Leave(); }

  // More than 1,024 cores are an error, and not one core.
  static bool HasCores() {
    cpu_set_t cores;
    return sched_getaffinity(0, sizeof cores, &cores) != 0 || CPU_COUNT(&cores) > 1;
  }

  Napi::Env env_;
  Signal* signal_ = nullptr;  // set while it has not left
  Door* door_ = nullptr;
  Napi::FunctionReference opens_door_;  // what a door calls, until the first wait opens it
  Keeper keeper_;
};

}  // namespace

void InitParticipant(Napi::Env env, Napi::Object exports) {
  exports.Set("Participant", Participant::Class(env));
}
