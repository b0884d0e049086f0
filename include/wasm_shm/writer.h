/* The writing end of wasm-shm's channels and topics, for C11 and Linux. Results: channel.h.
 * SPDX-License-Identifier: MIT */
#ifndef WASM_SHM_WRITER_H
#define WASM_SHM_WRITER_H

#include "ring.h"

/** Room for one message, in the channel itself. */
typedef struct {
  unsigned char* bytes; /* NULL once it is committed or abandoned */
  uint32_t length, position;
} wasm_shm_claim;

typedef struct {
  wasm_shm_channel* ring;
  uint32_t flags;
  uint32_t position, published; /* of shared writing: counts of commits and of those shown */
  uint32_t limit;               /* what must stay: the head, or the slowest subscriber */
  uint32_t number;              /* of a topic's next message */
  int is_open;                  /* from a successful open to the release */
  int has_claim;                /* of a single writer */
  uint32_t asked;               /* of the claim that is attempted */
  wasm_shm_claim* claim;
} wasm_shm_writer;

static inline wasm_shm_word* wasm_shm_writer_word(const wasm_shm_channel* ring) {
  return wasm_shm_end_word(ring, wasm_shm_shares_writing(ring), WASM_SHM_AT_WRITER,
                           WASM_SHM_AT_WRITER_TABLE);
}

/* ---- Subscriptions: an id and a position each. ---- */

/* The word of an entry, if a living participant is in it, else 0. */
static inline uint32_t wasm_shm_subscriber(const wasm_shm_topic* topic, uint32_t entry) {
  uint32_t found = atomic_load(topic->words + WASM_SHM_AT_ENTRIES + 16u * entry);
  return found != 0u && wasm_shm_lives(topic->domain, found & WASM_SHM_ID_BITS) > 0 ? found : 0u;
}

/* The oldest position that must stay. A position of another turn leaves no room: its subscriber is
 * about to correct it. */
static inline uint32_t wasm_shm_slowest(const wasm_shm_writer* writer) {
  const wasm_shm_topic* topic = writer->ring;
  uint32_t most = writer->position - writer->published, entry;
  for (entry = 0; topic->overrun != WASM_SHM_OVERWRITE && entry < topic->subscribers; entry++) {
    uint32_t found = wasm_shm_subscriber(topic, entry), behind;
    if (found == 0u || (found & WASM_SHM_JOINING) != 0u) continue;
    behind = writer->position - atomic_load(topic->words + WASM_SHM_AT_ENTRIES + 16u * entry + 1u);
    if (behind > topic->capacity) behind = topic->capacity;
    if (behind > most) most = behind;
  }
  return writer->position - most;
}

/* Tells that all up to a turn before `end` is being overwritten: before any of it is. */
static inline void wasm_shm_tell(const wasm_shm_writer* writer, uint32_t end) {
  const wasm_shm_topic* topic = writer->ring;
  uint32_t before = atomic_load(topic->words + WASM_SHM_AT_OLDEST), oldest, size;
  if (before % 8u != 0u || writer->position - before > topic->capacity) before = writer->position;
  for (oldest = before; end - oldest > topic->capacity && oldest != writer->position;) {
    size = wasm_shm_size_of(topic, wasm_shm_peek(wasm_shm_record(topic, oldest)), oldest,
                            writer->position - oldest);
    oldest = size == 0u ? writer->position : oldest + size;
  }
  if (oldest != before) atomic_store(topic->words + WASM_SHM_AT_OLDEST, oldest);
  atomic_store(topic->words + WASM_SHM_AT_INTENT, end);
  atomic_thread_fence(memory_order_seq_cst);
}

/* ---- Writing. ---- */

/** Shows readers what was committed; only WASM_SHM_MANUAL needs it. */
static inline int wasm_shm_publish(wasm_shm_writer* writer) {
  wasm_shm_channel* ring = writer->ring;
  int error = wasm_shm_check(ring->domain);
  if (error != 0 || writer->published == writer->position) return error;
  writer->published = writer->position;
  if (!wasm_shm_shares_writing(ring)) {
    if (ring->overrun != 0u) atomic_store(ring->words + WASM_SHM_AT_NUMBER, writer->number);
    atomic_store(ring->words + WASM_SHM_AT_TAIL, writer->position);
  }
  wasm_shm_ring_at(ring, WASM_SHM_AT_READERS);
  return 0;
}

/** Gives the end up: another writer may continue. Commit or abandon all claims before: a single
 * writer's claim is lost. Does nothing if the writer is not open. */
static inline int wasm_shm_writer_release(wasm_shm_writer* writer) {
  int error;
  if (!writer->is_open) return 0;
  error = wasm_shm_publish(writer);
  if (error != 0) return error;
  writer->is_open = writer->has_claim = 0;
  wasm_shm_swap(wasm_shm_writer_word(writer->ring), writer->ring->domain->id, 0);
  return 0;
}

