// One participant of a domain, and the thread that keeps it: the kernel marks the participant's
// life word when that thread dies, and the thread watches for rings and deaths.
#ifndef WASM_SHM_WAIT_KEEPER_H_
#define WASM_SHM_WAIT_KEEPER_H_

#include <linux/futex.h>
#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "wait/futex.h"
#include "wait/knock.h"
#include "wait/words.h"

// What a sleeper looks at: if one of these words changed, it looks at what it waits for again.
struct Snapshot {
  uint32_t doorbell;
  uint32_t epoch;
  uint32_t lives[kMaxSlots];
};

class Keeper {
 public:
  Keeper() = default;
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper() { Leave(); }

  // Maps the domain's pages a second time, starts the thread, and takes the first free slot.
  // `domain` points into a shared mapping with pages of `page_size` bytes; the caller has checked
  // that the domain is inside it. `changed` is called on the thread. Returns 0 or an errno: EUSERS
  // if every slot is taken.
  int Join(uint32_t* domain, uint32_t slots, size_t page_size, uint32_t kind,
           void (*changed)(void*), void* argument);

  // Gives the slot back, and ends the thread. Another thread may be in Sleep meanwhile.
  void End();

  // Does that, and unmaps the pages. Both may be called twice.
  void Leave();

  Keeper* next = nullptr;  // of a list that the owner keeps

  bool joined() const { return joined_; }
  uint32_t slot() const { return slot_; }
  uint32_t generation() const { return generation_; }

  uint32_t* doorbell() const { return domain_.Doorbell(slot_); }

  // From here on peers may knock at this door in place of waking the thread.
  void ListenAt(const DoorName& name);

  // While armed, `changed` is called at each ring and at each change of a participant; at rings
  // that came as a knock, the door calls instead. Peers ring with a system call only then.
  void Arm();
  void Disarm();
  // While watching, `changed` is called at each change of a participant.
  void Watch(bool on) { watching_ = on; }

  // For waits that block the calling thread: Look takes the state that Sleep compares with, so the
  // caller looks at what it waits for in between. Sleep returns after a change, a signal, or the
  // time; then it has taken the state again. One thread at a time.
  void Look();
  void Sleep(int64_t nanoseconds);

  // Wakes those that wait for the doorbells of these slots. The caller rang them (+1) before.
  void Wake(uint64_t slots) const;

 private:
  static void* Start(void* keeper);
  void Run();
  int TakeSlot();
  bool TakeSlot(uint32_t slot, uint32_t tid);
  void Report(int result);
  void Attend(Snapshot seen);
  void GiveBack();
  void Kick();
  Snapshot Take() const;
  void Relay(const Snapshot& before, const Snapshot& now) const;
  unsigned Collect(const Snapshot& seen, bool doorbell, FutexWait* waits) const;
  void WaitForMembers(const Snapshot& seen, uint32_t control, int64_t nanoseconds);
  void WaitForAny(FutexWait* waits, unsigned count, int64_t nanoseconds);
  void WakeSlot(uint32_t slot) const;
  void WaitSlice(const Snapshot& seen, int64_t nanoseconds) const;

  void* pages_ = nullptr;  // this keeper's own mapping, so that no detach can take it away
  size_t length_ = 0;
  Domain domain_{};
  uint32_t kind_ = 0;
  uint32_t slot_ = 0;
  uint32_t generation_ = 0;
  std::atomic<bool> joined_{false};
  std::atomic<bool> has_wait_any_{false};  // futex_waitv(2); a filter may take it away later
  pthread_t thread_{};
  robust_list_head head_{};
  void (*changed_)(void*) = nullptr;
  void* argument_ = nullptr;
  uint32_t arm_ = kSleeper;  // what Arm adds to the word Sleeping
  uint32_t control_ = 0;     // private futex: wakes the thread
  uint32_t reported_ = 0;    // private futex: the thread has tried to join
  int result_ = 0;
  Snapshot seen_{};  // of Look and Sleep
  std::atomic<bool> stop_{false};
  std::atomic<bool> armed_{false};
  std::atomic<bool> watching_{false};
  std::atomic<bool> listening_{false};  // the thread waits for the doorbell, or is about to
};

#endif  // WASM_SHM_WAIT_KEEPER_H_
