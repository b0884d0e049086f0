/* One of several readers of a wasm-shm channel, for C11 and Linux. Results: channel.h.
 * SPDX-License-Identifier: MIT */
#ifndef WASM_SHM_CONSUMERS_H
#define WASM_SHM_CONSUMERS_H

#include "reader.h"

static inline int wasm_shm_is_passable(uint32_t state) {
  return state == WASM_SHM_DONE || state == WASM_SHM_ABANDONED;
}

/* TAKEN and an id. The other states have bit 31. */
static inline int wasm_shm_is_taken(uint32_t state) {
  return (state & (WASM_SHM_TAKEN | WASM_SHM_PADDING)) == WASM_SHM_TAKEN;
}

/* Moves the head over all that is done. A reader that finishes the message at the head looks at the
 * head after that, and this looks at the message after it stored the head: one sees the other. */
static inline int wasm_shm_advance(wasm_shm_channel* ring, uint32_t* head, uint32_t* taken) {
  uint32_t before = atomic_load(ring->words + WASM_SHM_AT_HEAD), position = before, size;
  uint32_t used = atomic_load(ring->words + WASM_SHM_AT_TAIL) - before;
  *head = before;
  *taken = atomic_load(ring->words + WASM_SHM_AT_TAKEN);
  if (before % 8u != 0u || used % 8u != 0u || used > ring->capacity || *taken % 8u != 0u ||
      *taken - before > used)
    return EPROTO;
  for (;; position += size) {
    wasm_shm_word* record = wasm_shm_record(ring, position);
    uint32_t header = atomic_load(record);
    int blocks = position == *taken || ((header & WASM_SHM_PADDING) == 0u &&
                                        !wasm_shm_is_passable(atomic_load(record + 1)));
    if (blocks && position == *head) break;
    if (blocks) atomic_store(ring->words + WASM_SHM_AT_HEAD, *head = position);
    size = blocks ? 0u : wasm_shm_size_of(ring, header, position, *taken - position);
    if (!blocks && size == 0u) return EPROTO;
  }
  if (*head == before) return 0;
  wasm_shm_ring_at(ring, WASM_SHM_AT_WRITERS);
  if (wasm_shm_is_closed(ring) && *head == atomic_load(ring->words + WASM_SHM_AT_TAIL))
    wasm_shm_ring_at(ring, WASM_SHM_AT_READERS);
  return 0;
}

/* Frees the lock. Those that found it taken may have released messages, so it moves the head for
 * them: then it returns -1, as what the caller saw before may have changed. */
static inline int wasm_shm_unlock_consumers(wasm_shm_channel* ring) {
  wasm_shm_word* lock = ring->words + WASM_SHM_AT_CONSUMERS;
  uint32_t head, taken;
  int tries, result = 0;
  for (tries = 0; wasm_shm_unlock_shortly(lock) && result <= 0; tries++) {
    wasm_shm_ring_at(ring, WASM_SHM_AT_READERS);
    if (tries == WASM_SHM_TRIES || wasm_shm_lock_shortly(ring->domain, lock) != 0) return result;
    result = wasm_shm_advance(ring, &head, &taken);
    if (result == 0) result = -1;
  }
  return result;
}

/* A message of a reader that was killed: takes it, or drops it (EAGAIN). EAGAIN also if the reader
 * finished it after the look at its state. */
static inline int wasm_shm_redeliver(wasm_shm_reader* reader, uint32_t position, uint32_t state,
                                     uint32_t length) {
  wasm_shm_channel* ring = reader->ring;
  uint32_t next = ring->redelivers ? WASM_SHM_TAKEN | ring->domain->id : WASM_SHM_DONE;
  wasm_shm_word* word = wasm_shm_record(ring, position) + 1;
  if (!wasm_shm_swap(word, state, next))
    return atomic_load(word) == WASM_SHM_DONE ? EAGAIN : EPROTO;
  atomic_fetch_add(ring->words + (ring->redelivers ? WASM_SHM_AT_REDELIVERED : WASM_SHM_AT_DROPPED),
                   1u);
  return ring->redelivers ? wasm_shm_got(reader, position, length, position, 1) : EAGAIN;
}

/* A message whose reader was killed, among the first `most` of those taken; EAGAIN: none. */
static inline int wasm_shm_take_from_dead(wasm_shm_reader* reader, uint32_t position,
                                          uint32_t taken, uint32_t most) {
  wasm_shm_channel* ring = reader->ring;
  uint32_t size;
  for (; position != taken && most != 0u; most--, position += size) {
    wasm_shm_word* record = wasm_shm_record(ring, position);
    uint32_t header = atomic_load(record), state = atomic_load(record + 1);
    size = wasm_shm_size_of(ring, header, position, taken - position);
    if (size == 0u) return EPROTO;
    if ((header & WASM_SHM_PADDING) == 0u && wasm_shm_is_taken(state)) {
      int lives = wasm_shm_claimant(reader, state & ~WASM_SHM_TAKEN), result;
      if (lives < 0) return EPROTO;
      result = lives ? EAGAIN : wasm_shm_redeliver(reader, position, state, header);
      if (result != EAGAIN) return result;
    }
  }
  return EAGAIN;
}

