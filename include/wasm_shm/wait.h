/* How participants of wasm-shm's domains sleep and wake, for C11 and Linux. docs/protocol.md.
 * SPDX-License-Identifier: MIT */
#ifndef WASM_SHM_WAIT_H
#define WASM_SHM_WAIT_H

#include "domain.h"

/* ---- Sleeping and waking. A mask of sleepers is two words: slots 0 to 31, and 32 to 63. ---- */

/* Knocks at the door of a slot: the socket of an event loop, which a futex would reach only by a
 * thread that wakes it. False if nobody listens there, or it is in another network namespace, where
 * the name could be anybody's. EAGAIN may tell of this socket's own queue. */
static inline int wasm_shm_knock(wasm_shm_domain* domain, uint32_t slot) {
  const wasm_shm_word* door = wasm_shm_slot_word(domain, slot, WASM_SHM_DOOR);
  uint32_t space = atomic_load(wasm_shm_slot_word(domain, slot, WASM_SHM_DOOR_NAMESPACE));
  uint64_t number = atomic_load(door) | (uint64_t)atomic_load(door + 1) << 32;
  struct sockaddr_un name;
  size_t length = offsetof(struct sockaddr_un, sun_path) + 1u;
  if (domain->knocker < 0) {
    domain->knocker = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    domain->knocker_namespace = wasm_shm_namespace("net");
  }
  if (domain->knocker < 0 || space == 0u || space != domain->knocker_namespace) return 0;
  memset(&name, 0, sizeof name);
  name.sun_family = AF_UNIX; /* the zero before the name makes it abstract: unix(7) */
  length += (size_t)snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "wasm-shm/%016llx",
                             (unsigned long long)number);
  return sendto(domain->knocker, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr*)&name,
                (socklen_t)length) == 1;
}

/* After the ring. A thread that begins to sleep after it looks at what it waits for after that. */
static inline void wasm_shm_wake_slot(wasm_shm_domain* domain, uint32_t slot) {
  uint32_t sleeping = atomic_load(wasm_shm_slot_word(domain, slot, WASM_SHM_SLEEPING));
  uint32_t listening = sleeping >> 16;
  if (sleeping == 0u) return;
  if (listening == 0u || !wasm_shm_knock(domain, slot) || (sleeping & 0xffffu) > listening)
    wasm_shm_wake_all(wasm_shm_slot_word(domain, slot, WASM_SHM_DOORBELL));
}

/** Wakes all that sleep on a mask. The change that they wait for was stored before. */
static inline void wasm_shm_ring(wasm_shm_domain* domain, wasm_shm_word* mask) {
  uint64_t left = atomic_load(mask) | (uint64_t)atomic_load(mask + 1) << 32;
  uint32_t slot;
  for (slot = 0; left >> slot != 0u; slot++) {
    if ((left >> slot & 1u) == 0u) continue;
    if (slot >= domain->slots ||
        !wasm_shm_is_alive(atomic_load(wasm_shm_slot_word(domain, slot, WASM_SHM_LIFE)))) {
      atomic_fetch_and(mask + slot / 32u, ~(1u << slot % 32u));
      /* A successor in the slot may have set it meanwhile. */
      if (slot >= domain->slots ||
          !wasm_shm_is_alive(atomic_load(wasm_shm_slot_word(domain, slot, WASM_SHM_LIFE)))) {
        if (slot == 63u) break;
        continue;
      }
    }
    if (slot != domain->slot) {
      atomic_fetch_add(wasm_shm_slot_word(domain, slot, WASM_SHM_DOORBELL), 1u);
      wasm_shm_wake_slot(domain, slot);
    }
    if (slot == 63u) break;
  }
}

static inline void wasm_shm_look(wasm_shm_domain* domain) {
  uint32_t slot;
  domain->seen.epoch = atomic_load(domain->words + WASM_SHM_EPOCH_WORD);
  for (slot = 0; slot < domain->slots; slot++)
    domain->seen.lives[slot] = atomic_load(wasm_shm_slot_word(domain, slot, WASM_SHM_LIFE));
  domain->seen.doorbell = atomic_load(wasm_shm_slot_word(domain, domain->slot, WASM_SHM_DOORBELL));
}

static inline int wasm_shm_is_before(const struct timespec* left, const struct timespec* right) {
  return left->tv_sec != right->tv_sec ? left->tv_sec < right->tv_sec
                                       : left->tv_nsec < right->tv_nsec;
}

/* How long a death can stay unseen if the kernel does not tell it. */
#ifndef WASM_SHM_CHECK_MS
#define WASM_SHM_CHECK_MS 400
#endif

/* Sleeps until a word differs from what was seen, `until`, or for that time; then buries the
 * vanished.
 */
