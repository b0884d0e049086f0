// The table of the guarded windows of the process, the lock on it, and the watches that remove
// guards whose memory is gone.
#include "guard/guard.h"

#include <sched.h>
#include <sys/mman.h>

#include <atomic>
#include <new>
#include <utility>

#include "guard/mask.h"
#include "guard/registry.h"

struct Watch {
  napi_ref memory;
  uintptr_t begin;
  uint64_t serial;
};

namespace {

// A spin lock: a signal handler may not wait for a mutex. It is held for a few system calls at
// most.
std::atomic<bool> locked{false};

void Lock() {
  while (locked.exchange(true, std::memory_order_acquire)) sched_yield();
}

void Unlock() { locked.store(false, std::memory_order_release); }

// The table, in order of address; no entry overlaps another. It changes only with the lock held,
// and is read without it, by the rules of a seqlock.
struct Entry {
  std::atomic<uintptr_t> begin;
  std::atomic<uintptr_t> end;
  Guard* guard;  // read only with the lock held
};
constexpr size_t kMostGuards = 1u << 20;  // 24 MiB of address space, reserved for the first guard
std::atomic<Entry*> entries{nullptr};
std::atomic<size_t> entry_count{0};  // stored after `entries`, which readers load after it
std::atomic<uint32_t> sequence{0};   // of the seqlock: odd while entries change
size_t abandoned_count = 0;

Entry* Entries() { return entries.load(std::memory_order_relaxed); }

// The first entry that ends past the address, or entry_count. Loads are relaxed: a caller without
// the lock must check `sequence` before and after.
size_t FirstEndingPast(uintptr_t address) {
  size_t low = 0;
  size_t high = entry_count.load(std::memory_order_acquire);
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (Entries()[middle].end.load(std::memory_order_relaxed) <= address)
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
  Entries()[index].begin.store(guard->begin, std::memory_order_relaxed);
  Entries()[index].end.store(guard->begin + guard->length, std::memory_order_relaxed);
  Entries()[index].guard = guard;
}

int changes = 0;  // that are under way, one inside another

// Takes out `count` entries from `first` on, and returns their guards as a list.
std::unique_ptr<Guard> Remove(size_t first, size_t count) {
  std::unique_ptr<Guard> list;
  if (count == 0) return list;
  MappingsFreed();
  for (size_t index = first; index < first + count; index++) {
    std::unique_ptr<Guard> guard(Entries()[index].guard);
    abandoned_count -= guard->abandoned ? 1 : 0;
    ReturnPairs(guard.get());
    guard->next = std::move(list);
    list = std::move(guard);
  }
  const TableChange change;
  const size_t left = entry_count.load(std::memory_order_relaxed) - count;
  for (size_t index = first; index < left; index++) Put(index, Entries()[index + count].guard);
  entry_count.store(left, std::memory_order_relaxed);
  return list;
}

// Takes out the guards that overlap [begin, end).
std::unique_ptr<Guard> RemoveBetween(uintptr_t begin, uintptr_t end) {
  const size_t first = FirstEndingPast(begin);
  size_t past = first;
  while (past < entry_count.load(std::memory_order_relaxed) && Entries()[past].guard->begin < end)
    past++;
  return Remove(first, past - first);
}

// Removes abandoned guards whose windows are not mapped any more: nothing holds their memory now.
std::unique_ptr<Guard> RemoveUnmapped() {
  std::unique_ptr<Guard> list;
  for (size_t index = entry_count; index-- > 0 && abandoned_count > 0;) {
    const Guard& guard = *Entries()[index].guard;
    if (!guard.abandoned ||
        FindReadOnly(guard.begin, guard.begin + guard.length, guard.id) != Found::kNo)
      continue;
    auto removed = Remove(index, 1);
    removed->next = std::move(list);
    list = std::move(removed);
  }
  return list;
}

// A finalizer: the memory was collected, or its environment ends. Its pages may live on: a shared
// memory's in other threads, and in JavaScriptCore (Bun) those of a buffer that a view holds. So
// its guard stays until the engine unmaps the pages; if that is not seen, until they are found to
// be gone.
void MemoryGone(napi_env env, void* data, void*) {
  const std::unique_ptr<Watch> watch(static_cast<Watch*>(data));
  napi_delete_reference(env, watch->memory);
  std::unique_ptr<Guard> removed;  // freed after the lock is released
  const GuardLock lock;
  Guard* guard = Find(watch->begin);
  if (guard == nullptr || guard->serial != watch->serial) return;
  guard->watch = nullptr;
  if (SeesUnmaps()) return;
  removed = RemoveUnmapped();
  guard->abandoned = true;
  abandoned_count++;
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
      is_private(new (std::nothrow_t{}) uint64_t[words]()),
      page(PageSize()) {}

GuardLock::GuardLock() {
  sigset_t all;
  sigfillset(&all);
  SetSignalMask(&all, &mask_);
  Lock();
}

GuardLock::~GuardLock() {
  Unlock();
  SetSignalMask(&mask_, nullptr);
}

TableChange::TableChange() {
  if (changes++ > 0) return;
  sequence.fetch_add(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
}

TableChange::~TableChange() {
  if (--changes == 0) sequence.fetch_add(1, std::memory_order_release);
}

Watch* WatchMemory(napi_env env, napi_value memory, Guard* guard) {
  auto watch = std::make_unique<Watch>(Watch{nullptr, guard->begin, guard->serial});
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

// Each of V8's own traps asks this, so it takes no lock.
bool MayBeGuarded(uintptr_t begin, uintptr_t end) {
  const uint32_t before = sequence.load(std::memory_order_acquire);
  if (before % 2 != 0) return true;
  const size_t index = FirstEndingPast(begin);
  const bool found = index < entry_count.load(std::memory_order_relaxed) &&
                     Entries()[index].begin.load(std::memory_order_relaxed) < end;
  std::atomic_thread_fence(std::memory_order_acquire);
  return found || sequence.load(std::memory_order_relaxed) != before;
}

uint32_t TableChanges() { return sequence.load(std::memory_order_acquire); }

bool WindowPast(uintptr_t address, uintptr_t* begin, uintptr_t* end) {
  const GuardLock lock;
  const Guard* guard = GuardEndingPast(address);
  if (guard == nullptr) return false;
  *begin = guard->begin;
  *end = guard->begin + guard->length;
  return true;
}

Guard* GuardEndingPast(uintptr_t address) {
  const size_t index = FirstEndingPast(address);
  return index < entry_count.load(std::memory_order_relaxed) ? Entries()[index].guard : nullptr;
}

Guard* GuardOf(const Window& window) {
  const auto begin = reinterpret_cast<uintptr_t>(window.data);
  Guard* guard = Find(begin);
  const bool same = guard != nullptr && guard->begin == begin && guard->length == window.length;
  return same ? guard : nullptr;
}

bool AddGuard(std::unique_ptr<Guard> guard) {
  if (Entries() == nullptr) {
    void* at = mmap(nullptr, kMostGuards * sizeof(Entry), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
      ReturnPairs(guard.get());
      return false;
    }
    entries.store(static_cast<Entry*>(at), std::memory_order_relaxed);
  }
  const size_t count = entry_count.load(std::memory_order_relaxed);
  if (count == kMostGuards) {
    ReturnPairs(guard.get());
    return false;
  }
  const size_t index = FirstEndingPast(guard->begin);
  const TableChange change;
  for (size_t last = count; last > index; last--) Put(last, Entries()[last - 1].guard);
  abandoned_count += guard->abandoned ? 1 : 0;
  Put(index, guard.release());
  entry_count.store(count + 1, std::memory_order_release);
  return true;
}

std::unique_ptr<Guard> TakeGuards(const Window& window) {
  const auto begin = reinterpret_cast<uintptr_t>(window.data);
  return RemoveBetween(begin, begin + window.length);
}

void RemoveGuards(uintptr_t begin, uintptr_t end) {
  if (!MayBeGuarded(begin, end)) return;
  std::unique_ptr<Guard> removed;  // freed after the lock is released
  const GuardLock lock;
  removed = RemoveBetween(begin, end);
}

bool ResolveStore(uintptr_t address) {
  for (;;) {
    const uint32_t before = sequence.load(std::memory_order_acquire);
    if (MayBeGuarded(address, address + 1)) {
      Lock();  // a handler runs with all signals blocked, so no GuardLock
      Guard* guard = Find(address);
      const bool resolved = guard != nullptr && MakePrivate(guard, address);
      Unlock();
      if (guard != nullptr) return resolved;
    }
    // Since the fault another thread may have detached the window, which leaves writable pages. It
    // may also have attached it again since Find; then the table has changed, and the loop looks
    // again.
    if (IsWritable(address)) return true;
    if (sequence.load(std::memory_order_acquire) == before) return false;
  }
}
