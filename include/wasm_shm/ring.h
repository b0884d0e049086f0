/* The bytes of wasm-shm's channels and topics, for C11 and Linux. Results: channel.h.
 * SPDX-License-Identifier: MIT */
#ifndef WASM_SHM_RING_H
#define WASM_SHM_RING_H

#include "mutex.h"

/* Words of a ring, counted from its first: docs/protocol.md. */
enum {
  WASM_SHM_AT_TAIL = 16,
  WASM_SHM_AT_WRITER = 17,
  WASM_SHM_AT_CLOSED = 18,
  WASM_SHM_AT_INTENT = 19, /* of a topic, as the three below */
  WASM_SHM_AT_OLDEST = 20,
  WASM_SHM_AT_NUMBER = 21,
  WASM_SHM_AT_LOST = 22,
  WASM_SHM_AT_HEAD = 32,
  WASM_SHM_AT_READER = 33,
  WASM_SHM_AT_LISTENS = 34,
  WASM_SHM_AT_READERS = 48,
  WASM_SHM_AT_WRITERS = 64,
  WASM_SHM_AT_ENTRIES = 80, /* of a topic: 16 words each */
  WASM_SHM_AT_PRODUCERS = 80,
  WASM_SHM_AT_CONSUMERS = 96,
  WASM_SHM_AT_TAKEN = 97,
  WASM_SHM_AT_ABANDONED = 98,
  WASM_SHM_AT_REDELIVERED = 99,
  WASM_SHM_AT_DROPPED = 100,
  WASM_SHM_AT_WRITER_TABLE = 112,
  WASM_SHM_AT_READER_TABLE = 176,
  WASM_SHM_AT_RECORDS = 240
};

/* The header of a record is its length and its state. Bit 31 of a length: bytes to skip. */
#define WASM_SHM_PADDING 0x80000000u
#define WASM_SHM_COMMITTED 0x80000000u
#define WASM_SHM_ABANDONED 0xc0000000u
#define WASM_SHM_DONE 0xa0000000u
#define WASM_SHM_TAKEN 0x40000000u
#define WASM_SHM_JOINING 0x40000000u

/** Modes of a channel. With DROPPING the messages of a killed reader are not delivered again. */
enum { WASM_SHM_SPSC = 1, WASM_SHM_MPSC = 2, WASM_SHM_MPMC = 3, WASM_SHM_DROPPING = 0x100 };
/** What a topic does about a slow subscriber. */
enum { WASM_SHM_BLOCK = 1, WASM_SHM_OVERWRITE = 2, WASM_SHM_DROP = 3 };
/** Flags of both ends: the death of the other side is a reason to wait for a successor; what is
 * committed is shown by wasm_shm_publish alone. */
enum { WASM_SHM_PATIENT = 1, WASM_SHM_MANUAL = 2 };

/** A channel or a topic as this participant has it. */
typedef struct {
  wasm_shm_domain* domain;
  wasm_shm_word* words;
  unsigned char* records;
  uint32_t capacity;
  uint32_t mode;                 /* of a channel; a topic has one writer */
  uint32_t overrun, subscribers; /* of a topic; a channel has 0 */
  int redelivers;
} wasm_shm_channel;
typedef wasm_shm_channel wasm_shm_topic;

/** As `until`: the call does not wait. It is EBUSY if it had to. */
#define WASM_SHM_TRY (&(const struct timespec){0, 0})

static inline int wasm_shm_is_try(const struct timespec* until) {
  return until != NULL && until->tv_sec == 0 && until->tv_nsec == 0;
}

static inline int wasm_shm_wait_or_try(wasm_shm_channel* ring, uint32_t mask,
                                       wasm_shm_attempt attempt, void* object,
                                       const struct timespec* until) {
  int result;
  if (!wasm_shm_is_try(until))
    return wasm_shm_wait(ring->domain, ring->words + mask, attempt, object, until);
  result = wasm_shm_check(ring->domain);
  if (result == 0) result = attempt(object);
  return result == EAGAIN ? EBUSY : result;
}

static inline void wasm_shm_ring_at(const wasm_shm_channel* ring, uint32_t mask) {
  wasm_shm_ring(ring->domain, ring->words + mask);
}

/** Bytes of the largest message. */
static inline uint32_t wasm_shm_largest(const wasm_shm_channel* ring) {
  return ring->capacity / 2u - 8u;
}

static inline uint32_t wasm_shm_record_bytes(uint32_t length) { return (length + 15u) & ~7u; }

static inline wasm_shm_word* wasm_shm_record(const wasm_shm_channel* ring, uint32_t position) {
  return (wasm_shm_word*)(void*)(ring->records + (position & (ring->capacity - 1u)));
}

static inline uint32_t wasm_shm_to_end(const wasm_shm_channel* ring, uint32_t position) {
  return ring->capacity - (position & (ring->capacity - 1u));
}

static inline uint32_t wasm_shm_peek(const wasm_shm_word* word) {
  return atomic_load_explicit((wasm_shm_word*)(uintptr_t)word, memory_order_relaxed);
}