static inline void wasm_shm_sleep(wasm_shm_domain* domain, const struct timespec* until) {
  struct wasm_shm_futex_waitv waits[2 + WASM_SHM_MAX_SLOTS];
  wasm_shm_word* doorbell = wasm_shm_slot_word(domain, domain->slot, WASM_SHM_DOORBELL);
  wasm_shm_word* sleeping = wasm_shm_slot_word(domain, domain->slot, WASM_SHM_SLEEPING);
  struct timespec slice;
  uint32_t slot;
  unsigned count = 0;
  long woken;
  clock_gettime(CLOCK_MONOTONIC, &slice);
  slice.tv_sec += (domain->has_waitv ? WASM_SHM_CHECK_MS : 100) / 1000;
  slice.tv_nsec += (domain->has_waitv ? WASM_SHM_CHECK_MS : 100) % 1000 * 1000000L;
  if (slice.tv_nsec >= 1000000000) {
    slice.tv_sec++;
    slice.tv_nsec -= 1000000000;
  }
  if (until == NULL || wasm_shm_is_before(&slice, until)) until = &slice;
  memset(waits, 0, sizeof waits);
  waits[count].value = domain->seen.doorbell;
  waits[count].address = (uintptr_t)doorbell;
  waits[count++].flags = 2u; /* FUTEX_32, not private */
  waits[count].value = domain->seen.epoch;
  waits[count].address = (uintptr_t)(domain->words + WASM_SHM_EPOCH_WORD);
  waits[count++].flags = 2u;
  for (slot = 0; slot < domain->slots; slot++) {
    if (slot == domain->slot || !wasm_shm_is_alive(domain->seen.lives[slot])) continue;
    waits[count].value = domain->seen.lives[slot];
    waits[count].address = (uintptr_t)wasm_shm_slot_word(domain, slot, WASM_SHM_LIFE);
    waits[count++].flags = 2u;
  }
  atomic_fetch_add(sleeping, 1u);
  woken = domain->has_waitv ? syscall(449, waits, count, 0, until, CLOCK_MONOTONIC)
                            : syscall(SYS_futex, doorbell, FUTEX_WAIT_BITSET, domain->seen.doorbell,
                                      until, NULL, FUTEX_BITSET_MATCH_ANY);
  if (woken < 0 && errno == ETIMEDOUT && until == &slice) wasm_shm_bury_vanished(domain);
  atomic_fetch_sub(sleeping, 1u);
  /* At a death the kernel wakes one waiter of the life word: that one wakes the rest. */
  for (slot = 0; slot < domain->slots; slot++) {
    wasm_shm_word* life = wasm_shm_slot_word(domain, slot, WASM_SHM_LIFE);
    uint32_t now = atomic_load(life);
    if (now != domain->seen.lives[slot] && (now & FUTEX_OWNER_DIED) != 0u) wasm_shm_wake_all(life);
  }
}

/** One try at what is waited for: 0 or an errno ends the wait; EAGAIN: not yet. */
typedef int (*wasm_shm_attempt)(void* object);

/* How long a wait looks before it sleeps: a sleep and a wake cost more. */
#define WASM_SHM_SPIN_NS 20000

static inline long wasm_shm_ns_since(const struct timespec* then) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (now.tv_sec - then->tv_sec) * 1000000000L + now.tv_nsec - then->tv_nsec;
}

/* As wasm_shm_wait, without its looks. */
static inline int wasm_shm_wait_asleep(wasm_shm_domain* domain, wasm_shm_word* mask,
                                       wasm_shm_attempt attempt, void* object,
                                       const struct timespec* until) {
  uint32_t bit = 1u << domain->slot % 32u;
  wasm_shm_word* word = mask + domain->slot / 32u;
  struct timespec now;
  int result;
  for (;;) {
    wasm_shm_look(domain);
    if ((atomic_load(word) & bit) == 0u) atomic_fetch_or(word, bit);
    result = attempt(object);
    if (result != EAGAIN) break;
    if (until != NULL) {
      clock_gettime(CLOCK_MONOTONIC, &now);
      if (!wasm_shm_is_before(&now, until)) {
        result = ETIMEDOUT;
        break;
      }
    }
    wasm_shm_sleep(domain, until);
  }
  atomic_fetch_and(word, ~bit);
  return result;
}

/**
 * Waits until an attempt ends it.
 *
 * @param until absolute time of CLOCK_MONOTONIC, or NULL for as long as it takes
 * @return what the attempt returned, or ETIMEDOUT
 */
static inline int wasm_shm_wait(wasm_shm_domain* domain, wasm_shm_word* mask,
                                wasm_shm_attempt attempt, void* object,
                                const struct timespec* until) {
  struct timespec began;
  int result = wasm_shm_check(domain), round = 0;
  if (result != 0) return result;
  result = attempt(object);
  if (result != EAGAIN) return result;
  clock_gettime(CLOCK_MONOTONIC, &began);
  do {
    result = attempt(object);
    if (result != EAGAIN) return result;
  } while (wasm_shm_ns_since(&began) < WASM_SHM_SPIN_NS && round++ < 1000);
  return wasm_shm_wait_asleep(domain, mask, attempt, object, until);
}

#endif /* WASM_SHM_WAIT_H */
