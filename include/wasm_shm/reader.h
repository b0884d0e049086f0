/* The reading end of wasm-shm's channels and topics, for C11 and Linux. Results: channel.h.
 * SPDX-License-Identifier: MIT */
#ifndef WASM_SHM_READER_H
#define WASM_SHM_READER_H

#include "writer.h"

/** Most messages that a reader of several has at a time. */
#define WASM_SHM_MOST_HELD 64u

/** What was read. Its bytes are the channel's own until the reader's next read: a hostile writer
 * may change them, so copy before you check. */
typedef struct {
  const unsigned char* bytes;
  uint32_t length;
  uint32_t missed; /* of a topic: messages before it that this reader did not get */
  int redelivered; /* it was given to a reader before, which was killed */
  uint32_t token;
} wasm_shm_message;

typedef struct {
  wasm_shm_channel* ring;
  int is_open; /* from a successful open to the release */
  uint32_t flags;
  uint32_t place;      /* the word that says `stored` */
  uint32_t next, tail; /* end of what was taken, and the tail as it was last read */
  uint32_t released, stored;
  uint32_t looks;
  uint32_t expected;        /* number of a topic's next message, if it is known */
  int is_numbered, is_sure; /* sure: it has read up to there, not jumped to it */
  unsigned char* buffer;
  uint32_t held[WASM_SHM_MOST_HELD], held_count; /* of several readers */
  wasm_shm_message* message;
} wasm_shm_reader;

static inline void wasm_shm_store_position(wasm_shm_reader* reader) {
  if (reader->stored == reader->released) return;
  reader->stored = reader->released;
  atomic_store(reader->ring->words + reader->place, reader->stored);
  wasm_shm_ring_at(reader->ring, WASM_SHM_AT_WRITERS);
}

/* Writers get room in large pieces, or when there is nothing more to read. */
static inline void wasm_shm_release_to(wasm_shm_reader* reader, uint32_t position) {
  reader->released = position;
  if (position - reader->stored >= reader->ring->capacity / 4u) wasm_shm_store_position(reader);
}

/* If all before it was released, so is what is skipped. */
static inline void wasm_shm_skip(wasm_shm_reader* reader, uint32_t size) {
  uint32_t position = reader->next;
  reader->next += size;
  if (reader->released == position) wasm_shm_release_to(reader, reader->next);
}

static inline int wasm_shm_got(wasm_shm_reader* reader, uint32_t position, uint32_t length,
                               uint32_t token, int redelivered) {
  wasm_shm_message* message = reader->message;
  message->bytes = (const unsigned char*)(void*)(wasm_shm_record(reader->ring, position) + 2);
  message->length = length;
  message->missed = 0;
  message->redelivered = redelivered;
  message->token = token;
  return 0;
}

/* Whether this try looks at deaths and at all that others have taken, which takes longer than the
 * rest: before it sleeps, and once in 64 times. */
static inline int wasm_shm_looks_closely(wasm_shm_reader* reader) {
  const wasm_shm_domain* domain = reader->ring->domain;
  const wasm_shm_word* mask = reader->ring->words + WASM_SHM_AT_READERS;
  return (atomic_load(mask + domain->slot / 32u) >> domain->slot % 32u & 1u) != 0u ||
         ++reader->looks % 64u == 0u;
}

/* 0, or why nothing comes any more: the caller looks at the ring again after it. */
static inline int wasm_shm_ending(const wasm_shm_reader* reader, int closely) {
  if (wasm_shm_is_closed(reader->ring)) return ENODATA;
  if ((reader->flags & WASM_SHM_PATIENT) != 0u || !closely) return 0;
  return wasm_shm_writers(reader->ring) == WASM_SHM_DEAD ? EOWNERDEAD : 0;
}

/* 1 the id is of a living participant, 0 of a dead one, -1 of none. */
static inline int wasm_shm_claimant(const wasm_shm_reader* reader, uint32_t id) {
  return (id & ~WASM_SHM_ID_BITS) != 0u ? -1 : wasm_shm_lives(reader->ring->domain, id);
}

