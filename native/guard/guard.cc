// The guarded windows of the process, and the lock on them.
#include "guard/guard.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include <atomic>
#include <new>
#include <utility>

struct Watch {
  napi_ref memory;
  uintptr_t begin;
  uint64_t serial;
  bool shared;
};

namespace {

// Spins: it is held for some system calls, and a handler may not wait for a mutex.
std::atomic<bool> locked{false};

void Lock() {
  while (locked.exchange(true, std::memory_order_acquire)) sched_yield();
}

void Unlock() { locked.store(false, std::memory_order_release); }

// In order of address, none overlapping another; changed under the lock, read without.
struct Entry {
  std::atomic<uintptr_t> begin;
  std::atomic<uintptr_t> end;
  Guard* guard;  // read under the lock alone
};
constexpr size_t kMostGuards = 1u << 20;  // 24 MiB of address space, made at the first
Entry* entries = nullptr;
std::atomic<size_t> entry_count{0};
std::atomic<uint32_t> changes{0};  // odd while entries move
size_t abandoned_count = 0;

// The first entry that ends past the address, or entry_count. Relaxed: whoever has not the lock
// looks at `changes` before and after.
size_t FirstEndingPast(uintptr_t address) {
  size_t low = 0;
  size_t high = entry_count.load(std::memory_order_relaxed);
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (entries[middle].end.load(std::memory_order_relaxed) <= address)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

Guard* Find(uintptr_t address) {
  Guard* guard = GuardEndingPast(address);
  return guard != nullptr && guard->begin <= address ? guard : nullptr;
}

void Put(size_t index, Guard* guard) {
  entries[index].begin.store(guard->begin, std::memory_order_relaxed);
  entries[index].end.store(guard->begin + guard->length, std::memory_order_relaxed);
  entries[index].guard = guard;
}

void BeginChange() {
  changes.fetch_add(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
}

void EndChange() { changes.fetch_add(1, std::memory_order_release); }

// Takes `count` entries out, from `first`. Returns their guards as a list.
std::unique_ptr<Guard> Remove(size_t first, size_t count) {
  std::unique_ptr<Guard> list;
  if (count == 0) return list;
  for (size_t index = first; index < first + count; index++) {
    std::unique_ptr<Guard> guard(entries[index].guard);
    abandoned_count -= guard->abandoned ? 1 : 0;
    guard->next = std::move(list);
    list = std::move(guard);
  }
  BeginChange();
  const size_t left = entry_count.load(std::memory_order_relaxed) - count;
  for (size_t index = first; index < left; index++) Put(index, entries[index + count].guard);
  entry_count.store(left, std::memory_order_relaxed);
  EndChange();
  return list;
}

// Guards whose shared memory may live on in other threads go once their window is not there any
// more.
std::unique_ptr<Guard> RemoveGone() {
  std::unique_ptr<Guard> list;
  for (size_t index = entry_count; index-- > 0 && abandoned_count > 0;) {
    const Guard& guard = *entries[index].guard;
    if (!guard.abandoned || ShowsSegment(guard.begin, guard.begin + guard.length, guard.id))
      continue;
    auto gone = Remove(index, 1);
    gone->next = std::move(list);
    list = std::move(gone);
  }
  return list;
}

// The memory was collected, or its environment ends. A plain memory's pages go with it, and with
// them the guard: the address may soon be another's. A shared one's may be other threads' still.
void MemoryGone(napi_env env, void* data, void*) {
  const std::unique_ptr<Watch> watch(static_cast<Watch*>(data));
  napi_delete_reference(env, watch->memory);
  std::unique_ptr<Guard> gone;  // freed without the lock
  const GuardLock lock;
  Guard* guard = Find(watch->begin);
  if (guard == nullptr || guard->serial != watch->serial) return;
  guard->watch = nullptr;
  if (watch->shared) {
    gone = RemoveGone();
    guard->abandoned = true;
    abandoned_count++;
  } else {
    gone = Remove(FirstEndingPast(watch->begin), 1);
  }
}

uint64_t NextSerial() {
  static std::atomic<uint64_t> serial{0};
  return ++serial;
}

}  // namespace

Guard::Guard(const Window& window, int segment, size_t from)
    : begin(reinterpret_cast<uintptr_t>(window.data)),
      length(window.length),
      id(segment),
      offset(from),
      serial(NextSerial()),
      words((window.length / PageSize() + 63) / 64),
      is_private(new (std::nothrow) uint64_t[words]()),
      page(PageSize()) {}

GuardLock::GuardLock() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask_);
  Lock();
}

