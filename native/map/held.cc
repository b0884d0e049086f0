// Keeps memories from an engine that does not unmap them. V8 unmaps a memory that is collected, and
// the segment goes with it. JavaScriptCore (Bun) gives the pages of most memories back to its own
// heap, as they are: the next object would lie in the segment. So a memory is kept until its window
// is unmapped, and zero pages take the window's place before the thread's heap goes.
#include <cerrno>
#include <memory>
#include <new>

#include "addon.h"
#include "guard/guard.h"
#include "map/window.h"

namespace {

struct Held {
  napi_env env;
  Window window;
  napi_ref memory;
  Held* next;
};

// Elsewhere a window goes with its memory, and at the end other pages may be at its address.
bool IsNeeded(Napi::Env env) { return env.Global().Get("Bun").IsObject(); }

// Those of all threads. GuardLock protects the list; an entry belongs to its own thread.
Held* first = nullptr;

Held* Take(napi_env env, const Window& window) {
  const GuardLock lock;
  for (Held** at = &first; *at != nullptr; at = &(*at)->next) {
    Held* held = *at;
    if (held->env != env || held->window.data != window.data) continue;
    *at = held->next;
    return held;
  }
  return nullptr;
}

// The environment ends, and then the thread's heap.
void Clear(void* data) {
  const std::unique_ptr<Held> held(
      Take(static_cast<Held*>(data)->env, static_cast<Held*>(data)->window));
  std::unique_ptr<Guard> removed;
  UnmapWindow(held->window, &removed);
}

// Args: (memory, window). Returns 0 or -errno.
Napi::Value Hold(const Napi::CallbackInfo& info) {
  if (!IsNeeded(info.Env())) return Errno(info.Env(), ENOSYS);
  std::unique_ptr<Held> held(new (std::nothrow_t{}) Held{info.Env(), {}, nullptr, nullptr});
  if (held == nullptr) return Errno(info.Env(), ENOMEM);
  if (!ReadWindow(info, &held->window)) return Errno(info.Env(), EINVAL);
  if (napi_create_reference(info.Env(), info[0], 1, &held->memory) != napi_ok)
    return Errno(info.Env(), ENOMEM);
  if (napi_add_env_cleanup_hook(info.Env(), Clear, held.get()) != napi_ok) {
    napi_delete_reference(info.Env(), held->memory);
    return Errno(info.Env(), ENOMEM);
  }
  const GuardLock lock;
  held->next = first;
  first = held.release();
  return Errno(info.Env(), 0);
}

// Args: (memory, window). After its unmap. Returns 0 or -errno.
Napi::Value Release(const Napi::CallbackInfo& info) {
  Window window;
  if (!ReadWindow(info, &window)) return Errno(info.Env(), EINVAL);
  const std::unique_ptr<Held> held(Take(info.Env(), window));
  if (held == nullptr) return Errno(info.Env(), ENOENT);
  napi_remove_env_cleanup_hook(info.Env(), Clear, held.get());
  napi_delete_reference(info.Env(), held->memory);
  return Errno(info.Env(), 0);
}

}  // namespace

void InitHeld(Napi::Env env, Napi::Object exports) {
  exports.Set("hold", Napi::Function::New<Hold>(env, "hold"));
  exports.Set("release", Napi::Function::New<Release>(env, "release"));
}
