/* wasm-shm's mutexes, for C11 and Linux. Results: lock.h.
 * SPDX-License-Identifier: MIT */
#ifndef WASM_SHM_MUTEX_H
#define WASM_SHM_MUTEX_H

#include "wait.h"

#define WASM_SHM_CONTENDED 0x80u
#define WASM_SHM_INCONSISTENT 0x40000000u
#define WASM_SHM_PENDING 0x80000000u
#define WASM_SHM_NOT_RECOVERABLE 0x7fu
#define WASM_SHM_TRIES 1000
#define WASM_SHM_COUNT                                                       \
  1023u /* the bits of a slot's own word that count; its generation is above \
         */

static inline size_t wasm_shm_round_line(size_t bytes) {
  return (bytes + WASM_SHM_LINE - 1u) / WASM_SHM_LINE * WASM_SHM_LINE;
}

/* ---- Owner words: src/sync/ownerword.ts has the states. ---- */

/* 0 taken, EOWNERDEAD, EAGAIN another lives, ENOTRECOVERABLE, EPROTO. */
static inline int wasm_shm_take(const wasm_shm_domain* domain, wasm_shm_word* word, uint32_t mine,
                                int sleeps) {
  uint32_t found = 0;
  int tries;
  if (atomic_compare_exchange_strong(word, &found, mine)) return 0;
  for (tries = 0; tries < WASM_SHM_TRIES; tries++) {
    uint32_t owner = found & WASM_SHM_ID_BITS, next;
    int lives, whole;
    if (found == WASM_SHM_NOT_RECOVERABLE) return ENOTRECOVERABLE;
    lives = owner == 0u ? 0 : wasm_shm_lives(domain, owner);
    if (lives < 0) return EPROTO;
    if (lives && (!sleeps || (found & WASM_SHM_CONTENDED) != 0u)) return EAGAIN;
    whole = found == 0u || (found & (WASM_SHM_PENDING | WASM_SHM_INCONSISTENT)) == WASM_SHM_PENDING;
    next = lives ? found | WASM_SHM_CONTENDED : whole ? mine : mine | WASM_SHM_INCONSISTENT;
    if (!atomic_compare_exchange_strong(word, &found, next)) continue;
    return lives ? EAGAIN : whole ? 0 : EOWNERDEAD;
  }
  return EPROTO;
}

/* 0, 1 if participants sleep, or -1 if this participant does not own it. */
static inline int wasm_shm_replace(wasm_shm_word* word, uint32_t mine, uint32_t next) {
  uint32_t found = mine;
  if (atomic_compare_exchange_strong(word, &found, next)) return 0;
  if (found != (mine | WASM_SHM_CONTENDED)) return -1;
  return atomic_compare_exchange_strong(word, &found, next) ? 1 : -1;
}

/* A lock around a few stores that need no repair: src/sync/shortlock.ts. 0, EAGAIN or EPROTO. */
static inline int wasm_shm_lock_shortly(const wasm_shm_domain* domain, wasm_shm_word* word) {
  int tries, result;
  for (tries = 0;; tries++) { /* held for less than a microsecond, unless its holder is paused */
    result = wasm_shm_take(domain, word, domain->id, tries > WASM_SHM_TRIES / 2);
    if (result == EOWNERDEAD) return 0;
    if (result != EAGAIN) return result == 0 ? 0 : EPROTO;
    if (tries > WASM_SHM_TRIES / 2) return EAGAIN;
  }
}

/* Whether participants sleep until it is free, so that the caller must ring. */
static inline int wasm_shm_unlock_shortly(wasm_shm_word* word) {
  return (atomic_exchange(word, 0u) & WASM_SHM_CONTENDED) != 0u;
}

/* ---- Mutex: 64 bytes. ---- */

typedef struct {
  wasm_shm_domain* domain;
  wasm_shm_word* words;
} wasm_shm_mutex;

static inline int wasm_shm_mutex_open(wasm_shm_mutex* mutex, wasm_shm_domain* domain,
                                      size_t offset) {
  mutex->domain = domain;
  return wasm_shm_open(domain, 0x57530101u, offset, WASM_SHM_LINE, 0, 0, &mutex->words);
}

