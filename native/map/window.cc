// Maps windows, with or without a write guard; discards and counts their private pages; unmaps
// them.
#include "map/window.h"

#include <sys/shm.h>

#include <cerrno>
#include <new>
#include <utility>

#include "addon.h"
#include "guard/guard.h"
#include "guard/registry.h"
#include "sysv/attach.h"

namespace {

// The arguments of map and discard: (memory, window, id, offset).
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

// Reads a boolean; undefined counts as false.
bool ReadFlag(const Napi::Value& value, bool* flag) {
  if (!value.IsBoolean() && !value.IsUndefined()) return false;
  *flag = value.IsBoolean() && value.As<Napi::Boolean>().Value();
  return true;
}

// Makes the call again with more mappings free if it was refused for want of them.
template <typename Call>
int WithHeadroom(Call call) {
  const int error = call();
  if (error != ENOMEM) return error;
  const Headroom headroom;
  return call();
}

// Guards were taken out whose windows reach past this one: those of another thread, which may have
// been terminated, in a memory that it shared. Without a guard a store into what is left of such a
// window would end the process, so zero pages take its place. With the lock held.
void ClearAround(const Window& window, const Guard* removed) {
  const auto begin = reinterpret_cast<uintptr_t>(window.data);
  const uintptr_t end = begin + window.length;
  for (; removed != nullptr; removed = removed->next.get()) {
    const uintptr_t past = removed->begin + removed->length;
    const auto clear = [&](uintptr_t from, uintptr_t to) {
      if (from >= to) return;
      const Found found = FindReadOnly(from, to, removed->id);
      // A guard whose pages are gone is in the table only if unmaps are not seen. Then the address
      // may be another mapping's.
      if (found == Found::kNo || (found == Found::kUnknown && !SeesUnmaps())) return;
      const Window left = {reinterpret_cast<uint8_t*>(from), to - from, true};
      WithHeadroom([&] { return MapZeroPages(left); });  // at most two mappings more
    };
    clear(removed->begin, begin);
    clear(end, past);
  }
}

int MapReadWrite(const Request& request) {
  std::unique_ptr<Guard> removed;  // freed after the lock is released
  const GuardLock lock;
  const TableChange change;
  size_t page;
  const int error = MapSegment(request.window, request.id, 0, request.offset, &page);
  if (error != 0) return error;
  removed = TakeGuards(request.window);
  ClearAround(request.window, removed.get());
  return 0;
}

// Adds the guard before it maps the pages: other threads may be storing there already. If the map
// fails, the guards that were there before are put back. `alone`: no other thread has the memory.
int MapBehindGuard(const Request& request, std::unique_ptr<Guard> made, bool alone) {
  Guard* guard = made.get();
  std::unique_ptr<Guard> removed;  // freed after the lock is released
  const GuardLock lock;
  int refused = JoinProcessGuard();
  if (refused != 0) return refused;
  if (request.window.shared && !alone) AwaitEarlierCalls();
  refused = TakeMappings(kHeldMappings, true);
  if (refused != 0) return refused;
  if (!HoldPairs(guard)) {
    ReturnPairs(guard);
    return ENOMEM;
  }
  const TableChange change;
  removed = TakeGuards(request.window);
  const int error = AddGuard(std::move(made)) ? MapSegment(request.window, request.id, SHM_RDONLY,
                                                           request.offset, &guard->page)
                                              : ENOMEM;
  if (error == 0) {
    ClearAround(request.window, removed.get());
    return 0;
  }
  auto unused = TakeGuards(request.window);
  while (removed != nullptr) {
    auto next = std::move(removed->next);
    HoldPairs(removed.get());
    AddGuard(std::move(removed));
    removed = std::move(next);
  }
  removed = std::move(unused);
  return error;
}

int MapGuarded(const Napi::CallbackInfo& info, const Request& request, bool alone) {
  std::unique_ptr<Guard> guard(new (std::nothrow_t{})
                                   Guard(request.window, request.id, request.offset));
  if (guard == nullptr || guard->is_private == nullptr) return ENOMEM;
  Watch* watch = WatchMemory(info.Env(), info[0], guard.get());
  if (watch == nullptr) return ENOMEM;
  const int error = MapBehindGuard(request, std::move(guard), alone);
  if (error != 0) Unwatch(info.Env(), watch);
  return error;
}

// Args: (memory, window, id, offset, guarded, alone). Maps window.length bytes of the segment, from
// `offset`, over the window; the bytes that the window held are lost. With `guarded` the segment is
// attached read-only, and a store makes a private copy of its page. `alone` says that no other
// thread has the memory. Returns 0 or -errno.
Napi::Value Map(const Napi::CallbackInfo& info) {
  Request request;
  bool guarded;
  bool alone;
  if (!ReadRequest(info, &request) || !ReadFlag(info[4], &guarded) || !ReadFlag(info[5], &alone))
    return Errno(info.Env(), EINVAL);
  return Errno(info.Env(), guarded ? MapGuarded(info, request, alone) : MapReadWrite(request));
}

}  // namespace

