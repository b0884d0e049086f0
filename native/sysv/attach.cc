// A segment over the pages of a window, whole or in part, and private pages back again.
#include "sysv/attach.h"

#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include <cerrno>

namespace {

// The smallest huge page of the architecture: hugetlb mappings need addresses, and take lengths, in
// multiples of their page, which is this or larger.
#ifdef __aarch64__
constexpr size_t kSmallestHugePage = 64u << 10;
#else
constexpr size_t kSmallestHugePage = 2u << 20;
#endif

constexpr size_t RoundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) & ~(unit - 1); }

// Where in the address space the kernel likes best; nullptr is not a failure's value here.
uint8_t* Attach(int id, int flags) {
  void* at = shmat(id, nullptr, flags);
  return at == reinterpret_cast<void*>(-1) ? nullptr : static_cast<uint8_t*>(at);
}

// The page size of an attachment, or 0 (and errno). shmid_ds does not tell which pages a segment
// has; mprotect(2) does: it refuses, by EINVAL and with no effect, to cut one. It must be a change,
// or nothing is cut; so the probe is left without access. An attachment has at least one page, and
// no size that is tried reaches past it.
size_t PageSizeOf(uint8_t* probe) {
  for (size_t size = PageSize(); size != 0; size <<= 1) {
    if (mprotect(probe, size, PROT_NONE) == 0) return size;
    if (errno != EINVAL) return 0;
  }
  return 0;
}

// How many bytes of address space an attachment of the segment takes, or 0 (and errno) where
// `length` of them from `offset` cannot be had on their own: beyond the segment's pages a load
// would be a SIGBUS, and a range that cuts a huge page would be rounded up past the window. Also
// the size of its pages.
size_t GrantedFor(int id, int flags, size_t segment_size, size_t offset, size_t length,
                  size_t* page) {
  uint8_t* probe = Attach(id, flags);
  if (probe == nullptr) return 0;
  *page = PageSizeOf(probe);
  const int error = errno;
  shmdt(probe);
  if (*page == 0) {
    errno = error;
    return 0;
  }
  const size_t granted = RoundUp(segment_size, *page);
  if (offset % *page == 0 && length % *page == 0 && offset < granted && length <= granted - offset)
    return granted;
  errno = EINVAL;
  return 0;
}

// A window that begins inside the segment or ends before it does: attach the segment somewhere,
// move the wanted pages into the window, unmap what is left. Not shmdt(2) for the rest: with the
// first pages moved away, another thread could have an attachment of its own at that address by
// now. Sources: mremap(2), shmop(2).
int MapPart(const Window& window, int id, int flags, size_t offset, size_t granted) {
  uint8_t* first = Attach(id, flags);
  if (first == nullptr) return errno;
  void* at = mremap(first + offset, window.length, window.length, MREMAP_FIXED | MREMAP_MAYMOVE,
                    window.data);
  if (at == MAP_FAILED) {
    const int error = errno;
    munmap(first, granted);
    PrivatePages(window);  // mremap may have dropped the old pages before it failed
    return error;
  }
  const size_t after = offset + window.length;
  if (offset > 0) munmap(first, offset);
  if (after < granted) munmap(first + after, granted - after);
  return 0;
}

// The whole segment, in one atomic call. It maps as many pages as the segment has, so the caller
// compared sizes: they are fixed at shmget(2), and an id comes back only after the kernel's
// sequence number has gone round.
int MapWhole(const Window& window, int id, int flags) {
  if (shmat(id, window.data, SHM_REMAP | flags) == window.data) return 0;
  const int error = errno;
  // The kernel looks at the segment, the mode and the alignment first; past these it may have
  // dropped the old pages.
  if (error != EACCES && error != EIDRM && error != EINVAL && error != EPERM) PrivatePages(window);
  return error;
}

}  // namespace

// In one call. Not shmdt(2), nor munmap(2): both leave a hole
// that the engine would fault on, or another thread's mmap(2) would fill. Source: mmap(2),
// MAP_FIXED.
int PrivatePages(const Window& window) {
  void* at = mmap(window.data, window.length, PROT_READ | PROT_WRITE,
                  MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? errno : 0;
}

int MapSegment(const Window& window, int id, int flags, size_t offset, size_t* page) {
  struct shmid_ds ds;
  if (shmctl(id, IPC_STAT, &ds) != 0) return errno;
  // Off a huge-page boundary the kernel refuses huge pages itself; on one, MapWhole could map past
  // the window.
  const bool off_huge = reinterpret_cast<uintptr_t>(window.data) % kSmallestHugePage != 0;
  const bool whole = offset == 0 && window.length == RoundUp(ds.shm_segsz, PageSize());
  *page = PageSize();
  if (whole && off_huge) return MapWhole(window, id, flags);
  const size_t granted = GrantedFor(id, flags, ds.shm_segsz, offset, window.length, page);
  return granted == 0 ? errno : MapPart(window, id, flags, offset, granted);
}