static inline int wasm_shm_mutex_attempt(void* object) {
  wasm_shm_mutex* mutex = (wasm_shm_mutex*)object;
  return wasm_shm_take(mutex->domain, mutex->words + WASM_SHM_STATE, mutex->domain->id, 1);
}

static inline int wasm_shm_mutex_try(wasm_shm_mutex* mutex) {
  int result = wasm_shm_check(mutex->domain);
  if (result == 0)
    result = wasm_shm_take(mutex->domain, mutex->words + WASM_SHM_STATE, mutex->domain->id, 0);
  return result == EAGAIN ? EBUSY : result;
}

static inline void wasm_shm_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __asm__ __volatile__("pause");
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

/* Looks for a while, and ever less often: a look takes the word's line from the owner. Two threads
 * that lock and unlock then take a quarter to a half of the time of glibc's mutex (x86-64).
 */
static inline int wasm_shm_mutex_soon(wasm_shm_mutex* mutex) {
  wasm_shm_word* word = mutex->words + WASM_SHM_STATE;
  struct timespec began;
  int result = EAGAIN, pauses = 4, at;
  clock_gettime(CLOCK_MONOTONIC, &began);
  do {
    for (at = 0; at < pauses; at++) wasm_shm_pause();
    if (pauses < 64) pauses *= 2;
    if ((atomic_load(word) & WASM_SHM_ID_BITS) == 0u)
      result = wasm_shm_take(mutex->domain, word, mutex->domain->id, 0);
  } while (result == EAGAIN && wasm_shm_ns_since(&began) < WASM_SHM_SPIN_NS);
  return result;
}

static inline int wasm_shm_mutex_lock(wasm_shm_mutex* mutex, const struct timespec* until) {
  int result = wasm_shm_mutex_try(mutex);
  if (result != EBUSY) return result;
  if ((atomic_load(mutex->words + WASM_SHM_STATE) & WASM_SHM_ID_BITS) == mutex->domain->id)
    return EDEADLK;
  result = wasm_shm_mutex_soon(mutex);
  if (result != EAGAIN) return result;
  return wasm_shm_wait_asleep(mutex->domain, mutex->words + WASM_SHM_SLEEPERS,
                              wasm_shm_mutex_attempt, mutex, until);
}

static inline int wasm_shm_owner_repaired(wasm_shm_domain* domain, wasm_shm_word* words) {
  int rings = wasm_shm_check(domain);
  if (rings != 0) return rings;
  rings = wasm_shm_replace(words + WASM_SHM_STATE, domain->id | WASM_SHM_INCONSISTENT, domain->id);
  if (rings > 0) wasm_shm_ring(domain, words + WASM_SHM_SLEEPERS);
  return rings < 0 ? EPERM : 0;
}

/** Says after EOWNERDEAD that what the mutex guards is whole again. */
static inline int wasm_shm_mutex_repaired(wasm_shm_mutex* mutex) {
  return wasm_shm_owner_repaired(mutex->domain, mutex->words);
}

/* An owner that should have repaired leaves the word for good. */
static inline int wasm_shm_owner_unlock(wasm_shm_domain* domain, wasm_shm_word* words, int always) {
  int rings = wasm_shm_check(domain);
  if (rings != 0) return rings;
  rings = wasm_shm_replace(words + WASM_SHM_STATE, domain->id, 0);
  if (rings < 0)
    rings = wasm_shm_replace(words + WASM_SHM_STATE, domain->id | WASM_SHM_INCONSISTENT,
                             WASM_SHM_NOT_RECOVERABLE);
  if (rings < 0) return EPERM;
  if (rings > 0 || always) wasm_shm_ring(domain, words + WASM_SHM_SLEEPERS);
  return 0;
}

static inline int wasm_shm_mutex_unlock(wasm_shm_mutex* mutex) {
  return wasm_shm_owner_unlock(mutex->domain, mutex->words, 0);
}

#endif /* WASM_SHM_MUTEX_H */
