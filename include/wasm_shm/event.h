/* wasm-shm's events and conditions, for C11 and Linux. Results: lock.h.
 * SPDX-License-Identifier: MIT */
#ifndef WASM_SHM_EVENT_H
#define WASM_SHM_EVENT_H

#include "mutex.h"

/* ---- Event: 64 bytes. Odd means set. ---- */

typedef struct {
  wasm_shm_domain* domain;
  wasm_shm_word* words;
  uint32_t seen;
} wasm_shm_event;

static inline int wasm_shm_event_open(wasm_shm_event* event, wasm_shm_domain* domain,
                                      size_t offset) {
  event->domain = domain;
  return wasm_shm_open(domain, 0x57530104u, offset, WASM_SHM_LINE, 0, 0, &event->words);
}

static inline int wasm_shm_event_change(wasm_shm_event* event, uint32_t wanted) {
  uint32_t found;
  int tries, error = wasm_shm_check(event->domain);
  if (error != 0) return error;
  found = atomic_load(event->words + WASM_SHM_STATE);
  for (tries = 0; tries < WASM_SHM_TRIES; tries++)
    if ((found & 1u) == wanted ||
        atomic_compare_exchange_strong(event->words + WASM_SHM_STATE, &found, found + 1u))
      return 0;
  return EPROTO;
}

static inline int wasm_shm_event_set(wasm_shm_event* event) {
  int result = wasm_shm_event_change(event, 1u);
  if (result == 0) wasm_shm_ring(event->domain, event->words + WASM_SHM_SLEEPERS);
  return result;
}

static inline int wasm_shm_event_reset(wasm_shm_event* event) {
  return wasm_shm_event_change(event, 0u);
}

static inline int wasm_shm_event_attempt(void* object) {
  wasm_shm_event* event = (wasm_shm_event*)object;
  uint32_t now = atomic_load(event->words + WASM_SHM_STATE);
  return (now & 1u) != 0u || now != event->seen ? 0 : EAGAIN;
}

/** Waits until it is set. A set with a reset right after it is not missed. */
static inline int wasm_shm_event_wait(wasm_shm_event* event, const struct timespec* until) {
  int error = wasm_shm_check(event->domain);
  if (error != 0) return error;
  event->seen = atomic_load(event->words + WASM_SHM_STATE);
  return wasm_shm_wait(event->domain, event->words + WASM_SHM_SLEEPERS, wasm_shm_event_attempt,
                       event, until);
}

/* ---- Condition: 64 bytes. ---- */

typedef struct {
  wasm_shm_domain* domain;
  wasm_shm_word* words;
  uint32_t seen;
} wasm_shm_condition;

static inline int wasm_shm_condition_open(wasm_shm_condition* condition, wasm_shm_domain* domain,
                                          size_t offset) {
  condition->domain = domain;
  return wasm_shm_open(domain, 0x57530105u, offset, WASM_SHM_LINE, 0, 0, &condition->words);
}

static inline int wasm_shm_notify_all(wasm_shm_condition* condition) {
  int error = wasm_shm_check(condition->domain);
  if (error != 0) return error;
  atomic_fetch_add(condition->words + WASM_SHM_STATE, 1u);
  wasm_shm_ring(condition->domain, condition->words + WASM_SHM_SLEEPERS);
  return 0;
}

static inline int wasm_shm_condition_attempt(void* object) {
  wasm_shm_condition* condition = (wasm_shm_condition*)object;
  return atomic_load(condition->words + WASM_SHM_STATE) != condition->seen ? 0 : EAGAIN;
}

/** Unlocks the mutex, waits for a notice, and locks it again. *locked is the result of that lock: 0
 * or EOWNERDEAD if the mutex is held. */
static inline int wasm_shm_condition_wait(wasm_shm_condition* condition, wasm_shm_mutex* mutex,
                                          const struct timespec* until, int* locked) {
  int result = wasm_shm_check(condition->domain);
  *locked = EPERM;
  if (result != 0) return result;
  condition->seen = atomic_load(condition->words + WASM_SHM_STATE);
  result = wasm_shm_mutex_unlock(mutex);
  if (result != 0) return result;
  result = wasm_shm_wait(condition->domain, condition->words + WASM_SHM_SLEEPERS,
                         wasm_shm_condition_attempt, condition, until);
  *locked = wasm_shm_mutex_lock(mutex, NULL);
  return result;
}

#endif /* WASM_SHM_EVENT_H */
