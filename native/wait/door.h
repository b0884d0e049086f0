// A socket at which an event loop hears the ring of its participant's doorbell. A futex wakes only
// threads: the keeper's, which then wakes the loop. Of these two wakes a socket saves one.
#ifndef WASM_SHM_WAIT_DOOR_H_
#define WASM_SHM_WAIT_DOOR_H_

#include <napi.h>
#include <uv.h>

#include <cstdint>

#include "wait/knock.h"

class Door {
 public:
  // `callback` is called at each knock, on the thread of the loop, which must be libuv's. nullptr
  // if the system gives no socket: then rings are heard by the futex.
  static Door* Open(napi_env env, napi_value callback, const uint32_t* doorbell);

  // Nothing is called after this, and the doorbell is not looked at. The door frees itself.
  void Close();

  const DoorName& name() const { return name_; }

 private:
  explicit Door(napi_env env) : env_(env) {}
  bool Listen(napi_value callback);
  bool IsMisused();
  void Shut();
  void Answer();
  void Free();
  static void OnReadable(uv_poll_t* poll, int status, int events);
  static void OnClosed(uv_handle_t* poll);
  static void OnEnd(napi_async_cleanup_hook_handle hook, void* door);

  napi_env env_;
  napi_ref callback_ = nullptr;
  napi_async_cleanup_hook_handle hook_ = nullptr;  // keeps the loop until the poll is closed
  uv_poll_t* poll_ = nullptr;
  int socket_ = -1;
  DoorName name_{};
  const uint32_t* doorbell_ = nullptr;
  uint32_t rung_ = 0;    // what the doorbell said
  int64_t surplus_ = 0;  // knocks without a ring
  bool closing_ = false;
};

#endif  // WASM_SHM_WAIT_DOOR_H_
