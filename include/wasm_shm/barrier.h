/* wasm-shm's barriers, for C11 and Linux. Results: lock.h.
 * SPDX-License-Identifier: MIT */
#ifndef WASM_SHM_BARRIER_H
#define WASM_SHM_BARRIER_H

#include "mutex.h"

/* ---- Barrier: 64 bytes, and 4 for each slot, rounded up to 64. src/sync/barrier.ts has the word.
 */

typedef struct {
  wasm_shm_domain* domain;
  wasm_shm_word* words;
  uint32_t parties, state;
  int arrived;
} wasm_shm_barrier;

#define WASM_SHM_BROKEN 0x80u

static inline wasm_shm_word* wasm_shm_party(const wasm_shm_barrier* barrier, uint32_t slot) {
  return barrier->words + WASM_SHM_LINE / 4u + slot;
}

static inline void wasm_shm_register(const wasm_shm_barrier* barrier) {
  const wasm_shm_domain* domain = barrier->domain;
  uint32_t deaths = atomic_load(wasm_shm_slot_word(domain, domain->slot, WASM_SHM_DEATHS)) & 0x1ffu;
  atomic_store(wasm_shm_party(barrier, domain->slot),
               (domain->generation & WASM_SHM_GENERATION_BITS) << 10 | deaths << 1 | 1u);
}

/** This participant is a party from here on: its death breaks the barrier. */
static inline int wasm_shm_barrier_open(wasm_shm_barrier* barrier, wasm_shm_domain* domain,
                                        size_t offset, uint32_t parties) {
  int error;
  barrier->domain = domain;
  barrier->parties = parties;
  barrier->arrived = 0;
  if (parties < 1u || parties > domain->slots) return EINVAL;
  error = wasm_shm_open(domain, 0x57530106u, offset,
                        WASM_SHM_LINE + wasm_shm_round_line(4u * (size_t)domain->slots), parties,
                        domain->slots, &barrier->words);
  if (error == 0) wasm_shm_register(barrier);
  return error;
}

enum wasm_shm_party_state { WASM_SHM_NONE, WASM_SHM_ALIVE, WASM_SHM_LEFT, WASM_SHM_KILLED };

static inline enum wasm_shm_party_state wasm_shm_party_state(const wasm_shm_barrier* barrier,
                                                             uint32_t slot, uint32_t found) {
  const wasm_shm_domain* domain = barrier->domain;
  uint32_t id = wasm_shm_id(slot, found >> 10), deaths;
  if (found == 0u) return WASM_SHM_NONE;
  if (wasm_shm_lives(domain, id) > 0) return WASM_SHM_ALIVE;
  if (wasm_shm_id(slot, atomic_load(wasm_shm_slot_word(domain, slot, WASM_SHM_GENERATION))) == id)
    return atomic_load(wasm_shm_slot_word(domain, slot, WASM_SHM_LIFE)) == 0u ? WASM_SHM_LEFT
                                                                              : WASM_SHM_KILLED;
  deaths = atomic_load(wasm_shm_slot_word(domain, slot, WASM_SHM_DEATHS)) & 0x1ffu;
  return deaths == (found >> 1 & 0x1ffu) ? WASM_SHM_LEFT : WASM_SHM_KILLED;
}

/* EOWNERDEAD, and the barrier is broken, if a party is gone that those who wait would wait for. */
static inline int wasm_shm_check_parties(const wasm_shm_barrier* barrier) {
  uint32_t slot;
  for (slot = 0; slot < barrier->domain->slots; slot++) {
    uint32_t found = atomic_load(wasm_shm_party(barrier, slot));
    enum wasm_shm_party_state state = wasm_shm_party_state(barrier, slot, found);
    if (state == WASM_SHM_NONE || state == WASM_SHM_ALIVE) continue;
    if (state == WASM_SHM_LEFT && (atomic_load(barrier->words + WASM_SHM_STATE) & 0x7fu) == 0u) {
      wasm_shm_swap(wasm_shm_party(barrier, slot), found, 0);
      continue;
    }
    atomic_fetch_or(barrier->words + WASM_SHM_STATE, WASM_SHM_BROKEN);
    wasm_shm_ring(barrier->domain, barrier->words + WASM_SHM_SLEEPERS);
    return EOWNERDEAD;
  }
  return 0;
}