GuardLock::~GuardLock() {
  Unlock();
  pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
}

Watch* WatchMemory(napi_env env, napi_value memory, bool shared, Guard* guard) {
  auto watch = std::make_unique<Watch>(Watch{nullptr, guard->begin, guard->serial, shared});
  if (napi_add_finalizer(env, memory, watch.get(), MemoryGone, nullptr, &watch->memory) != napi_ok)
    return nullptr;
  guard->watch = watch.release();
  guard->watch_env = env;
  return guard->watch;
}

void Unwatch(napi_env env, Watch* watch) {
  napi_delete_reference(env, watch->memory);
  delete watch;
}

// V8's own traps come by here.
bool MayBeGuarded(uintptr_t begin, uintptr_t end) {
  const uint32_t before = changes.load(std::memory_order_acquire);
  if (before % 2 != 0) return true;
  const size_t index = FirstEndingPast(begin);
  const bool found = index < entry_count.load(std::memory_order_relaxed) &&
                     entries[index].begin.load(std::memory_order_relaxed) < end;
  std::atomic_thread_fence(std::memory_order_acquire);
  return found || changes.load(std::memory_order_relaxed) != before;
}

Guard* GuardEndingPast(uintptr_t address) {
  const size_t index = FirstEndingPast(address);
  return index < entry_count.load(std::memory_order_relaxed) ? entries[index].guard : nullptr;
}

Guard* GuardOf(const Window& window) {
  const auto begin = reinterpret_cast<uintptr_t>(window.data);
  Guard* guard = Find(begin);
  const bool same = guard != nullptr && guard->begin == begin && guard->length == window.length;
  return same ? guard : nullptr;
}

bool AddGuard(std::unique_ptr<Guard> guard) {
  if (entries == nullptr) {
    void* at = mmap(nullptr, kMostGuards * sizeof(Entry), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return false;
    entries = static_cast<Entry*>(at);
  }
  const size_t count = entry_count.load(std::memory_order_relaxed);
  if (count == kMostGuards) return false;
  const size_t index = FirstEndingPast(guard->begin);
  BeginChange();
  for (size_t last = count; last > index; last--) Put(last, entries[last - 1].guard);
  abandoned_count += guard->abandoned ? 1 : 0;
  Put(index, guard.release());
  entry_count.store(count + 1, std::memory_order_relaxed);
  EndChange();
  return true;
}

std::unique_ptr<Guard> TakeGuards(const Window& window) {
  const auto begin = reinterpret_cast<uintptr_t>(window.data);
  const size_t first = FirstEndingPast(begin);
  size_t end = first;
  while (end < entry_count.load(std::memory_order_relaxed) &&
         entries[end].guard->begin < begin + window.length)
    end++;
  return Remove(first, end - first);
}

bool SettleStore(uintptr_t address) {
  for (;;) {
    const uint32_t before = changes.load(std::memory_order_acquire);
    if (MayBeGuarded(address, address + 1)) {
      Lock();  // signals are masked in a handler
      Guard* guard = Find(address);
      const bool diverted = guard != nullptr && Divert(guard, address);
      Unlock();
      if (guard != nullptr) return diverted;
    }
    // Between the fault and now another thread may have detached the window; and between the look
    // for a guard and this one, attached it again.
    if (IsWritable(address)) return true;
    if (changes.load(std::memory_order_acquire) == before) return false;
  }
}
