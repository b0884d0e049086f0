// The words of a domain, which participants in other processes read and write, too. The table is in
// docs/protocol.md; src/sync/layout.ts and include/wasm_shm/domain.h have the same numbers.
#ifndef WASM_SHM_WAIT_WORDS_H_
#define WASM_SHM_WAIT_WORDS_H_

#include <linux/futex.h>

#include <cstddef>
#include <cstdint>

constexpr size_t kHeaderBytes = 64;
constexpr size_t kSlotBytes = 128;
constexpr uint32_t kMaxSlots = 64;

// A living participant's life word: its keeper's thread id, and the bit that makes the kernel wake
// a waiter when it sets FUTEX_OWNER_DIED. The value is never negative for a thread id: the kernel
// gives 30 bits.
constexpr bool IsAlive(uint32_t life) { return life != 0 && (life & FUTEX_OWNER_DIED) == 0; }

inline uint32_t Load(const uint32_t* word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
inline void Store(uint32_t* word, uint32_t value) {
  __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}
inline uint32_t Add(uint32_t* word, uint32_t value) {
  return __atomic_add_fetch(word, value, __ATOMIC_SEQ_CST);
}
inline bool Swap(uint32_t* word, uint32_t expected, uint32_t value) {
  return __atomic_compare_exchange_n(word, &expected, value, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST);
}

// The word Sleeping counts what sleeps in its low half; in its high half, those among them that a
// knock wakes.
constexpr uint32_t kSleeper = 1;
constexpr uint32_t kListener = 1 << 16 | kSleeper;
constexpr uint32_t Listeners(uint32_t sleeping) { return sleeping >> 16; }
constexpr uint32_t Sleepers(uint32_t sleeping) { return sleeping & 0xffff; }

// A domain's words. The caller has checked that the header and all slots are inside mapped
// memory; every slot that is passed is below `slots`.
struct Domain {
  uint32_t* words;
  uint32_t slots;

  uint32_t* Epoch() const { return words + 5; }
  uint32_t* Line(uint32_t slot) const {
    return words + (kHeaderBytes + kSlotBytes * slot) / sizeof(uint32_t);
  }
  uint32_t* Life(uint32_t slot) const { return Line(slot); }
  uint32_t* Generation(uint32_t slot) const { return Line(slot) + 1; }
  uint32_t* Pid(uint32_t slot) const { return Line(slot) + 2; }
  uint32_t* StartTime(uint32_t slot) const { return Line(slot) + 3; }  // two words
  uint32_t* PidNamespace(uint32_t slot) const { return Line(slot) + 5; }
  uint32_t* Kind(uint32_t slot) const { return Line(slot) + 6; }
  uint32_t* Joined(uint32_t slot) const { return Line(slot) + 7; }  // two words
  uint32_t* Deaths(uint32_t slot) const { return Line(slot) + 9; }
  // The generation that the words from Pid to Joined belong to; written last.
  uint32_t* Described(uint32_t slot) const { return Line(slot) + 10; }
  uint32_t* Doorbell(uint32_t slot) const { return Line(slot) + 16; }
  uint32_t* Sleeping(uint32_t slot) const { return Line(slot) + 17; }
  uint32_t* DoorNumber(uint32_t slot) const { return Line(slot) + 18; }  // two words
  uint32_t* DoorSpace(uint32_t slot) const { return Line(slot) + 20; }
};

#endif  // WASM_SHM_WAIT_WORDS_H_
