#include "wait/keeper.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "wait/futex.h"
#include "wait/liveness.h"

namespace {

// How long a death can stay unseen if the kernel does not tell it, or if the one waiter that the
// kernel woke was stopped before it could wake the others.
constexpr int64_t kCheckMs = 400;

// Without futex_waitv(2) only the doorbell is waited for, and the other words are polled.
constexpr int64_t kSliceMs = 100;

// glibc takes the thread's static TLS from the stack, so much less than this may not start.
constexpr size_t kStackBytes = 256u << 10;

// Whether a store can fault: pages that are attached read-only, or past the segment's end. The
// write guard does not know the second mapping. Returns 0, EACCES or EFAULT. Kernels before 5.14 do
// not tell the end; the caller's checks do.
int CheckStores(void* pages, size_t length) {
  if (mprotect(pages, length, PROT_READ | PROT_WRITE) != 0) return errno;
  constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, which older headers lack
  return madvise(pages, length, kPopulateWrite) != 0 && errno == EFAULT ? EFAULT : 0;
}

}  // namespace

int Keeper::Join(uint32_t* domain, uint32_t slots, size_t page_size, uint32_t kind,
                 void (*changed)(void*), void* argument) {
  // A second mapping of the same pages, by an old size of 0: mremap(2). Neither a detach, nor a
  // collected memory, nor one that the engine moves, leaves the thread with an address that is
  // gone.
  const auto begin = reinterpret_cast<uintptr_t>(domain) & ~(page_size - 1);
  const auto end = reinterpret_cast<uintptr_t>(domain) + kHeaderBytes + kSlotBytes * slots;
  length_ = (end - begin + page_size - 1) & ~(page_size - 1);
  void* pages = mremap(reinterpret_cast<void*>(begin), 0, length_, MREMAP_MAYMOVE);
  if (pages == MAP_FAILED) return errno;
  const int refused = CheckStores(pages, length_);
  if (refused != 0) {
    munmap(pages, length_);
    return refused;
  }
  pages_ = pages;
  domain_ = {reinterpret_cast<uint32_t*>(reinterpret_cast<uintptr_t>(pages) +
                                         (reinterpret_cast<uintptr_t>(domain) - begin)),
             slots};
  kind_ = kind;
  changed_ = changed;
  argument_ = argument;
  has_wait_any_ = HasWaitAny();

  // The program's signal handlers must not run here: the thread inherits the mask.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  int error = pthread_create(&thread_, &attributes, Start, this);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error == 0) {
    while (Load(&reported_) == 0)
      syscall(SYS_futex, &reported_, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
    error = result_;
    if (error != 0) pthread_join(thread_, nullptr);
  }
  if (error != 0) {
    munmap(pages_, length_);
    pages_ = nullptr;
    return error;
  }
  joined_ = true;
  return 0;
}

void Keeper::End() {
  if (!joined_.exchange(false)) return;
  stop_ = true;
  Kick();
  pthread_join(thread_, nullptr);
}

void Keeper::Leave() {
  End();
  if (pages_ != nullptr) munmap(pages_, length_);
  pages_ = nullptr;
}

void* Keeper::Start(void* keeper) {
  static_cast<Keeper*>(keeper)->Run();
  return nullptr;
}

void Keeper::Run() {
  // First the kernel's promise, then the claim. Only list_op_pending is used, so no pointer lies in
  // the segment: set_robust_list(2), and handle_futex_death in the kernel's futex/core.c.
  head_.list.next = &head_.list;
  head_.futex_offset = 0;
  head_.list_op_pending = nullptr;
  const bool promised = syscall(SYS_set_robust_list, &head_, sizeof head_) == 0;
  const int result = promised ? TakeSlot() : errno;
  // Before anyone can ring: a ring between the report and a later look would never be noticed.
  Snapshot seen{};
  if (result == 0) seen = Take();
  Report(result);
  if (result != 0) return;
  Attend(seen);
  GiveBack();
}

void Keeper::Report(int result) {
  result_ = result;
  Store(&reported_, 1);
  WakePrivate(&reported_);
}

