/* wasm-shm's read-write locks, for C11 and Linux. Results: lock.h.
 * SPDX-License-Identifier: MIT */
#ifndef WASM_SHM_RWLOCK_H
#define WASM_SHM_RWLOCK_H

#include "mutex.h"

/* ---- Read-write lock: 64 bytes, and 64 for each slot of the domain. ---- */

typedef struct {
  wasm_shm_domain* domain;
  wasm_shm_word* words;
} wasm_shm_rwlock;

static inline int wasm_shm_rwlock_open(wasm_shm_rwlock* lock, wasm_shm_domain* domain,
                                       size_t offset) {
  lock->domain = domain;
  return wasm_shm_open(domain, 0x57530102u, offset, WASM_SHM_LINE * (1u + (size_t)domain->slots),
                       domain->slots, 0, &lock->words);
}

static inline wasm_shm_word* wasm_shm_reader_count(const wasm_shm_rwlock* lock, uint32_t slot) {
  return lock->words + WASM_SHM_LINE / 4u * (1u + slot);
}

static inline int wasm_shm_count_reader(const wasm_shm_rwlock* lock, int change) {
  wasm_shm_word* word = wasm_shm_reader_count(lock, lock->domain->slot);
  uint32_t tag = (lock->domain->generation & WASM_SHM_GENERATION_BITS) << 10;
  uint32_t found = atomic_load(word);
  uint32_t count = (found & ~WASM_SHM_COUNT) == tag ? found & WASM_SHM_COUNT : 0u;
  if (count == (change > 0 ? WASM_SHM_COUNT : 0u)) return 0;
  atomic_store(word, tag | (count + (uint32_t)change));
  return 1;
}

/* 0 no writer, EOWNERDEAD one died inside, EAGAIN one lives, ENOTRECOVERABLE, EPROTO. */
static inline int wasm_shm_look_for_writer(const wasm_shm_rwlock* lock) {
  uint32_t writer = atomic_load(lock->words + WASM_SHM_STATE);
  uint32_t owner = writer & WASM_SHM_ID_BITS;
  int lives;
  if (writer == 0u) return 0;
  if (writer == WASM_SHM_NOT_RECOVERABLE) return ENOTRECOVERABLE;
  lives = owner == 0u ? 0 : wasm_shm_lives(lock->domain, owner);
  if (lives != 0) return lives < 0 ? EPROTO : EAGAIN;
  return (writer & (WASM_SHM_PENDING | WASM_SHM_INCONSISTENT)) == WASM_SHM_PENDING ? 0 : EOWNERDEAD;
}

/* Looks before it counts itself: two sleepers that count and go would wake each other for ever. */
static inline int wasm_shm_read_attempt(void* object) {
  wasm_shm_rwlock* lock = (wasm_shm_rwlock*)object;
  int result = wasm_shm_look_for_writer(lock);
  if (result != 0 && result != EOWNERDEAD) return result;
  if (!wasm_shm_count_reader(lock, 1)) return EAGAIN;
  result = wasm_shm_look_for_writer(lock);
  if (result == 0 || result == EOWNERDEAD) return result;
  wasm_shm_count_reader(lock, -1);
  wasm_shm_ring(lock->domain, lock->words + WASM_SHM_SLEEPERS); /* a writer may have seen it */
  return result;
}

static inline int wasm_shm_read_try(wasm_shm_rwlock* lock) {
  int result = wasm_shm_check(lock->domain);
  if (result == 0) result = wasm_shm_read_attempt(lock);
  return result == EAGAIN ? EBUSY : result;
}

static inline int wasm_shm_is_reading(wasm_shm_rwlock* lock) {
  uint32_t slot = lock->domain->slot, own = atomic_load(wasm_shm_reader_count(lock, slot));
  return (own & WASM_SHM_COUNT) != 0u && wasm_shm_id(slot, own >> 10) == lock->domain->id;
}

/** EOWNERDEAD: held, but a writer died inside, and only a writer can repair what it left. EDEADLK
 * also if this participant reads, and a writer waits for that. */
static inline int wasm_shm_read_lock(wasm_shm_rwlock* lock, const struct timespec* until) {
  uint32_t writer;
  int result = wasm_shm_read_try(lock);
  if (result != EBUSY) return result;
  writer = atomic_load(lock->words + WASM_SHM_STATE) & WASM_SHM_ID_BITS;
  if (writer == lock->domain->id ||
      (wasm_shm_is_reading(lock) && wasm_shm_lives(lock->domain, writer) > 0))
    return EDEADLK;
  return wasm_shm_wait(lock->domain, lock->words + WASM_SHM_SLEEPERS, wasm_shm_read_attempt, lock,
                       until);
}