static inline void wasm_shm_put(wasm_shm_word* word, uint32_t value) {
  atomic_store_explicit(word, value, memory_order_relaxed);
}

/* Bytes of the record or padding at a position, of which `available` are published; 0 if none can
 * be so long. */
static inline uint32_t wasm_shm_size_of(const wasm_shm_channel* ring, uint32_t header,
                                        uint32_t position, uint32_t available) {
  uint32_t to_end = wasm_shm_to_end(ring, position), length = header & ~WASM_SHM_PADDING;
  uint32_t most = available < to_end ? available : to_end;
  if ((header & WASM_SHM_PADDING) != 0u)
    return length < 8u || length > most || length % 8u != 0u ? 0u : length;
  return most < 8u || length > most - 8u ? 0u : wasm_shm_record_bytes(length);
}

/* ---- Who is at an end: one id, or a table with a word for each slot. ---- */

enum wasm_shm_end { WASM_SHM_SOMEBODY, WASM_SHM_NOBODY, WASM_SHM_DEAD };

static inline enum wasm_shm_end wasm_shm_look_at(const wasm_shm_channel* ring, uint32_t word,
                                                 uint32_t count) {
  enum wasm_shm_end end = WASM_SHM_NOBODY;
  uint32_t index;
  for (index = 0; index < count; index++) {
    uint32_t found = atomic_load(ring->words + word + index);
    if (found == 0u) continue;
    if (wasm_shm_lives(ring->domain, found) > 0) return WASM_SHM_SOMEBODY;
    end = WASM_SHM_DEAD;
  }
  return end;
}

static inline int wasm_shm_shares_writing(const wasm_shm_channel* ring) {
  return ring->mode != WASM_SHM_SPSC;
}
static inline int wasm_shm_shares_reading(const wasm_shm_channel* ring) {
  return ring->mode == WASM_SHM_MPMC;
}

static inline enum wasm_shm_end wasm_shm_writers(const wasm_shm_channel* ring) {
  return wasm_shm_shares_writing(ring)
             ? wasm_shm_look_at(ring, WASM_SHM_AT_WRITER_TABLE, ring->domain->slots)
             : wasm_shm_look_at(ring, WASM_SHM_AT_WRITER, 1);
}
static inline enum wasm_shm_end wasm_shm_readers(const wasm_shm_channel* ring) {
  return wasm_shm_shares_reading(ring)
             ? wasm_shm_look_at(ring, WASM_SHM_AT_READER_TABLE, ring->domain->slots)
             : wasm_shm_look_at(ring, WASM_SHM_AT_READER, 1);
}

static inline wasm_shm_word* wasm_shm_end_word(const wasm_shm_channel* ring, int shares,
                                               uint32_t one, uint32_t table) {
  return ring->words + (shares ? table + ring->domain->slot : one);
}

/* EBUSY: a living participant has the end, or this one has it already. In a table only this one
 * writes the word of its slot: another id there means nothing. */
static inline int wasm_shm_take_end(const wasm_shm_channel* ring, int shares, wasm_shm_word* word) {
  uint32_t found = atomic_load(word);
  if (found == ring->domain->id) return EBUSY;
  if (shares) {
    atomic_store(word, ring->domain->id);
    return 0;
  }
  if (found != 0u && wasm_shm_lives(ring->domain, found) > 0) return EBUSY;
  return atomic_compare_exchange_strong(word, &found, ring->domain->id) ? 0 : EBUSY;
}

/* ---- Opening. ---- */

static inline int wasm_shm_is_capacity(uint32_t capacity, uint32_t least) {
  return capacity >= least && capacity <= 1u << 30 && (capacity & (capacity - 1u)) == 0u;
}

/* Reads the arguments of the object at `offset`, if it is of that kind. */
static inline int wasm_shm_found(const wasm_shm_domain* domain, uint32_t kind, size_t offset,
                                 uint32_t* first, uint32_t* second) {
  const wasm_shm_word* words = (const wasm_shm_word*)(void*)(domain->window + offset);
  if (offset % WASM_SHM_LINE != 0 || domain->window_bytes < WASM_SHM_LINE ||
      offset > domain->window_bytes - WASM_SHM_LINE || atomic_load(words) != kind)
    return 0;
  *first = atomic_load(words + WASM_SHM_FIRST);
  *second = atomic_load(words + WASM_SHM_SECOND);
  return 1;
}

/** Ends it for all writers. Readers get what is there, and then ENODATA. */
static inline int wasm_shm_close(wasm_shm_channel* ring) {
  int error = wasm_shm_check(ring->domain);
  if (error != 0) return error;
  atomic_store(ring->words + WASM_SHM_AT_CLOSED, 1u);
  wasm_shm_ring_at(ring, WASM_SHM_AT_READERS);
  wasm_shm_ring_at(ring, WASM_SHM_AT_WRITERS);
  return 0;
}

#endif /* WASM_SHM_RING_H */