int UnmapWindow(const Window& window, std::unique_ptr<Guard>* removed) {
  const GuardLock lock;
  const TableChange change;
  const int error = WithHeadroom([&] { return MapZeroPages(window); });
  if (error != 0) return error;
  *removed = TakeGuards(window);
  ClearAround(window, removed->get());
  return 0;
}

namespace {

// Args: (memory, window). Puts private zero pages in the segment's place; the segment's attach
// count falls. Returns 0 or -errno.
Napi::Value Unmap(const Napi::CallbackInfo& info) {
  Window window;
  if (!ReadWindow(info, &window)) return Errno(info.Env(), EINVAL);
  std::unique_ptr<Guard> removed;
  const int error = UnmapWindow(window, &removed);
  // A watch belongs to its own thread. Another thread's stays, and finds later that its guard is
  // gone.
  for (const Guard* guard = removed.get(); guard != nullptr; guard = guard->next.get())
    if (guard->watch != nullptr && guard->watch_env == info.Env())
      Unwatch(info.Env(), guard->watch);
  return Errno(info.Env(), error);
}

int DiscardPrivatePages(const Request& request) {
  const GuardLock lock;
  Guard* guard = GuardOf(request.window);
  if (guard == nullptr || guard->id != request.id || guard->offset != request.offset) return EINVAL;
  size_t page;
  const int error = WithHeadroom(
      [&] { return MapSegment(request.window, request.id, SHM_RDONLY, request.offset, &page); });
  if (error == 0)
    ForgetPrivatePages(guard);
  else
    MarkReplaced(guard);
  return error;
}

// Args: (memory, window, id, offset), the same as when the guarded window was mapped. Attaches the
// segment over the window again, which drops the window's private pages. Returns 0 or -errno.
Napi::Value Discard(const Napi::CallbackInfo& info) {
  Request request;
  const bool good = ReadRequest(info, &request);
  return Errno(info.Env(), good ? DiscardPrivatePages(request) : EINVAL);
}

// Args: (memory, window). Returns how many pages of a guarded window are private now, in pages of
// the segment's page size; 0 if the window is not guarded.
Napi::Value PrivatePages(const Napi::CallbackInfo& info) {
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

// Args: (memory, window). Returns the window's address in this process as a bigint: for
// /proc/self/maps, and for other libraries.
Napi::Value Address(const Napi::CallbackInfo& info) {
  Window window;
  if (!ReadWindow(info, &window)) return Errno(info.Env(), EINVAL);
  return Napi::BigInt::New(info.Env(), reinterpret_cast<uint64_t>(window.data));
}

}  // namespace

void InitWindow(Napi::Env env, Napi::Object exports) {
  exports.Set("map", Napi::Function::New<Map>(env, "map"));
  exports.Set("unmap", Napi::Function::New<Unmap>(env, "unmap"));
  exports.Set("discard", Napi::Function::New<Discard>(env, "discard"));
  exports.Set("privatePages", Napi::Function::New<PrivatePages>(env, "privatePages"));
  exports.Set("address", Napi::Function::New<Address>(env, "address"));
}