static inline int wasm_shm_read_unlock(wasm_shm_rwlock* lock) {
  int error = wasm_shm_check(lock->domain);
  if (error != 0) return error;
  if (!wasm_shm_count_reader(lock, -1)) return EPERM;
  if (atomic_load(lock->words + WASM_SHM_STATE) != 0u)
    wasm_shm_ring(lock->domain, lock->words + WASM_SHM_SLEEPERS);
  return 0;
}

static inline int wasm_shm_write_take(wasm_shm_rwlock* lock, int sleeps) {
  wasm_shm_domain* domain = lock->domain;
  wasm_shm_word* word = lock->words + WASM_SHM_STATE;
  uint32_t asked = domain->id | WASM_SHM_PENDING, found = atomic_load(word), slot;
  int tries;
  if ((found & (WASM_SHM_ID_BITS | WASM_SHM_PENDING)) != asked) {
    int taken = wasm_shm_take(domain, word, asked, sleeps);
    if (taken != 0 && taken != EOWNERDEAD) return taken;
  }
  for (slot = 0; slot < domain->slots; slot++) {
    uint32_t reader = atomic_load(wasm_shm_reader_count(lock, slot));
    if ((reader & WASM_SHM_COUNT) != 0u && wasm_shm_lives(domain, wasm_shm_id(slot, reader >> 10)))
      return EAGAIN;
  }
  found = atomic_load(word);
  for (tries = 0; tries < WASM_SHM_TRIES; tries++) {
    if ((found & (WASM_SHM_ID_BITS | WASM_SHM_PENDING)) != asked) return EPROTO;
    if (atomic_compare_exchange_strong(word, &found, found & ~WASM_SHM_PENDING))
      return (found & WASM_SHM_INCONSISTENT) != 0u ? EOWNERDEAD : 0;
  }
  return EPROTO;
}

static inline int wasm_shm_write_attempt(void* object) {
  return wasm_shm_write_take((wasm_shm_rwlock*)object, 1);
}

/* Asks no more. What was not repaired stays so. */
static inline void wasm_shm_write_cancel(wasm_shm_rwlock* lock) {
  wasm_shm_word* word = lock->words + WASM_SHM_STATE;
  uint32_t found = atomic_load(word);
  int tries;
  for (tries = 0; tries < WASM_SHM_TRIES; tries++) {
    if ((found & (WASM_SHM_ID_BITS | WASM_SHM_PENDING)) != (lock->domain->id | WASM_SHM_PENDING))
      return;
    if (atomic_compare_exchange_strong(word, &found, found & WASM_SHM_INCONSISTENT)) break;
  }
  wasm_shm_ring(lock->domain, lock->words + WASM_SHM_SLEEPERS);
}

static inline int wasm_shm_write_try(wasm_shm_rwlock* lock) {
  int result = wasm_shm_check(lock->domain);
  if (result != 0) return result;
  result = wasm_shm_write_take(lock, 0);
  if (result == EAGAIN) wasm_shm_write_cancel(lock);
  return result == EAGAIN ? EBUSY : result;
}

static inline int wasm_shm_write_lock(wasm_shm_rwlock* lock, const struct timespec* until) {
  wasm_shm_domain* domain = lock->domain;
  int result = wasm_shm_check(domain);
  if (result != 0) return result;
  if ((atomic_load(lock->words + WASM_SHM_STATE) & WASM_SHM_ID_BITS) == domain->id ||
      wasm_shm_is_reading(lock))
    return EDEADLK;
  result =
      wasm_shm_wait(domain, lock->words + WASM_SHM_SLEEPERS, wasm_shm_write_attempt, lock, until);
  if (result != 0 && result != EOWNERDEAD) wasm_shm_write_cancel(lock);
  return result;
}

static inline int wasm_shm_write_repaired(wasm_shm_rwlock* lock) {
  return wasm_shm_owner_repaired(lock->domain, lock->words);
}

static inline int wasm_shm_write_unlock(wasm_shm_rwlock* lock) {
  return wasm_shm_owner_unlock(lock->domain, lock->words, 1);
}

#endif /* WASM_SHM_RWLOCK_H */
