// The windows and their guard without an engine: a program of its own, for valgrind and the
// sanitizers, which cannot see into an engine's process as well. engine.cc plays the engine.
// Argument: the rounds of each thread.
//
// The functions of window.cc are internal to it, so its source is included.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

#include "map/window.cc"

int EngineProtect(void* at, size_t length);
int EngineUnmap(void* at, size_t length);

// What the next mprotect(2) of the engine does first: what another thread may do after the guard
// has looked where windows are, and before the call.
std::atomic<void (*)()> interruption{nullptr};

// The engine's call comes here at last, as this program's symbol is found before libc's.
extern "C" int mprotect(void* at, size_t length, int protection) noexcept {
  const auto interrupt = interruption.exchange(nullptr);
  if (interrupt != nullptr) interrupt();
  return static_cast<int>(syscall(SYS_mprotect, at, length, protection));
}

namespace {

constexpr size_t kPages = 16;
constexpr size_t kMemoryPages = 4 * kPages;
constexpr uint8_t kCanary = 0xa5;

#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "line %d: %s, errno %d\n", __LINE__, #condition, errno); \
      abort();                                                                 \
    }                                                                          \
  } while (false)

// As the engine makes a memory: reserved, and then writable from its start.
uint8_t* MakeMemory() {
  void* at = mmap(nullptr, kMemoryPages * PageSize(), PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(at != MAP_FAILED);
  CHECK(EngineProtect(at, kMemoryPages * PageSize()) == 0);
  return static_cast<uint8_t*>(at);
}

void Grow(uint8_t* memory) { CHECK(EngineProtect(memory, kMemoryPages * PageSize()) == 0); }

void EndMemory(uint8_t* memory) { CHECK(EngineUnmap(memory, kMemoryPages * PageSize()) == 0); }

Request RequestOf(uint8_t* memory, size_t first, size_t pages, int id, size_t offset = 0) {
  return {{memory + first * PageSize(), pages * PageSize(), true}, id, offset * PageSize()};
}

int MapGuardedAt(const Request& request) {
  auto guard = std::make_unique<Guard>(request.window, request.id, request.offset);
  return MapBehindGuard(request, std::move(guard), false);
}

int UnmapAt(const Window& window) {
  std::unique_ptr<Guard> removed;
  return UnmapWindow(window, &removed);
}

int MakeSegment(uint8_t fill) {
  const int id = shmget(IPC_PRIVATE, kPages * PageSize(), IPC_CREAT | 0600);
  CHECK(id >= 0);
  auto* bytes = static_cast<uint8_t*>(shmat(id, nullptr, 0));
  for (size_t at = 0; at < kPages * PageSize(); at++) bytes[at] = fill;
  shmdt(bytes);
  return id;
}

void CheckCanary(int id) {
  auto* bytes = static_cast<const uint8_t*>(shmat(id, nullptr, SHM_RDONLY));
  for (size_t at = 0; at < kPages * PageSize(); at++) CHECK(bytes[at] == kCanary);
  shmdt(bytes);
}

unsigned long Attached(int id) {
  shmid_ds ds;
  CHECK(shmctl(id, IPC_STAT, &ds) == 0);
  return ds.shm_nattch;
}

size_t PrivatePagesOf(const Window& window) {
  const GuardLock lock;
  const Guard* guard = GuardOf(window);
  return guard == nullptr ? 0 : guard->private_pages;
}

// Threads store to the same bytes at once, as peers do: no race to report. volatile: each store is
// one, at its own address.
__attribute__((no_sanitize("thread"))) void Store(uint8_t* memory, size_t page, uint8_t value) {
  *const_cast<volatile uint8_t*>(memory + page * PageSize() + 8) = value;
}

void CheckOneByOne(int canary) {
  uint8_t* memory = MakeMemory();
  const Request all = RequestOf(memory, 2, kPages, canary);
  CHECK(MapGuardedAt(all) == 0);
  CHECK(Attached(canary) == 1);
  Store(memory, 2, 1);
  Store(memory, 2 + kPages - 1, 2);
  Store(memory, 5, 3);
  CHECK(PrivatePagesOf(all.window) == 3);
  CHECK(memory[5 * PageSize() + 8] == 3 && memory[5 * PageSize() + 9] == kCanary);
  Grow(memory);
  Store(memory, 6, 4);
  CHECK(PrivatePagesOf(all.window) == 4);
  CHECK(DiscardPrivatePages(all) == 0);
  CHECK(PrivatePagesOf(all.window) == 0 && memory[5 * PageSize() + 8] == kCanary);
  for (size_t page = 0; page < kPages; page++) Store(memory, 2 + page, 9);
  CHECK(PrivatePagesOf(all.window) == kPages);
  // Refused: past the segment's end. Nothing has changed.
  CHECK(MapGuardedAt(RequestOf(memory, 2, kPages, canary, 1)) == EINVAL);
  CHECK(PrivatePagesOf(all.window) == kPages && memory[2 * PageSize() + 8] == 9);
  CHECK(DiscardPrivatePages(all) == 0);
  // Over a part: the rest of the window must not stay read-only.
  CHECK(MapGuardedAt(RequestOf(memory, 6, 2, canary, 3)) == 0);
  for (size_t page = 0; page < kMemoryPages; page++) Store(memory, page, 7);
  CHECK(UnmapAt(all.window) == 0);
  CHECK(Attached(canary) == 0 && memory[6 * PageSize() + 8] == 0);
  CHECK(MapGuardedAt(all) == 0);
  EndMemory(memory);
  CHECK(Attached(canary) == 0);
  CheckCanary(canary);
}

uint8_t* growing;
int growing_segment;

// Windows come and go in the middle of a grow. The kernel refuses mprotect(2) over a window, which
// would end the engine.
void CheckInterruptedGrows(int canary) {
  growing = MakeMemory();
  growing_segment = canary;
  const auto window = [] { return RequestOf(growing, 2, 4, growing_segment); };
  const auto map = [] { CHECK(MapGuardedAt(RequestOf(growing, 2, 4, growing_segment)) == 0); };
  const auto map_other = [] {
    CHECK(MapGuardedAt(RequestOf(growing, 20, 4, growing_segment)) == 0);
  };
  const auto unmap = [] { CHECK(UnmapAt(RequestOf(growing, 2, 4, growing_segment).window) == 0); };
  for (void (*interrupt)() : {+map, +map, +map_other, +unmap}) {
    interruption = interrupt;
    Grow(growing);
    CHECK(interruption.load() == nullptr);
    for (size_t page = 0; page < kMemoryPages; page++) Store(growing, page, 7);
    const bool is_mapped = interrupt != +unmap;
    CHECK(PrivatePagesOf(window().window) == (is_mapped ? 4 : 0));
  }
  EndMemory(growing);
  CHECK(Attached(canary) == 0);
  CheckCanary(canary);
}

std::atomic<int> mapped{0};

// What one thread does in a memory that all of them share.
void Act(uint8_t* memory, int canary, int other, unsigned seed, int rounds) {
  std::minstd_rand random(seed);
  const auto below = [&](size_t count) { return random() % count; };
  for (int round = 0; round < rounds; round++) {
    const size_t pages = 1 + below(kPages);
    const size_t offset = below(kPages - pages + 1);
    const size_t first = below(kMemoryPages - pages + 1);
    const Request guarded = RequestOf(memory, first, pages, below(2) == 0 ? canary : other, offset);
    switch (below(6)) {
      case 0:
      case 1:
        if (MapGuardedAt(guarded) == 0) mapped++;
        break;
      case 2:
        if (MapReadWrite(RequestOf(memory, first, pages, other, offset)) == 0) mapped++;
        break;
      case 3:
        DiscardPrivatePages(guarded);
        break;
      case 4:
        CHECK(UnmapAt(guarded.window) == 0);
        break;
      default:
        Grow(memory);
    }
    for (int store = 0; store < 8; store++) Store(memory, below(kMemoryPages), 1);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? atoi(arguments[1]) : 100;
  const int canary = MakeSegment(kCanary);
  const int other = MakeSegment(0);
  CheckOneByOne(canary);
  CheckInterruptedGrows(canary);
  uint8_t* memory = MakeMemory();
  std::vector<std::thread> threads;
  for (unsigned seed = 1; seed <= 4; seed++)
    threads.emplace_back(Act, memory, canary, other, seed, rounds);
  for (auto& thread : threads) thread.join();
  EndMemory(memory);
  CheckCanary(canary);
  CHECK(Attached(canary) == 0 && Attached(other) == 0);
  shmctl(canary, IPC_RMID, nullptr);
  shmctl(other, IPC_RMID, nullptr);
  printf("%d windows mapped\n", mapped.load());
}