/* Reads what must stay. */
static inline int wasm_shm_look_for_room(wasm_shm_writer* writer) {
  wasm_shm_channel* ring = writer->ring;
  writer->limit =
      ring->overrun != 0u ? wasm_shm_slowest(writer) : atomic_load(ring->words + WASM_SHM_AT_HEAD);
  if (ring->overrun != 0u) return 0;
  return writer->limit % 8u != 0u || writer->position - writer->limit > ring->capacity ? EPROTO : 0;
}

/** Takes the writing end. One participant has one writer of a ring. EBUSY: another has it. A struct
 * that is open is released first. */
static inline int wasm_shm_writer_open(wasm_shm_writer* writer, wasm_shm_channel* ring,
                                       uint32_t flags) {
  int error = wasm_shm_check(ring->domain), shares = wasm_shm_shares_writing(ring);
  memset(writer, 0, sizeof *writer);
  writer->ring = ring;
  writer->flags = flags;
  if (error == 0) error = wasm_shm_take_end(ring, shares, wasm_shm_writer_word(ring));
  writer->is_open = error == 0;
  if (error != 0 || shares) return error;
  writer->position = atomic_load(ring->words + WASM_SHM_AT_TAIL);
  writer->published = writer->position;
  writer->number = atomic_load(ring->words + WASM_SHM_AT_NUMBER);
  error = writer->position % 8u != 0u ? EPROTO : wasm_shm_look_for_room(writer);
  if (error != 0) wasm_shm_writer_release(writer);
  return error;
}

static inline int wasm_shm_is_closed(const wasm_shm_channel* ring) {
  return atomic_load(ring->words + WASM_SHM_AT_CLOSED) != 0u;
}

/* Bytes that a record takes at a position, with the padding before it. */
static inline uint32_t wasm_shm_size_at(const wasm_shm_channel* ring, uint32_t position,
                                        uint32_t need) {
  uint32_t to_end = wasm_shm_to_end(ring, position);
  return need <= to_end ? need : to_end + need;
}

/* Marks the bytes before the ring's end as padding, if the record does not fit there. */
static inline void wasm_shm_place(wasm_shm_writer* writer, uint32_t position, uint32_t need) {
  wasm_shm_channel* ring = writer->ring;
  uint32_t to_end = wasm_shm_to_end(ring, position);
  if (need > to_end) {
    wasm_shm_put(wasm_shm_record(ring, position), to_end | WASM_SHM_PADDING);
    position += to_end;
  }
  writer->claim->position = position;
  writer->claim->length = writer->asked;
  writer->claim->bytes = (unsigned char*)(void*)(wasm_shm_record(ring, position) + 2);
}

static inline int wasm_shm_full(const wasm_shm_writer* writer) {
  return writer->ring->overrun == 0u && (writer->flags & WASM_SHM_PATIENT) == 0u &&
                 wasm_shm_readers(writer->ring) == WASM_SHM_DEAD
             ? EOWNERDEAD
             : EAGAIN;
}

/* The only writer. Nothing of this is seen before the tail is stored. */
static inline int wasm_shm_claim_alone(wasm_shm_writer* writer) {
  wasm_shm_channel* ring = writer->ring;
  uint32_t need = wasm_shm_record_bytes(writer->asked);
  uint32_t total = wasm_shm_size_at(ring, writer->position, need);
  int looks, error;
  if (wasm_shm_is_closed(ring)) return EPIPE;
  if (writer->has_claim) return EDEADLK;
  for (looks = 0; writer->position - writer->limit + total > ring->capacity; looks++) {
    if (looks == 2) return wasm_shm_full(writer);
    if (looks == 1) wasm_shm_publish(writer); /* room is made only by what readers see */
    error = wasm_shm_look_for_room(writer);
    if (error != 0) return error;
  }
  if (ring->overrun != 0u) wasm_shm_tell(writer, writer->position + total);
  wasm_shm_place(writer, writer->position, need);
  writer->has_claim = 1;
  return 0;
}

/* Under the producers' lock: seen only once the tail is stored. */
static inline int wasm_shm_claim_locked(wasm_shm_writer* writer) {
  wasm_shm_channel* ring = writer->ring;
  uint32_t tail = atomic_load(ring->words + WASM_SHM_AT_TAIL);
  uint32_t head = atomic_load(ring->words + WASM_SHM_AT_HEAD);
  uint32_t need = wasm_shm_record_bytes(writer->asked);
  wasm_shm_word* record;
  if (tail % 8u != 0u || head % 8u != 0u || tail - head > ring->capacity) return EPROTO;
  if (wasm_shm_is_closed(ring)) return EPIPE;
  if (tail - head + wasm_shm_size_at(ring, tail, need) > ring->capacity) return EAGAIN;
  wasm_shm_place(writer, tail, need);
  record = wasm_shm_record(ring, writer->claim->position);
  wasm_shm_put(record, writer->asked);
  atomic_store(record + 1, ring->domain->id);
  atomic_store(ring->words + WASM_SHM_AT_TAIL, writer->claim->position + need);
  return 0;
}