/* ---- A topic: the number of its message is the second word of a record. ---- */

static inline int wasm_shm_leads(const wasm_shm_topic* topic, uint32_t at, uint32_t position) {
  uint32_t size;
  for (; at != position; at += size) {
    size = wasm_shm_size_of(topic, wasm_shm_peek(wasm_shm_record(topic, at)), at, position - at);
    if (size == 0u) return 0;
  }
  return 1;
}

/* Whether the records from the oldest on lead to a position. If the writer moves the oldest
 * meanwhile, this looks again. */
static inline int wasm_shm_is_reached(const wasm_shm_topic* topic, uint32_t position) {
  int tries;
  for (tries = 0; tries < 16; tries++) {
    uint32_t oldest = atomic_load(topic->words + WASM_SHM_AT_OLDEST);
    uint32_t at = oldest % 8u != 0u ? position : oldest;
    if (position - at > topic->capacity) return 0;
    if (wasm_shm_leads(topic, at, position))
      return atomic_load(topic->words + WASM_SHM_AT_INTENT) - position <= topic->capacity;
    if (atomic_load(topic->words + WASM_SHM_AT_OLDEST) == oldest) return 0;
  }
  return 0;
}

/* Whether the writer has told that it overwrites the record. */
static inline int wasm_shm_is_lost(const wasm_shm_reader* reader) {
  const wasm_shm_topic* topic = reader->ring;
  return atomic_load(topic->words + WASM_SHM_AT_INTENT) - reader->next > topic->capacity;
}

/* Whether the record was overwritten before it was copied. Another number follows a writer that was
 * killed. */
static inline int wasm_shm_was_overwritten(const wasm_shm_reader* reader, int is_message,
                                           uint32_t number) {
  const wasm_shm_topic* topic = reader->ring;
  atomic_thread_fence(memory_order_seq_cst);
  if (wasm_shm_is_lost(reader)) return 1;
  return reader->is_sure && is_message && number != reader->expected &&
         !wasm_shm_is_reached(topic, reader->next);
}

/* -1: continue at the oldest record. */
static inline int wasm_shm_jump(wasm_shm_reader* reader) {
  uint32_t oldest = atomic_load(reader->ring->words + WASM_SHM_AT_OLDEST);
  if (oldest % 8u != 0u) return EPROTO;
  reader->next = reader->tail = reader->released = oldest;
  reader->is_sure = 0;
  return -1;
}

/* 0, EPROTO, or -1: what was at the position was not a message. */
static inline int wasm_shm_take_topic(wasm_shm_reader* reader) {
  wasm_shm_topic* topic = reader->ring;
  wasm_shm_word* record = wasm_shm_record(topic, reader->next);
  uint32_t position = reader->next, available = reader->tail - position;
  uint32_t header = wasm_shm_peek(record), number = wasm_shm_peek(record + 1);
  uint32_t size =
      available > topic->capacity ? 0u : wasm_shm_size_of(topic, header, position, available);
  int is_message = size != 0u && (header & WASM_SHM_PADDING) == 0u;
  if (is_message && header > wasm_shm_largest(topic)) is_message = 0, size = 0;
  if (topic->overrun == WASM_SHM_OVERWRITE) {
    if (wasm_shm_is_lost(reader)) return wasm_shm_jump(reader); /* without a copy */
    if (is_message) memcpy(reader->buffer, (void*)(record + 2), header);
    if (wasm_shm_was_overwritten(reader, is_message, number)) return wasm_shm_jump(reader);
  }
  if (size == 0u) return EPROTO;
  if (!is_message) {
    wasm_shm_skip(reader, size);
    return -1;
  }
  reader->next += size;
  wasm_shm_got(reader, position, header, reader->next, 0);
  if (topic->overrun == WASM_SHM_OVERWRITE) reader->message->bytes = reader->buffer;
  if (reader->is_numbered && (int32_t)(number - reader->expected) > 0)
    reader->message->missed = number - reader->expected;
  reader->expected = number + 1u;
  reader->is_numbered = reader->is_sure = 1;
  return 0;
}

