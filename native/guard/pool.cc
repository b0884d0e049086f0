// Mappings that are held for stores into guarded windows. A process may have vm.max_map_count of
// them, and other code may take all that are free. A store would then end the process, as no page
// could be made private. So the mappings that the first store into each window needs are there from
// its attach on: as pages of a reserved range whose protections alternate, each a mapping of its
// own. One mprotect(2) of equal protection merges them, and cannot fail for want of mappings.
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "addon.h"
#include "guard/guard.h"
#include "guard/unmap.h"

namespace {

// What a first store takes: the mapping in which pages are copied, and two as its page cuts the
// window. If the window has one page, or all are copied, an anchor instead of the two.
constexpr size_t kPairsPerGuard = kHeldMappings / 2;

// mremap(2) refuses if fewer than 6 are free, and a copy takes up to 4 before others are freed.
constexpr size_t kHeadroomPairs = 8;

constexpr size_t kMostPairs = 1u << 20;
uint8_t* pool = nullptr;
size_t most_pairs = 0;
size_t held_pairs = 0;  // pages 1, 3, 5 … up to 2 * held_pairs - 1 are readable

uint8_t* PageAt(size_t index) { return pool + index * PageSize(); }

bool Hold(size_t pairs) {
  for (; pairs > 0; pairs--) {
    if (held_pairs == most_pairs) return false;
    if (mprotect(PageAt(2 * held_pairs + 1), PageSize(), PROT_READ) != 0) return false;
    held_pairs++;
  }
  return true;
}

// The range begins and ends where mappings do, so none is cut.
void Free(size_t pairs) {
  pairs = std::min(pairs, held_pairs);
  if (pairs == 0) return;
  held_pairs -= pairs;
  mprotect(PageAt(2 * held_pairs + 1), (2 * pairs - 1) * PageSize(), PROT_NONE);
}

size_t headroom = 0;  // pairs

// Pairs that guards have given back, and that the next guards take without a system call. Those
// above the most are freed, half of them at a time.
constexpr size_t kMostReturned = 64;
size_t returned = 0;

}  // namespace

int PreparePool() {
  if (pool != nullptr) return 0;
  const int64_t limit = MappingLimit();
  most_pairs =
      limit <= 0 ? kMostPairs : std::min<size_t>(kMostPairs, static_cast<size_t>(limit) / 2 + 1);
  void* at = mmap(nullptr, (2 * most_pairs + 1) * PageSize(), PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return errno;
  pool = static_cast<uint8_t*>(at);
  headroom = kHeadroomPairs;
  if (Hold(headroom)) return 0;
  Free(held_pairs);
  UnmapPages(pool, (2 * most_pairs + 1) * PageSize());
  pool = nullptr;
  return ENOMEM;
}

bool HoldPairs(Guard* guard) {
  // After a discard, the mapping in which pages are copied is still there.
  const size_t wanted = kPairsPerGuard - (guard->copies != nullptr ? 1 : 0);
  for (; guard->pairs < wanted; guard->pairs++) {
    if (returned > 0)
      returned--;
    else if (!Hold(1))
      break;
  }
  return guard->pairs >= wanted;
}

void ReturnPairs(Guard* guard) {
  returned += guard->pairs;
  guard->pairs = 0;
  if (returned <= kMostReturned) return;
  Free(returned - kMostReturned / 2);
  returned = kMostReturned / 2;
}

Headroom::Headroom() {
  Free(headroom + returned);
  headroom = 0;
  returned = 0;
}

Headroom::~Headroom() {
  while (headroom < kHeadroomPairs && Hold(1)) headroom++;
}
