/* wasm-shm's seqlocks, for C11 and Linux: a value with readers that never wait. docs/protocol.md.
 * SPDX-License-Identifier: MIT */
#ifndef WASM_SHM_SEQLOCK_H
#define WASM_SHM_SEQLOCK_H

#include "lock.h"

typedef struct {
  wasm_shm_domain* domain;
  wasm_shm_word* words;
  uint32_t bytes, copies;
  const void* value; /* what a write that is under way stores */
} wasm_shm_seqlock;

/** @param copies 2, 4, 8 or 16; like `bytes` the same for every participant */
static inline int wasm_shm_seqlock_open(wasm_shm_seqlock* lock, wasm_shm_domain* domain,
                                        size_t offset, uint32_t bytes, uint32_t copies) {
  lock->domain = domain;
  lock->bytes = bytes;
  lock->copies = copies;
  if (bytes < 1u || bytes > 1u << 24) return EINVAL;
  if (copies != 2u && copies != 4u && copies != 8u && copies != 16u) return EINVAL;
  return wasm_shm_open(domain, 0x57530107u, offset,
                       WASM_SHM_LINE + copies * wasm_shm_round_line(bytes), bytes, copies,
                       &lock->words);
}

static inline wasm_shm_word* wasm_shm_copy(const wasm_shm_seqlock* lock, uint32_t sequence) {
  size_t words = wasm_shm_round_line(lock->bytes) / 4u;
  return lock->words + WASM_SHM_LINE / 4u + sequence % lock->copies * words;
}

/** Copies the last value that was written whole. EAGAIN: it was overwritten during each of 1000
 * reads, fewer of more than 64 KiB. */
static inline int wasm_shm_seqlock_read(const wasm_shm_seqlock* lock, void* value) {
  wasm_shm_word* begun = lock->words + WASM_SHM_STATE + 1;
  uint32_t tries, most;
  int error = wasm_shm_check(lock->domain);
  if (error != 0) return error;
  most = (1u << 26) / lock->bytes; /* 64 MiB in all, and 16 reads at least */
  most = most < 16u ? 16u : most > WASM_SHM_TRIES ? WASM_SHM_TRIES : most;
  for (tries = 0; tries < most; tries++) {
    uint32_t done = atomic_load(lock->words + WASM_SHM_STATE), at;
    wasm_shm_word* from = wasm_shm_copy(lock, done);
    if (atomic_load(begun) - done >= lock->copies) continue;
    for (at = 0; at < lock->bytes; at += 4u) {
      uint32_t word = atomic_load_explicit(from + at / 4u, memory_order_relaxed);
      memcpy((unsigned char*)value + at, &word, lock->bytes - at < 4u ? lock->bytes - at : 4u);
    }
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load(begun) - done < lock->copies) return 0;
  }
  return EAGAIN;
}

static inline int wasm_shm_seqlock_attempt(void* object) {
  wasm_shm_seqlock* lock = (wasm_shm_seqlock*)object;
  wasm_shm_word* writer = lock->words + WASM_SHM_STATE + 2;
  uint32_t next, at, before;
  wasm_shm_word* to;
  int taken = wasm_shm_take(lock->domain, writer, lock->domain->id, 1);
  if (taken == ENOTRECOVERABLE) return EPROTO;
  if (taken != 0 && taken != EOWNERDEAD) return taken; /* a dead writer leaves nothing to repair */
  next = atomic_load(lock->words + WASM_SHM_STATE) + 1u;
  atomic_store(lock->words + WASM_SHM_STATE + 1, next);
  atomic_thread_fence(memory_order_seq_cst);
  to = wasm_shm_copy(lock, next);
  for (at = 0; at < lock->bytes; at += 4u) {
    uint32_t word = 0;
    memcpy(&word, (const unsigned char*)lock->value + at,
           lock->bytes - at < 4u ? lock->bytes - at : 4u);
    atomic_store_explicit(to + at / 4u, word, memory_order_relaxed);
  }
  atomic_store(lock->words + WASM_SHM_STATE, next);
  before = atomic_exchange(writer, 0u);
  if ((before & WASM_SHM_CONTENDED) != 0u)
    wasm_shm_ring(lock->domain, lock->words + WASM_SHM_SLEEPERS);
  return (before & WASM_SHM_ID_BITS) == lock->domain->id ? 0 : EPROTO;
}

/** Writes the value, after a write of another participant that is under way. */
static inline int wasm_shm_seqlock_write(wasm_shm_seqlock* lock, const void* value,
                                         const struct timespec* until) {
  lock->value = value;
  return wasm_shm_wait(lock->domain, lock->words + WASM_SHM_SLEEPERS, wasm_shm_seqlock_attempt,
                       lock, until);
}

#endif /* WASM_SHM_SEQLOCK_H */
