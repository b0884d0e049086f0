/* wasm-shm's semaphores, for C11 and Linux. Results: lock.h.
 * SPDX-License-Identifier: MIT */
#ifndef WASM_SHM_SEMAPHORE_H
#define WASM_SHM_SEMAPHORE_H

#include "mutex.h"

/* ---- Semaphore: 64 bytes, and 4 for each slot, rounded up to 64. ---- */

typedef struct {
  wasm_shm_domain* domain;
  wasm_shm_word* words;
  uint32_t permits, wanted;
} wasm_shm_semaphore;

static inline int wasm_shm_semaphore_open(wasm_shm_semaphore* semaphore, wasm_shm_domain* domain,
                                          size_t offset, uint32_t permits) {
  semaphore->domain = domain;
  semaphore->permits = permits;
  if (permits < 1u || permits > WASM_SHM_COUNT) return EINVAL;
  return wasm_shm_open(domain, 0x57530103u, offset,
                       WASM_SHM_LINE + wasm_shm_round_line(4u * (size_t)domain->slots), permits,
                       domain->slots, &semaphore->words);
}

static inline uint32_t wasm_shm_permits_of(const wasm_shm_semaphore* semaphore, uint32_t slot) {
  uint32_t found = atomic_load(semaphore->words + WASM_SHM_LINE / 4u + slot);
  int lives = (found & WASM_SHM_COUNT) == 0u
                  ? 0
                  : wasm_shm_lives(semaphore->domain, wasm_shm_id(slot, found >> 10));
  return lives > 0 ? found & WASM_SHM_COUNT : 0u;
}

static inline void wasm_shm_store_permits(const wasm_shm_semaphore* semaphore, uint32_t count) {
  uint32_t tag = (semaphore->domain->generation & WASM_SHM_GENERATION_BITS) << 10;
  atomic_store(semaphore->words + WASM_SHM_LINE / 4u + semaphore->domain->slot, tag | count);
}

static inline int wasm_shm_semaphore_attempt(void* object) {
  wasm_shm_semaphore* semaphore = (wasm_shm_semaphore*)object;
  wasm_shm_domain* domain = semaphore->domain;
  wasm_shm_word* word = semaphore->words + WASM_SHM_STATE;
  uint32_t held = 0, slot, own;
  int result = wasm_shm_lock_shortly(domain, word);
  if (result != 0) return result;
  for (slot = 0; slot < domain->slots; slot++) held += wasm_shm_permits_of(semaphore, slot);
  own = wasm_shm_permits_of(semaphore, domain->slot);
  result = held + semaphore->wanted <= semaphore->permits ? 0 : EAGAIN;
  if (result == 0) wasm_shm_store_permits(semaphore, own + semaphore->wanted);
  if (wasm_shm_unlock_shortly(word)) wasm_shm_ring(domain, semaphore->words + WASM_SHM_SLEEPERS);
  return result;
}

static inline int wasm_shm_acquire(wasm_shm_semaphore* semaphore, uint32_t count,
                                   const struct timespec* until) {
  if (count < 1u || count > semaphore->permits) return EINVAL;
  semaphore->wanted = count;
  return wasm_shm_wait(semaphore->domain, semaphore->words + WASM_SHM_SLEEPERS,
                       wasm_shm_semaphore_attempt, semaphore, until);
}

static inline int wasm_shm_acquire_try(wasm_shm_semaphore* semaphore, uint32_t count) {
  int result = wasm_shm_check(semaphore->domain);
  if (result != 0) return result;
  if (count < 1u || count > semaphore->permits) return EINVAL;
  semaphore->wanted = count;
  result = wasm_shm_semaphore_attempt(semaphore);
  return result == EAGAIN ? EBUSY : result;
}

static inline int wasm_shm_release(wasm_shm_semaphore* semaphore, uint32_t count) {
  uint32_t own;
  int error = wasm_shm_check(semaphore->domain);
  if (error != 0) return error;
  own = wasm_shm_permits_of(semaphore, semaphore->domain->slot);
  if (own < count) return EPERM;
  wasm_shm_store_permits(semaphore, own - count);
  wasm_shm_ring(semaphore->domain, semaphore->words + WASM_SHM_SLEEPERS);
  return 0;
}

#endif /* WASM_SHM_SEMAPHORE_H */