/* The next message that nobody has taken; EAGAIN: none. */
static inline int wasm_shm_take_next(wasm_shm_reader* reader, uint32_t head, uint32_t taken) {
  wasm_shm_channel* ring = reader->ring;
  wasm_shm_word* end_of_taken = ring->words + WASM_SHM_AT_TAKEN;
  uint32_t position = taken, end = atomic_load(ring->words + WASM_SHM_AT_TAIL), looks = 0;
  if (end % 8u != 0u || end - head > ring->capacity || end - head < taken - head) return EPROTO;
  while (position != end) {
    wasm_shm_word* record = wasm_shm_record(ring, position);
    uint32_t header = atomic_load(record), state = atomic_load(record + 1), size;
    int is_padding = (header & WASM_SHM_PADDING) != 0u, lives;
    if (!is_padding) header = atomic_load(record); /* it may be shortened until it is committed */
    size = wasm_shm_size_of(ring, header, position, end - position);
    if (size == 0u || ((header & WASM_SHM_PADDING) != 0u) != is_padding || ++looks > 2u)
      return EPROTO;
    if (!is_padding && state == WASM_SHM_COMMITTED) {
      if (!wasm_shm_swap(record + 1, state, WASM_SHM_TAKEN | ring->domain->id)) return EPROTO;
      atomic_store(end_of_taken, position + size);
      return wasm_shm_got(reader, position, header, position, 0);
    }
    if (!is_padding && !wasm_shm_is_passable(state)) {
      lives = wasm_shm_claimant(reader, state & ~WASM_SHM_TAKEN);
      if (lives < 0 || (lives > 0 && wasm_shm_is_taken(state))) return EPROTO;
      if (lives > 0) break;
      if (wasm_shm_is_taken(state)) {
        /* Its taker was killed before it moved the end of what is taken: the lock is free. */
        int result = wasm_shm_redeliver(reader, position, state, header);
        if (result == EPROTO) return result;
        atomic_store(end_of_taken, position + size);
        if (result == 0) return 0;
      } else {
        if (wasm_shm_swap(record + 1, state, WASM_SHM_ABANDONED))
          atomic_fetch_add(ring->words + WASM_SHM_AT_ABANDONED, 1u);
        continue; /* the second look finds it settled */
      }
    }
    position += size;
    looks = 0;
  }
  if (position != taken) atomic_store(end_of_taken, position);
  return EAGAIN;
}

static inline int wasm_shm_take_locked(wasm_shm_reader* reader) {
  wasm_shm_channel* ring = reader->ring;
  uint32_t head, taken, tail;
  int closely, ending, result = wasm_shm_advance(ring, &head, &taken);
  /* The oldest message blocks the head, so a dead reader's is found even if there are always new
   * ones. */
  if (result == 0) result = wasm_shm_take_from_dead(reader, head, taken, 1);
  if (result == EAGAIN) result = wasm_shm_take_next(reader, head, taken);
  if (result != EAGAIN) return result;
  result = wasm_shm_advance(ring, &head, &taken); /* over what was skipped */
  if (result != 0) return result;
  closely = wasm_shm_looks_closely(reader);
  ending = wasm_shm_ending(reader, closely);
  if (ending == 0 && !closely) return EAGAIN;
  result = wasm_shm_take_from_dead(reader, head, taken, UINT32_MAX);
  if (result == EAGAIN && !ring->redelivers && wasm_shm_advance(ring, &head, &taken) != 0)
    return EPROTO; /* over what was dropped */
  tail = atomic_load(ring->words + WASM_SHM_AT_TAIL);
  if (result != EAGAIN || ending == 0 || taken != tail) return result;
  /* What others have taken may have to be delivered again, so nobody ends before it. */
  return ending == EOWNERDEAD ? ending : head == tail ? ENODATA : EAGAIN;
}

static inline int wasm_shm_take_shared(wasm_shm_reader* reader) {
  wasm_shm_channel* ring = reader->ring;
  int result, error, tries;
  if (reader->held_count == WASM_SHM_MOST_HELD) return EDEADLK;
  for (tries = 0; tries < WASM_SHM_TRIES; tries++) {
    result = wasm_shm_lock_shortly(ring->domain, ring->words + WASM_SHM_AT_CONSUMERS);
    if (result != 0) return result;
    result = wasm_shm_take_locked(reader);
    if (result == 0) reader->held[reader->held_count++] = reader->message->token;
    error = wasm_shm_unlock_consumers(ring);
    if (result != EAGAIN || error == 0) return result;
    if (error > 0) return error;
  }
  return EAGAIN;
}

/* Marks the message at a position as done, and moves the head if it is at one that is. */
static inline int wasm_shm_finish(wasm_shm_channel* ring, uint32_t position) {
  wasm_shm_word* lock = ring->words + WASM_SHM_AT_CONSUMERS;
  wasm_shm_word* record = wasm_shm_record(ring, position);
  uint32_t head, taken;
  int result, error;
  if (!wasm_shm_swap(record + 1, WASM_SHM_TAKEN | ring->domain->id, WASM_SHM_DONE)) return EPROTO;
  record = wasm_shm_record(ring, atomic_load(ring->words + WASM_SHM_AT_HEAD) & ~7u);
  if ((atomic_load(record) & WASM_SHM_PADDING) == 0u &&
      !wasm_shm_is_passable(atomic_load(record + 1)))
    return 0;
  /* If another keeps the lock, it sees the mark, and moves the head in this reader's place. */
  result = wasm_shm_lock_shortly(ring->domain, lock);
  if (result != 0) return result == EAGAIN ? 0 : result;
  result = wasm_shm_advance(ring, &head, &taken);
  error = wasm_shm_unlock_consumers(ring);
  return result != 0 ? result : error > 0 ? error : 0;
}

#endif /* WASM_SHM_CONSUMERS_H */
