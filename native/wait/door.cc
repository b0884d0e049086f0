#include "wait/door.h"

#include <dlfcn.h>
#include <node_api.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

#include "wait/liveness.h"
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

struct Address {
  sockaddr_un name{};
  socklen_t length;

  explicit Address(uint64_t number) {
    constexpr char kPrefix[] = "wasm-shm/";
    char* at = name.sun_path + 1;  // the zero before it makes the name abstract
    name.sun_family = AF_UNIX;
    memcpy(at, kPrefix, sizeof kPrefix - 1);
    at += sizeof kPrefix - 1;
    for (int shift = 60; shift >= 0; shift -= 4) *at++ = "0123456789abcdef"[number >> shift & 15];
    length = static_cast<socklen_t>(at - reinterpret_cast<char*>(&name));
  }

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

struct Socket {
  int descriptor = -1;
  uint32_t space = 0;

  // False if there can be none, or its network namespace is not known.
  bool Open() {
    space = NamespaceOf("net");
    if (space != 0) descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return descriptor >= 0;
  }
};

// One for all knocks of this process. It has no name, so nothing can be sent to it.
const Socket& Knocker() {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static Socket knocker;
  pthread_once(&once, [] { knocker.Open(); });
  return knocker;
}

}  // namespace

Door* Door::Open(napi_env env, napi_value callback, const uint32_t* doorbell) {
  if (!Uv().found) return nullptr;
  auto* door = new (std::nothrow_t{}) Door(env);
  if (door == nullptr) return nullptr;
  door->doorbell_ = doorbell;
  door->rung_ = Load(doorbell);
  if (door->Bind() && door->Listen(callback)) return door;
  door->Close();
  return nullptr;
}

// A number that nobody can know before: else another could take the name.
bool Door::Bind() {
  Socket made;
  if (!made.Open()) return false;
  socket_ = made.descriptor;
  name_.space = made.space;
  const size_t bytes = sizeof name_.number;
  if (syscall(SYS_getrandom, &name_.number, bytes, 0) != static_cast<long>(bytes)) return false;
  const Address address(name_.number);
  return bind(socket_, address.get(), address.length) == 0;
}

bool Door::Listen(napi_value callback) {
  napi_value name;
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok ||
      napi_create_reference(env_, callback, 1, &callback_) != napi_ok ||
      napi_create_string_utf8(env_, "wasm-shm domain", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_async_init(env_, nullptr, name, &context_) != napi_ok)
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

void Door::OnEnd(napi_async_cleanup_hook_handle, void* door) { static_cast<Door*>(door)->Close(); }

void Door::Free() {
  if (socket_ >= 0) close(socket_);
  if (callback_ != nullptr) napi_delete_reference(env_, callback_);
  if (context_ != nullptr) napi_async_destroy(env_, context_);
  if (hook_ != nullptr) napi_remove_async_cleanup_hook(hook_);
  delete this;
}

// What was sent says nothing. Whatever else lies there makes the loop call this again.
void Door::OnReadable(uv_poll_t* poll, int, int) {
  auto* door = static_cast<Door*>(poll->data);
  char byte;
  if (door->closing_ || recv(door->socket_, &byte, 1, MSG_DONTWAIT) < 0) return;
  if (door->IsMisused()) door->Shut();
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

void Door::Answer() {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return;
  napi_value callback, receiver, error;
  if (napi_get_reference_value(env_, callback_, &callback) == napi_ok &&
      napi_get_global(env_, &receiver) == napi_ok)
    napi_make_callback(env_, context_, receiver, callback, 0, nullptr, nullptr);
  bool has_thrown = false;
  if (napi_is_exception_pending(env_, &has_thrown) == napi_ok && has_thrown &&
      napi_get_and_clear_last_exception(env_, &error) == napi_ok)
    napi_fatal_exception(env_, error);
  napi_close_handle_scope(env_, scope);
}

// EAGAIN does not say which queue is full: the door's, whose loop wakes then, or this socket's,
// with knocks at the doors of others that are stopped.
bool Knock(const DoorName& name) {
  const Socket& knocker = Knocker();
  if (knocker.descriptor < 0 || name.space != knocker.space) return false;
  const Address address(name.number);
  return sendto(knocker.descriptor, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL, address.get(),
                address.length) == 1;
}
