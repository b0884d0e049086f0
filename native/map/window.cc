// The windows of memories: mapped, guarded or not, refreshed, and unmapped.
#include <sys/shm.h>

#include <cerrno>
#include <new>
#include <utility>

#include "addon.h"
#include "guard/guard.h"
#include "sysv/attach.h"

namespace {

// What map and refresh are given: (memory, window, id, offset).
struct Request {
  Window window;
  int id;
  size_t offset;
};

bool ReadRequest(const Napi::CallbackInfo& info, Request* request) {
  return ReadWindow(info, &request->window) && ReadId(info[2], &request->id) &&
         ReadInteger(info[3], 0, kMaxSafeInteger, &request->offset) &&
         request->offset % PageSize() == 0;
}

// undefined is false.
bool ReadFlag(const Napi::Value& value, bool* flag) {
  if (!value.IsBoolean() && !value.IsUndefined()) return false;
  *flag = value.IsBoolean() && value.As<Napi::Boolean>().Value();
  return true;
}

int MapPlain(const Request& request) {
  std::unique_ptr<Guard> gone;  // freed without the lock
  const GuardLock lock;
  size_t page;
  const int error = MapSegment(request.window, request.id, 0, request.offset, &page);
  if (error == 0) gone = TakeGuards(request.window);
  return error;
}

// The guard comes before the pages: other threads may be storing there already.
int MapBehindGuard(const Request& request, std::unique_ptr<Guard> made) {
  Guard* guard = made.get();
  std::unique_ptr<Guard> gone;
  const GuardLock lock;
  const int refused = CatchFaults();
  if (refused != 0) return refused;
  gone = TakeGuards(request.window);
  const int error = AddGuard(std::move(made)) ? MapSegment(request.window, request.id, SHM_RDONLY,
                                                           request.offset, &guard->page)
                                              : ENOMEM;
  if (error == 0) return 0;
  auto unused = TakeGuards(request.window);
  while (gone != nullptr) {
    auto next = std::move(gone->next);
    AddGuard(std::move(gone));
    gone = std::move(next);
  }
  gone = std::move(unused);
  return error;
}

int MapGuarded(const Napi::CallbackInfo& info, const Request& request) {
  std::unique_ptr<Guard> guard(new (std::nothrow)
                                   Guard(request.window, request.id, request.offset));
  if (guard == nullptr || guard->is_private == nullptr) return ENOMEM;
  Watch* watch = WatchMemory(info.Env(), info[0], request.window.shared, guard.get());
  if (watch == nullptr) return ENOMEM;
  const int error = MapBehindGuard(request, std::move(guard));
  if (error != 0) Unwatch(info.Env(), watch);
  return error;
}

// Args: (memory, window, id, offset, guarded). Maps window.length bytes of the segment from
// `offset` over the window. What the window held is gone. Guarded, the segment is attached
// read-only, and a store makes a private copy of its page.
Napi::Value Map(const Napi::CallbackInfo& info) {
  Request request;
  bool guarded;
  if (!ReadRequest(info, &request) || !ReadFlag(info[4], &guarded))
    return Errno(info.Env(), EINVAL);
  return Errno(info.Env(), guarded ? MapGuarded(info, request) : MapPlain(request));
}

// Args: (memory, window). Puts private zero pages where a segment was; its attach count drops.
Napi::Value Unmap(const Napi::CallbackInfo& info) {
  Window window;
  if (!ReadWindow(info, &window)) return Errno(info.Env(), EINVAL);
  std::unique_ptr<Guard> gone;
  int error;
  {
    const GuardLock lock;
    error = PrivatePages(window);
    if (error == 0) gone = TakeGuards(window);
  }
  // Another thread's watch is left to find that its guard is gone.
  for (const Guard* guard = gone.get(); guard != nullptr; guard = guard->next.get())
    if (guard->watch != nullptr && guard->watch_env == info.Env())
      Unwatch(info.Env(), guard->watch);
  return Errno(info.Env(), error);
}

int RefreshWindow(const Request& request) {
  const GuardLock lock;
  Guard* guard = GuardOf(request.window);
  if (guard == nullptr || guard->id != request.id || guard->offset != request.offset) return EINVAL;
  size_t page;
  const int error = MapSegment(request.window, request.id, SHM_RDONLY, request.offset, &page);
  if (error == 0)
    ForgetPrivatePages(guard);
  else if (!ShowsSegment(guard->begin, guard->begin + guard->length, guard->id))
    AllPrivate(guard);
  return error;
}

// Args: (memory, window, id, offset), of a guarded window, as it was mapped. Attaches it anew: its
// private pages are gone.
Napi::Value Refresh(const Napi::CallbackInfo& info) {
  Request request;
  const bool good = ReadRequest(info, &request);
  return Errno(info.Env(), good ? RefreshWindow(request) : EINVAL);
}

// Args: (memory, window). Pages of a guarded window that are private now, of the segment's size of
// pages; 0 where it is not guarded.
Napi::Value Diverted(const Napi::CallbackInfo& info) {
  Window window;
  if (!ReadWindow(info, &window)) return Errno(info.Env(), EINVAL);
  size_t pages = 0;
  {
    const GuardLock lock;
    const Guard* guard = GuardOf(window);
    if (guard != nullptr) pages = guard->private_pages;
  }
  return Napi::Number::New(info.Env(), static_cast<double>(pages));
}

// Args: (memory, window). The window's address in this process, for /proc/self/maps and for other
// libraries.
Napi::Value Address(const Napi::CallbackInfo& info) {
  Window window;
  if (!ReadWindow(info, &window)) return Errno(info.Env(), EINVAL);
  return Napi::BigInt::New(info.Env(), reinterpret_cast<uint64_t>(window.data));
}

}  // namespace

void InitWindow(Napi::Env env, Napi::Object exports) {
  exports.Set("map", Napi::Function::New<Map>(env, "map"));
  exports.Set("unmap", Napi::Function::New<Unmap>(env, "unmap"));
  exports.Set("refresh", Napi::Function::New<Refresh>(env, "refresh"));
  exports.Set("diverted", Napi::Function::New<Diverted>(env, "diverted"));
  exports.Set("address", Napi::Function::New<Address>(env, "address"));
}
