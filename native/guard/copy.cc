// Replaces a page of a guarded window by a private copy. The copy is made elsewhere and moved into
// the page's place, which is one step for all threads. Source: mremap(2). This runs in a signal
// handler, with the lock held.
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "addon.h"
#include "guard/guard.h"
#include "guard/unmap.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4  // since Linux 5.7; older libcs lack the name
#endif

namespace {

// A private page between others costs two mappings. A process may have vm.max_map_count of them,
// and at that limit the engine ends the process. A window's first two are in the pool since its
// attach. Later ones come from the budget; if it has none left, a store copies the whole window,
// which costs no mapping. If many private pages lie scattered, a store copies more pages at a time
// anyway: 16, 256, 4,096 … and at last the whole window. The step depends on the boundaries in this
// window, and on those in all windows once they take up a quarter of the limit.
constexpr size_t kBoundariesPerStep = 1024;
constexpr size_t kMostSteps = 5;         // 16^5 pages: a 4 GiB window
constexpr int64_t kFirstBoundaries = 2;  // see pool.cc
size_t mapping_limit = 65530;            // Linux's default
std::atomic<size_t> all_boundaries{0};   // atomic: a guard is freed without the lock

// Whether a move leaves its source mapped (MREMAP_DONTUNMAP). All copies of a window are then made
// in one mapping as long as the window, so the kernel merges neighbouring copies in the window:
// their offsets in the source are neighbours too.
bool keeps_source = false;

bool IsPrivate(const Guard& guard, size_t index) {
  return (guard.is_private[index / 64] >> index % 64 & 1) != 0;
}

size_t PagesOf(const Guard& guard) { return guard.length / guard.page; }

// How many boundaries more the window has once pages [first, end) are private. None of them is.
int64_t BoundariesOf(const Guard& guard, size_t first, size_t end) {
  int64_t count = 0;
  if (first > 0) count += keeps_source && IsPrivate(guard, first - 1) ? -1 : 1;
  if (end < PagesOf(guard)) count += keeps_source && IsPrivate(guard, end) ? -1 : 1;
  return count;
}

// Marks pages [first, end) as private. None of them was.
void MarkPrivate(Guard* guard, size_t first, size_t end) {
  const auto added = static_cast<size_t>(BoundariesOf(*guard, first, end));  // may wrap around
  guard->boundaries += added;
  all_boundaries += added;
  guard->private_pages += end - first;
  for (size_t index = first; index < end; index++)
    guard->is_private[index / 64] |= uint64_t{1} << index % 64;
}

uint8_t* PrivateMapping(size_t length) {
  void* at = mmap(nullptr, length, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : static_cast<uint8_t*>(at);
}

// The mapping in which the guard's copies are made, or null.
uint8_t* Copies(Guard* guard) {
  if (guard->copies == nullptr && keeps_source) {
    guard->copies = PrivateMapping(guard->length);
    // So that a store costs one page, not a huge page.
    if (guard->copies != nullptr) madvise(guard->copies, guard->length, MADV_NOHUGEPAGE);
  }
  return guard->copies;
}

// Maps one page of the segment a second time, for a window that is about to have none left. The
// kernel counts mappings as attachments, and removes a destroyed segment that has none. mremap(2)
// with an old size of 0 duplicates a shared mapping.
void KeepAttached(Guard* guard, uint8_t* page) {
  void* at = mremap(page, 0, guard->page, MREMAP_MAYMOVE);
  if (at != MAP_FAILED) guard->anchor = at;
}

// Moves `copy` over `target`. The kernel may drop the target's pages before it finds that it is out
// of memory or mappings. Then the bytes get there in two steps, and another thread may see zeros
// between them.
bool Move(uint8_t* copy, size_t length, uint8_t* target, int flags) {
  if (mremap(copy, length, length, MREMAP_MAYMOVE | MREMAP_FIXED | flags, target) != MAP_FAILED)
    return true;
  if (IsReadable(reinterpret_cast<uintptr_t>(target))) return false;
  if (mmap(target, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
           0) == MAP_FAILED)
    return false;
  memcpy(target, copy, length);
  return true;
}

// Makes pages [first, end) private, none of which is. False if the system refuses.
bool CopyRun(Guard* guard, size_t first, size_t end) {
  auto* target = reinterpret_cast<uint8_t*>(guard->begin) + first * guard->page;
  const size_t length = (end - first) * guard->page;
  uint8_t* copies = Copies(guard);
  uint8_t* copy = copies == nullptr ? PrivateMapping(length) : copies + first * guard->page;
  if (copy == nullptr) return false;
  memcpy(copy, target, length);  // MakePrivate has checked that the window is still mapped
  const bool last = guard->private_pages + (end - first) == PagesOf(*guard);
  if (last && guard->anchor == nullptr) KeepAttached(guard, target);
  const bool moved = Move(copy, length, target, copies == nullptr ? 0 : MREMAP_DONTUNMAP);
  if (moved)
    MarkPrivate(guard, first, end);
  else if (copies == nullptr)
    UnmapPages(copy, length);
  return moved;
}

// Makes the pages of [first, end) private that are not yet. The others hold stores, and stay as
// they are. Stops at the first refusal.
void CopyOthers(Guard* guard, size_t first, size_t end) {
  for (size_t index = first; index < end;) {
    size_t past = index;
    while (past < end && !IsPrivate(*guard, past)) past++;
    if (past > index && !CopyRun(guard, index, past)) return;
    index = past + 1;
  }
}

// The step that the boundaries of all windows call for.
size_t StepsOfAllWindows() {
  const size_t boundaries = all_boundaries;
  const size_t free = mapping_limit / 4;
  return boundaries < free ? 0 : 1 + (boundaries - free) / (mapping_limit / 32 + 1);
}

// How many pages a store into that page copies.
size_t PagesPerStore(const Guard& guard, size_t index) {
  const size_t steps = std::max(guard.boundaries / kBoundariesPerStep, StepsOfAllWindows());
  if (steps >= kMostSteps) return PagesOf(guard);
  const size_t step = std::min(PagesOf(guard), size_t{1} << 4 * steps);
  const int64_t added = step == 1 ? BoundariesOf(guard, index, index + 1) : 2;
  const bool in_reserve = static_cast<int64_t>(guard.boundaries) + added <= kFirstBoundaries;
  return in_reserve || added <= 0 || TakeMappings(added, false) == 0 ? step : PagesOf(guard);
}

}  // namespace

Guard::~Guard() {
  all_boundaries -= boundaries;
  if (copies != nullptr) UnmapPages(copies, length);
  if (anchor != nullptr) UnmapPages(anchor, page);
}

bool MakePrivate(Guard* guard, uintptr_t address) {
  const size_t index = (address - guard->begin) / guard->page;
  // Another thread was first. Or the guard's memory is gone, and its address belongs to another
  // mapping, which may be read-only.
  if (IsPrivate(*guard, index)) return IsWritable(address);
  if (!IsReadable(address)) return false;
  if (guard->abandoned && FindReadOnly(address, address + 1, guard->id) == Found::kNo) return false;
  ReturnPairs(guard);  // the copy takes their place; Headroom frees them if it must
  const size_t step = PagesPerStore(*guard, index);
  const size_t first = index / step * step;
  const size_t end = std::min(first + step, PagesOf(*guard));
  CopyOthers(guard, first, end);
  if (IsPrivate(*guard, index)) return true;
  // Other code has taken the mappings that were free. The whole window takes no more than the guard
  // has held.
  const Headroom headroom;
  const bool in_reserve = static_cast<int64_t>(guard->boundaries) == 0;
  if (in_reserve) CopyOthers(guard, first, end);
  if (!IsPrivate(*guard, index)) CopyOthers(guard, 0, PagesOf(*guard));
  return IsPrivate(*guard, index);
}

void ForgetPrivatePages(Guard* guard) {
  all_boundaries -= guard->boundaries;
  guard->boundaries = 0;
  guard->private_pages = 0;
  memset(guard->is_private.get(), 0, guard->words * sizeof guard->is_private[0]);
  if (guard->anchor != nullptr) UnmapPages(guard->anchor, guard->page);
  guard->anchor = nullptr;
  HoldPairs(guard);
  MappingsFreed();
}

// A page that is not private cannot be written, unless it was replaced. /proc is not asked: the
// process may have no descriptor left.
void MarkReplaced(Guard* guard) {
  size_t index = 0;
  while (index < PagesOf(*guard) && IsPrivate(*guard, index)) index++;
  if (index == PagesOf(*guard) || !IsWritable(guard->begin + index * guard->page)) return;
  all_boundaries -= guard->boundaries;
  guard->boundaries = 0;
  guard->private_pages = PagesOf(*guard);
  memset(guard->is_private.get(), 0xff, guard->words * sizeof guard->is_private[0]);
}

int PrepareCopying() {
  const int64_t limit = MappingLimit();
  if (limit > 0) mapping_limit = static_cast<size_t>(limit);
  uint8_t* pages = PrivateMapping(2 * PageSize());
  if (pages == nullptr) return errno == ENOMEM ? ENOMEM : ENOSYS;
  const auto move = [&](int flags) {
    return mremap(pages, PageSize(), PageSize(), MREMAP_MAYMOVE | MREMAP_FIXED | flags,
                  pages + PageSize()) != MAP_FAILED;
  };
  // Linux before 5.7 refuses MREMAP_DONTUNMAP with EINVAL.
  keeps_source = move(MREMAP_DONTUNMAP);
  const auto second = reinterpret_cast<uintptr_t>(pages + PageSize());
  const bool works = (keeps_source || move(0)) && IsReadable(second) && IsWritable(second) &&
                     mprotect(pages + PageSize(), PageSize(), PROT_NONE) == 0;
  UnmapPages(pages, 2 * PageSize());
  return works ? 0 : ENOSYS;
}
