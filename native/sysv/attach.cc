// Puts a segment, or a part of one, in the place of a window's pages, and zero pages back.
#include "sysv/attach.h"

#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include <cerrno>

#include "addon.h"
#include "guard/guard.h"
#include "guard/unmap.h"

namespace {

// The smallest huge page of the architecture. The address and the length of a hugetlb mapping are
// multiples of its page, which is this size or larger.
#ifdef __aarch64__
constexpr size_t kSmallestHugePage = 64u << 10;
#else
constexpr size_t kSmallestHugePage = 2u << 20;
#endif

constexpr size_t RoundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) & ~(unit - 1); }

// Attaches at an address of the kernel's choice. Returns nullptr (and errno) on failure; shmat(2)
// itself returns -1 then.
uint8_t* Attach(int id, int flags) {
  void* at = shmat(id, nullptr, flags);
  return at == reinterpret_cast<void*>(-1) ? nullptr : static_cast<uint8_t*>(at);
}

// The page size of an attachment, or 0 (and errno). shmid_ds does not say which pages a segment
// has, but mprotect(2) tells: it refuses to cut a page, with EINVAL and no effect. The protection
// must change, or nothing is cut; so the probe ends up without access. No size that is tried
// reaches past the attachment, as it has at least one page.
size_t PageSizeOf(uint8_t* probe) {
  for (size_t size = PageSize(); size != 0; size <<= 1) {
    if (mprotect(probe, size, PROT_NONE) == 0) return size;
    if (errno != EINVAL) return 0;
  }
  return 0;
}

// How many bytes of address space an attachment of the segment takes, and the size of its pages.
// Returns 0 (and errno) if `length` bytes from `offset` cannot be mapped on their own: a load
// beyond the segment's pages would be a SIGBUS, and the kernel would round a range that cuts a huge
// page up past the window.
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

// Whether MAP_NORESERVE says nothing (vm.overcommit_memory is 2), so that the system may have no
// writable pages to give. Older kernels find that only after they have dropped the old ones.
// Called with the guard's lock held.
bool IsMemoryCounted() {
  static int64_t mode = -1;
  if (mode < 0) mode = ReadSetting("/proc/sys/vm/overcommit_memory");
  return mode < 0 || mode == 2;
}

// After a call that was refused: the kernel may have dropped all of the window's pages before, and
// then zero pages take their place. If it has not, the window keeps its bytes.
void FillHole(const Window& window) {
  if (!IsReadable(reinterpret_cast<uintptr_t>(window.data))) MapZeroPages(window);
}

// For a window that begins inside the segment or ends before it does: attaches the segment
// somewhere else, moves the wanted pages into the window, and unmaps the rest. shmdt(2) would not
// do for the rest: once the first pages have moved away, another thread may have an attachment of
// its own at that address. GrantedFor has checked that offset + length stays inside `granted`.
// Sources: mremap(2), shmop(2).
int MapPart(const Window& window, int id, int flags, size_t offset, size_t granted) {
  uint8_t* first = Attach(id, flags);
  if (first == nullptr) return errno;
  void* at = mremap(first + offset, window.length, window.length, MREMAP_FIXED | MREMAP_MAYMOVE,
                    window.data);
  if (at == MAP_FAILED) {
    const int error = errno;
    UnmapPages(first, granted);
    FillHole(window);
    return error;
  }
  const size_t after = offset + window.length;
  if (offset > 0) UnmapPages(first, offset);
  if (after < granted) UnmapPages(first + after, granted - after);
  return 0;
}

// Maps the whole segment in one atomic call. shmat(2) maps as many pages as the segment has;
// MapSegment has checked that the window is as long. A size is fixed at shmget(2), and an id is
// used again only after the kernel's sequence number has wrapped.
int MapWhole(const Window& window, int id, int flags) {
  if (shmat(id, window.data, SHM_REMAP | flags) == window.data) return 0;
  const int error = errno;
  FillHole(window);
  return error;
}

}  // namespace

// One call replaces the pages. shmdt(2) and munmap(2) would leave a hole: the engine would
// fault on it, or another thread's mmap(2) would fill it. Source: mmap(2), MAP_FIXED.
//
// The kernel merges neighbours of equal flags, so the pages get those that V8 gives its memories:
// MAP_NORESERVE and MADV_DONTFORK. Without them each place in a memory that once was a window would
// cost two mappings as long as the memory lives.
//
// If the system may refuse them, they are mapped elsewhere and then moved: a refusal has changed
// nothing.
int MapZeroPages(const Window& window) {
  const bool moves = IsMemoryCounted();
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (moves ? 0 : MAP_FIXED);
  void* at =
      mmap(moves ? nullptr : window.data, window.length, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (at == MAP_FAILED) return errno;
  madvise(at, window.length, MADV_DONTFORK);  // if it fails, the pages stay on their own
  if (!moves || mremap(at, window.length, window.length, MREMAP_FIXED | MREMAP_MAYMOVE,
                       window.data) != MAP_FAILED)
    return 0;
  const int error = errno;
  UnmapPages(at, window.length);
  return error;
}

int MapSegment(const Window& window, int id, int flags, size_t offset, size_t* page) {
  struct shmid_ds ds;
  if (shmctl(id, IPC_STAT, &ds) != 0) return errno;
  // At an address that is not a huge-page boundary the kernel itself refuses huge pages. At one
  // that is, MapWhole could map past the window.
  const bool off_huge = reinterpret_cast<uintptr_t>(window.data) % kSmallestHugePage != 0;
  const bool whole = offset == 0 && window.length == RoundUp(ds.shm_segsz, PageSize());
  *page = PageSize();
  if (whole && off_huge) return MapWhole(window, id, flags);
  const size_t granted = GrantedFor(id, flags, ds.shm_segsz, offset, window.length, page);
  return granted == 0 ? errno : MapPart(window, id, flags, offset, granted);
}