int Keeper::TakeSlot() {
  const auto tid = static_cast<uint32_t>(syscall(SYS_gettid));
  // A slot that another joiner was taking may be free the second time.
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t slot = 0; slot < domain_.slots; slot++)
      if (TakeSlot(slot, tid)) return 0;
  return EUSERS;
}

// The generation is raised twice. Before the claim: a dead predecessor's id is never taken for
// alive, not even between the claim and the second raise. After it: the result is this
// participant's own, and a slower joiner's first raise fails.
bool Keeper::TakeSlot(uint32_t slot, uint32_t tid) {
  const uint32_t generation = Load(domain_.Generation(slot));
  uint32_t life = Load(domain_.Life(slot));
  if (IsAlive(life)) {
    if (!IsVanished(domain_, slot)) return false;
    life = Load(domain_.Life(slot));
    if (IsAlive(life)) return false;
  }
  if (!Swap(domain_.Generation(slot), generation, generation + 1)) return false;
  head_.list_op_pending = reinterpret_cast<robust_list*>(domain_.Life(slot));
  if (!Swap(domain_.Life(slot), life, tid | FUTEX_WAITERS)) {
    head_.list_op_pending = nullptr;
    return false;
  }
  slot_ = slot;
  generation_ = Add(domain_.Generation(slot), 1);
  if ((life & FUTEX_OWNER_DIED) != 0) Add(domain_.Deaths(slot), 1);
  Store(domain_.Sleeping(slot), 0);
  Describe(domain_, slot, generation_, kind_);
  WakeAll(domain_.Life(slot));
  Add(domain_.Epoch(), 1);
  WakeAll(domain_.Epoch());
  return true;
}

// First the kernel forgets the word, then the word says that the slot is free: if it still is this
// participant's. A peer may have taken it for dead, and another may have the slot since.
void Keeper::GiveBack() {
  head_.list_op_pending = nullptr;
  Swap(domain_.Life(slot_), static_cast<uint32_t>(syscall(SYS_gettid)) | FUTEX_WAITERS, 0);
  WakeAll(domain_.Life(slot_));
  Add(domain_.Epoch(), 1);
  WakeAll(domain_.Epoch());
}

void Keeper::Kick() {
  Add(&control_, 1);
  WakePrivate(&control_);
  if (has_wait_any_) return;
  Add(domain_.Doorbell(slot_), 1);
  WakeAll(domain_.Doorbell(slot_));
}

void Keeper::ListenAt(const DoorName& name) {
  Store(domain_.DoorNumber(slot_), static_cast<uint32_t>(name.number));
  Store(domain_.DoorNumber(slot_) + 1, static_cast<uint32_t>(name.number >> 32));
  Store(domain_.DoorSpace(slot_), name.space);
  arm_ = kListener;
}

void Keeper::Arm() {
  armed_ = true;
  Add(domain_.Sleeping(slot_), arm_);
  if (!listening_) Kick();
}

void Keeper::Disarm() {
  armed_ = false;
  Add(domain_.Sleeping(slot_), -arm_);
}

Snapshot Keeper::Take() const {
  Snapshot now;
  now.epoch = Load(domain_.Epoch());
  for (uint32_t slot = 0; slot < domain_.slots; slot++) now.lives[slot] = Load(domain_.Life(slot));
  now.doorbell = Load(domain_.Doorbell(slot_));
  return now;
}

// At a death the kernel wakes one waiter of the life word: that one wakes the rest.
void Keeper::Relay(const Snapshot& before, const Snapshot& now) const {
  for (uint32_t slot = 0; slot < domain_.slots; slot++)
    if (now.lives[slot] != before.lives[slot] && (now.lives[slot] & FUTEX_OWNER_DIED) != 0)
      WakeAll(domain_.Life(slot));
}

// Every word that was looked at is waited for with the value that was seen. A word that was read
// again here could have changed already, and would then be waited for until its next change.
unsigned Keeper::Collect(const Snapshot& seen, bool doorbell, FutexWait* waits) const {
  unsigned count = 0;
  waits[count++] = SharedWait(domain_.Epoch(), seen.epoch);
  if (doorbell) waits[count++] = SharedWait(domain_.Doorbell(slot_), seen.doorbell);
  for (uint32_t slot = 0; slot < domain_.slots; slot++)
    if (slot != slot_ && IsAlive(seen.lives[slot]))
      waits[count++] = SharedWait(domain_.Life(slot), seen.lives[slot]);
  return count;
}

