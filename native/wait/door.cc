#include "wait/door.h"

#include <dlfcn.h>
#include <node_api.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <new>

#include "wait/words.h"

namespace {

constexpr int64_t kMostSurplus = 1000;

// libuv's functions are looked for when the first door is opened: an engine that has none can load
// the addon.
struct Libuv {
  decltype(&uv_handle_size) handle_size;
  decltype(&uv_poll_init) poll_init;
  decltype(&uv_poll_start) poll_start;
  decltype(&uv_poll_stop) poll_stop;
  decltype(&uv_unref) unref;
  decltype(&uv_close) close;
  bool found;

  void Find() {
    found = Find("uv_handle_size", &handle_size) && Find("uv_poll_init", &poll_init) &&
            Find("uv_poll_start", &poll_start) && Find("uv_poll_stop", &poll_stop) &&
            Find("uv_unref", &unref) && Find("uv_close", &close);
  }

 private:
  template <typename F>
  static bool Find(const char* name, F* function) {
    *function = reinterpret_cast<F>(dlsym(RTLD_DEFAULT, name));
    return *function != nullptr;
  }
};

// C++'s own way of doing this once would need libstdc++.
const Libuv& Uv() {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static Libuv uv;
  pthread_once(&once, [] { uv.Find(); });
  return uv;
}

}  // namespace

Door* Door::Open(napi_env env, napi_value callback, const uint32_t* doorbell) {
  if (!Uv().found) return nullptr;
  auto* door = new (std::nothrow_t{}) Door(env);
  if (door == nullptr) return nullptr;
  door->doorbell_ = doorbell;
  door->rung_ = Load(doorbell);
  door->socket_ = OpenDoor(&door->name_);
  if (door->socket_ >= 0 && door->Listen(callback)) return door;
  door->Close();
  return nullptr;
}

bool Door::Listen(napi_value callback) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok ||
      napi_create_reference(env_, callback, 1, &callback_) != napi_ok)
    return false;
  auto* poll = static_cast<uv_poll_t*>(malloc(Uv().handle_size(UV_POLL)));
  if (poll == nullptr) return false;
  if (Uv().poll_init(loop, poll, socket_) != 0) {
    free(poll);
    return false;
  }
  poll_ = poll;
  poll_->data = this;
  Uv().unref(reinterpret_cast<uv_handle_t*>(poll_));
  return napi_add_async_cleanup_hook(env_, OnEnd, this, &hook_) == napi_ok &&
         Uv().poll_start(poll_, UV_READABLE, OnReadable) == 0;
}

void Door::Close() {
  if (closing_) return;
  closing_ = true;
  if (poll_ == nullptr)
    Free();
  else
    Uv().close(reinterpret_cast<uv_handle_t*>(poll_), OnClosed);
}

void Door::OnClosed(uv_handle_t* poll) {
  auto* door = static_cast<Door*>(poll->data);
  free(poll);
  door->Free();
}

// The participant, whose own hook follows, closes it. A hook of another addon may turn the loop in
// between.
void Door::OnEnd(napi_async_cleanup_hook_handle, void*) {}

void Door::Free() {
  if (socket_ >= 0) close(socket_);
  if (callback_ != nullptr) napi_delete_reference(env_, callback_);
  if (hook_ != nullptr) napi_remove_async_cleanup_hook(hook_);
  delete this;
}

// What was sent says nothing. Whatever else lies there makes the loop call this again.
void Door::OnReadable(uv_poll_t* poll, int status, int) {
  auto* door = static_cast<Door*>(poll->data);
  char byte;
  if (door->closing_) return;
  if (status == 0 && recv(door->socket_, &byte, 1, MSG_DONTWAIT) < 0) return;
  if (status != 0 || door->IsMisused()) door->Shut();
  door->Answer();
}

// Every process in the network namespace can knock. A participant does so only after it rang: over
// time there are as many rings as knocks, or more.
bool Door::IsMisused() {
  const uint32_t rung = Load(doorbell_);
  surplus_ += 1 - int64_t{rung - rung_};
  rung_ = rung;
  return surplus_ > kMostSurplus;
}

// A knock fails from here on, so that the futex is used. The name stays taken: a stranger that had
// it could let knocks seem heard.
void Door::Shut() {
  Uv().poll_stop(poll_);
  shutdown(socket_, SHUT_RD);
}

// The callback may close the door, and turn the loop until it is freed. Without a context of its
// own it calls no hook of async_hooks, which could do so while the door is opened.
void Door::Answer() {
  const napi_env env = env_;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value callback, receiver, error;
  if (napi_get_reference_value(env, callback_, &callback) == napi_ok &&
      napi_get_global(env, &receiver) == napi_ok)
    napi_make_callback(env, nullptr, receiver, callback, 0, nullptr, nullptr);
  bool has_thrown = false;
  if (napi_is_exception_pending(env, &has_thrown) == napi_ok && has_thrown &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok)
    napi_fatal_exception(env, error);
  napi_close_handle_scope(env, scope);
}