static inline int wasm_shm_barrier_attempt(void* object) {
  wasm_shm_barrier* barrier = (wasm_shm_barrier*)object;
  wasm_shm_word* word = barrier->words + WASM_SHM_STATE;
  uint32_t found = atomic_load(word), next;
  int tries;
  if (barrier->arrived) {
    if (found >> 24 != barrier->state >> 24) return EOWNERDEAD;
    if ((found >> 8 & 0xffffu) != (barrier->state >> 8 & 0xffffu)) return 0;
    if ((found & WASM_SHM_BROKEN) != 0u) return EOWNERDEAD;
    return wasm_shm_check_parties(barrier) != 0 ? EOWNERDEAD : EAGAIN;
  }
  for (tries = 0; tries < WASM_SHM_TRIES; tries++) {
    if ((found & WASM_SHM_BROKEN) != 0u || wasm_shm_check_parties(barrier) != 0) return EOWNERDEAD;
    if ((found & 0x7fu) >= barrier->parties) return EPROTO;
    next = (found & 0x7fu) + 1u == barrier->parties
               ? (found & 0xff000000u) | (((found >> 8) + 1u) & 0xffffu) << 8
               : found + 1u;
    if (!atomic_compare_exchange_strong(word, &found, next)) continue;
    if (next != found + 1u || barrier->parties == 1u) {
      wasm_shm_ring(barrier->domain, barrier->words + WASM_SHM_SLEEPERS);
      return 0;
    }
    barrier->state = found;
    barrier->arrived = 1;
    return EAGAIN;
  }
  return EPROTO;
}

/** Waits until all parties have arrived. A timeout takes the arrival back. EOWNERDEAD: a party died
 * or left, or the barrier was reset. */
static inline int wasm_shm_arrive(wasm_shm_barrier* barrier, const struct timespec* until) {
  wasm_shm_word* word;
  uint32_t found;
  int result = wasm_shm_check(barrier->domain), tries;
  if (result != 0) return result;
  word = barrier->words + WASM_SHM_STATE;
  barrier->arrived = 0;
  result = wasm_shm_wait(barrier->domain, barrier->words + WASM_SHM_SLEEPERS,
                         wasm_shm_barrier_attempt, barrier, until);
  if (result != ETIMEDOUT || !barrier->arrived) return result;
  found = atomic_load(word);
  for (tries = 0; tries < WASM_SHM_TRIES; tries++) {
    if ((found & 0xffffff00u) != (barrier->state & 0xffffff00u))
      return found >> 24 == barrier->state >> 24 ? 0 : EOWNERDEAD;
    if ((found & WASM_SHM_BROKEN) != 0u || (found & 0x7fu) == 0u) return EOWNERDEAD;
    if (atomic_compare_exchange_strong(word, &found, found - 1u)) return ETIMEDOUT;
  }
  return EPROTO;
}

/** Forgets the parties that are gone, so that others can take their places, and rejects those that
 * wait. */
static inline int wasm_shm_barrier_reset(wasm_shm_barrier* barrier) {
  wasm_shm_word* word = barrier->words + WASM_SHM_STATE;
  uint32_t slot, found;
  int tries, error = wasm_shm_check(barrier->domain);
  if (error != 0) return error;
  for (slot = 0; slot < barrier->domain->slots; slot++) {
    found = atomic_load(wasm_shm_party(barrier, slot));
    if (wasm_shm_party_state(barrier, slot, found) > WASM_SHM_ALIVE)
      wasm_shm_swap(wasm_shm_party(barrier, slot), found, 0);
  }
  wasm_shm_register(barrier);
  found = atomic_load(word);
  for (tries = 0; tries < WASM_SHM_TRIES; tries++)
    if (atomic_compare_exchange_strong(word, &found, ((found >> 24) + 1u) << 24)) {
      wasm_shm_ring(barrier->domain, barrier->words + WASM_SHM_SLEEPERS);
      return 0;
    }
  return EPROTO;
}

#endif /* WASM_SHM_BARRIER_H */