/** Gives the room back, without a message. */
static inline int wasm_shm_abandon(wasm_shm_writer* writer, wasm_shm_claim* claim) {
  wasm_shm_channel* ring = writer->ring;
  int error = wasm_shm_check(ring->domain);
  if (error != 0) return error;
  if (claim->bytes == NULL) return EPERM;
  claim->bytes = NULL;
  writer->has_claim = 0;
  if (!wasm_shm_shares_writing(ring)) return 0;
  if (!wasm_shm_swap(wasm_shm_record(ring, claim->position) + 1, ring->domain->id,
                     WASM_SHM_ABANDONED))
    return EPROTO;
  atomic_fetch_add(ring->words + WASM_SHM_AT_ABANDONED, 1u);
  wasm_shm_ring_at(ring, WASM_SHM_AT_READERS);
  return 0;
}

static inline int wasm_shm_claim_shared(wasm_shm_writer* writer) {
  wasm_shm_channel* ring = writer->ring;
  wasm_shm_word* lock = ring->words + WASM_SHM_AT_PRODUCERS;
  int result = wasm_shm_lock_shortly(ring->domain, lock);
  if (result != 0) return result;
  result = wasm_shm_claim_locked(writer);
  if (wasm_shm_unlock_shortly(lock)) wasm_shm_ring_at(ring, WASM_SHM_AT_WRITERS);
  if (result == EAGAIN) wasm_shm_publish(writer);
  if (result == EAGAIN) return wasm_shm_full(writer);
  /* A close before the tail was stored: readers may have ended already. */
  if (result == 0 && wasm_shm_is_closed(ring)) {
    wasm_shm_abandon(writer, writer->claim);
    return EPIPE;
  }
  return result;
}

static inline int wasm_shm_claim_attempt(void* object) {
  wasm_shm_writer* writer = (wasm_shm_writer*)object;
  return wasm_shm_shares_writing(writer->ring) ? wasm_shm_claim_shared(writer)
                                               : wasm_shm_claim_alone(writer);
}

/** Room for `length` bytes, which the caller fills. A single writer has one claim at a time. */
static inline int wasm_shm_claim_room(wasm_shm_writer* writer, wasm_shm_claim* claim,
                                      uint32_t length, const struct timespec* until) {
  claim->bytes = NULL;
  if (!writer->is_open) return EPERM;
  if (length > wasm_shm_largest(writer->ring)) return EMSGSIZE;
  writer->claim = claim;
  writer->asked = length;
  return wasm_shm_wait_or_try(writer->ring, WASM_SHM_AT_WRITERS, wasm_shm_claim_attempt, writer,
                              until);
}

/** Makes the first `length` bytes of a claim a message. */
static inline int wasm_shm_commit(wasm_shm_writer* writer, wasm_shm_claim* claim, uint32_t length) {
  wasm_shm_channel* ring = writer->ring;
  wasm_shm_word* record = wasm_shm_record(ring, claim->position);
  uint32_t need = wasm_shm_record_bytes(length), had = wasm_shm_record_bytes(claim->length);
  int error = wasm_shm_check(ring->domain);
  if (error != 0) return error;
  /* After a release the tail is another writer's. */
  if (claim->bytes == NULL || (!wasm_shm_shares_writing(ring) && !writer->has_claim)) return EPERM;
  if (length > claim->length) return EINVAL;
  claim->bytes = NULL;
  if (!wasm_shm_shares_writing(ring)) {
    wasm_shm_put(record, length);
    if (ring->overrun != 0u) wasm_shm_put(record + 1, writer->number++);
    writer->position = claim->position + need;
    writer->has_claim = 0;
  } else {
    /* First what is left over becomes padding, then the length is stored that makes it so. */
    if (need < had) wasm_shm_put(record + need / 4u, (had - need) | WASM_SHM_PADDING);
    if (length != claim->length) atomic_store(record, length);
    if (!wasm_shm_swap(record + 1, ring->domain->id, WASM_SHM_COMMITTED)) return EPROTO;
    writer->position++;
  }
  return (writer->flags & WASM_SHM_MANUAL) != 0u ? 0 : wasm_shm_publish(writer);
}

/** Writes a message. ENOBUFS: a topic that drops has no room, and counted it. */
static inline int wasm_shm_write(wasm_shm_writer* writer, const void* bytes, uint32_t length,
                                 const struct timespec* until) {
  wasm_shm_channel* ring = writer->ring;
  int drops = ring->overrun == WASM_SHM_DROP;
  wasm_shm_claim claim;
  int result = wasm_shm_claim_room(writer, &claim, length, drops ? WASM_SHM_TRY : until);
  if (drops && result == EBUSY) {
    writer->number++;
    atomic_fetch_add(ring->words + WASM_SHM_AT_LOST, 1u);
    if (writer->published == writer->position)
      atomic_store(ring->words + WASM_SHM_AT_NUMBER, writer->number);
    return ENOBUFS;
  }
  if (result != 0) return result;
  if (length != 0u) memcpy(claim.bytes, bytes, length);
  return wasm_shm_commit(writer, &claim, length);
}

#endif /* WASM_SHM_WRITER_H */