/* ---- The only reader of a channel. With several writers it looks at the records' states. ---- */

/* The state of a record once its writer is done with it: COMMITTED or ABANDONED; else an errno. */
static inline uint32_t wasm_shm_settled(wasm_shm_reader* reader, wasm_shm_word* word) {
  uint32_t state = atomic_load(word);
  int lives;
  if (state == WASM_SHM_COMMITTED || state == WASM_SHM_ABANDONED) return state;
  lives = wasm_shm_claimant(reader, state);
  if (lives != 0) return lives > 0 ? EAGAIN : EPROTO;
  if (wasm_shm_swap(word, state, WASM_SHM_ABANDONED))
    atomic_fetch_add(reader->ring->words + WASM_SHM_AT_ABANDONED, 1u);
  state = atomic_load(word);
  return state == WASM_SHM_COMMITTED || state == WASM_SHM_ABANDONED ? state : EPROTO;
}

/* 0, EAGAIN, EPROTO, or -1: all that was published was skipped. */
static inline int wasm_shm_take_published(wasm_shm_reader* reader) {
  wasm_shm_channel* ring = reader->ring;
  while (reader->next != reader->tail) {
    uint32_t position = reader->next, size, state = WASM_SHM_COMMITTED;
    wasm_shm_word* record = wasm_shm_record(ring, position);
    uint32_t header = wasm_shm_peek(record);
    int is_padding = (header & WASM_SHM_PADDING) != 0u;
    if (!is_padding && wasm_shm_shares_writing(ring)) {
      state = wasm_shm_settled(reader, record + 1);
      if (state != WASM_SHM_COMMITTED && state != WASM_SHM_ABANDONED) return (int)state;
      header = wasm_shm_peek(record); /* a writer may shorten it until it commits */
      if ((header & WASM_SHM_PADDING) != 0u) return EPROTO;
    }
    size = wasm_shm_size_of(ring, header, position, reader->tail - position);
    if (size == 0u) return EPROTO;
    if (is_padding || state == WASM_SHM_ABANDONED) {
      wasm_shm_skip(reader, size);
      continue;
    }
    reader->next += size;
    return wasm_shm_got(reader, position, header, reader->next, 0);
  }
  return -1;
}

/* Reads the tail. An empty ring gives all its room back. EAGAIN: there is nothing new. */
static inline int wasm_shm_refresh(wasm_shm_reader* reader) {
  wasm_shm_channel* ring = reader->ring;
  uint32_t tail, used;
  wasm_shm_store_position(reader);
  tail = atomic_load(ring->words + WASM_SHM_AT_TAIL);
  used = tail - reader->stored;
  if (ring->overrun == 0u &&
      (tail % 8u != 0u || used > ring->capacity || used < reader->next - reader->stored))
    return EPROTO;
  reader->tail = tail;
  return tail == reader->next ? EAGAIN : 0;
}

static inline int wasm_shm_take_alone(wasm_shm_reader* reader) {
  int tries, result, ending;
  for (tries = 0; tries < WASM_SHM_TRIES; tries++) {
    result = reader->next != reader->tail ? 0 : wasm_shm_refresh(reader);
    if (result == EAGAIN) {
      ending = wasm_shm_ending(reader, wasm_shm_looks_closely(reader));
      if (ending == 0) return EAGAIN;
      result = wasm_shm_refresh(reader);
      if (result != 0) return result == EAGAIN ? ending : result;
    }
    if (result == 0)
      result = reader->ring->overrun != 0u ? wasm_shm_take_topic(reader)
                                           : wasm_shm_take_published(reader);
    if (result >= 0) return result;
  }
  return reader->ring->overrun != 0u ? ETIMEDOUT : EPROTO; /* overwritten at each try */
}

#endif /* WASM_SHM_READER_H */