// The fallback: waits for the doorbell alone, and not for long.
void Keeper::WaitSlice(const Snapshot& seen, int64_t nanoseconds) const {
  const int64_t slice = kSliceMs * 1000000;
  const timespec deadline = AfterNs(nanoseconds < slice ? nanoseconds : slice);
  WaitUntil(domain_.Doorbell(slot_), seen.doorbell, &deadline);
}

// The doorbell is left out while nothing pends: a ring for a blocked thread would wake this one,
// too, and both would want a core. The order of the two stores and of those in Arm matters:
// whichever thread is second sees what the first did.
void Keeper::WaitForMembers(const Snapshot& seen, uint32_t control, int64_t nanoseconds) {
  listening_ = false;
  const bool armed = armed_;
  listening_ = armed;
  if (!has_wait_any_) return WaitSlice(seen, nanoseconds);
  FutexWait waits[3 + kMaxSlots];
  waits[0] = PrivateWait(&control_, control);
  const unsigned count = 1 + Collect(seen, armed, waits + 1);
  WaitForAny(waits, count, nanoseconds);
}

void Keeper::WaitForAny(FutexWait* waits, unsigned count, int64_t nanoseconds) {
  const timespec deadline = AfterNs(nanoseconds);
  if (WaitAny(waits, count, &deadline) == -1 && errno != EAGAIN && errno != EINTR &&
      errno != ETIMEDOUT)
    has_wait_any_ = false;
}

void Keeper::Attend(Snapshot seen) {
  int64_t check_at = MonotonicMs() + kCheckMs;
  while (!stop_) {
    const uint32_t control = Load(&control_);
    const int64_t left = check_at - MonotonicMs();
    if (left <= 0) {
      BuryVanished(domain_, slot_);
      check_at = MonotonicMs() + kCheckMs;
    }
    const Snapshot now = Take();
    bool changed_members = now.epoch != seen.epoch;
    for (uint32_t slot = 0; slot < domain_.slots; slot++)
      changed_members |= now.lives[slot] != seen.lives[slot];
    const bool rung = now.doorbell != seen.doorbell;
    Relay(seen, now);
    seen = now;
    if (armed_ ? rung || changed_members : watching_ && changed_members) changed_(argument_);
    if (!stop_) WaitForMembers(seen, control, (left > 0 ? left : kCheckMs) * 1000000);
  }
}

void Keeper::Look() { seen_ = Take(); }

void Keeper::Sleep(int64_t nanoseconds) {
  Add(domain_.Sleeping(slot_), kSleeper);
  if (has_wait_any_) {
    FutexWait waits[2 + kMaxSlots];
    const unsigned count = Collect(seen_, true, waits);
    WaitForAny(waits, count, nanoseconds);
  } else {
    WaitSlice(seen_, nanoseconds);
  }
  if (joined_) Add(domain_.Sleeping(slot_), -kSleeper);  // or another may have the slot
  const Snapshot now = Take();
  Relay(seen_, now);
  seen_ = now;
}

void Keeper::Wake(uint64_t slots) const {
  for (uint32_t slot = 0; slot < domain_.slots; slot++)
    if ((slots >> slot & 1) != 0) WakeSlot(slot);
}

// A thread that begins to sleep after the ring looks at what it waits for after that, so a count
// that was read once after the ring will do.
void Keeper::WakeSlot(uint32_t slot) const {
  const uint32_t sleeping = Load(domain_.Sleeping(slot));
  const uint32_t* number = domain_.DoorNumber(slot);
  const DoorName door = {Load(number) | uint64_t{Load(number + 1)} << 32,
                         Load(domain_.DoorSpace(slot))};
  if (Listeners(sleeping) == 0 || !Knock(door) || Sleepers(sleeping) > Listeners(sleeping))
    WakeAll(domain_.Doorbell(slot));
}
