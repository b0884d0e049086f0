/* wasm-shm's channels for C11 and Linux: messages from some participants to others, each delivered
 * once. The same words as in JavaScript: docs/protocol.md. SPDX-License-Identifier: MIT
 *
 * Every participant opens a channel at the same offset of its window, then one end of it or both.
 * `until` is an absolute time of CLOCK_MONOTONIC, NULL for as long as it takes, or WASM_SHM_TRY.
 *
 *   0          done
 *   ENODATA    to a reader: it was closed, and all was read
 *   EPIPE      to a writer: it was closed
 *   EOWNERDEAD to a reader: it is empty, and its writer was killed; to a writer: it is full, and
 *              its reader was killed; WASM_SHM_PATIENT waits for a successor instead
 *   EBUSY      WASM_SHM_TRY, and nothing can be done now; of an open: a participant has that end
 *   EMSGSIZE   the message is longer than wasm_shm_largest
 *   EDEADLK    a single writer's claim before is still open
 *   ETIMEDOUT, EPERM, EPROTO, EINVAL as in lock.h and domain.h
 *
 * A writer that is killed loses what it had not committed, and a reader's messages that it had not
 * given back come again: to the next reader, or to another of several, with `redelivered`. */
#ifndef WASM_SHM_CHANNEL_H
#define WASM_SHM_CHANNEL_H

#include "consumers.h"

/** @param capacity bytes for messages: a power of two, 64 to 2^30; 0: what it was made with (a new
 * one gets 65536)
 * @param mode WASM_SHM_SPSC, _MPSC or _MPMC, perhaps | WASM_SHM_DROPPING; 0 as above (SPSC) */
static inline int wasm_shm_channel_open(wasm_shm_channel* channel, wasm_shm_domain* domain,
                                        size_t offset, uint32_t capacity, uint32_t mode) {
  uint32_t first = 65536u, second = WASM_SHM_SPSC;
  int error = wasm_shm_check(domain), there;
  if (error != 0) return error;
  there = wasm_shm_found(domain, 0x57530108u, offset, &first, &second);
  if (capacity == 0u) capacity = first;
  if (mode == 0u) mode = second;
  if (!wasm_shm_is_capacity(capacity, 64u) || (mode & ~(uint32_t)WASM_SHM_DROPPING) - 1u > 2u)
    return there && capacity == first && mode == second ? EPROTO : EINVAL;
  memset(channel, 0, sizeof *channel);
  channel->domain = domain;
  channel->capacity = capacity;
  channel->mode = mode & 3u;
  channel->redelivers = (mode & WASM_SHM_DROPPING) == 0u;
  error = wasm_shm_open(domain, 0x57530108u, offset, 4u * WASM_SHM_AT_RECORDS + (size_t)capacity,
                        capacity, mode, &channel->words);
  if (error == 0) channel->records = (unsigned char*)(void*)(channel->words + WASM_SHM_AT_RECORDS);
  return error;
}

static inline wasm_shm_word* wasm_shm_reader_word(const wasm_shm_channel* channel) {
  return wasm_shm_end_word(channel, wasm_shm_shares_reading(channel), WASM_SHM_AT_READER,
                           WASM_SHM_AT_READER_TABLE);
}

/** Takes the reading end of a channel: it begins where the last reader was. A struct that is open
 * is released first. */
static inline int wasm_shm_reader_open(wasm_shm_reader* reader, wasm_shm_channel* channel,
                                       uint32_t flags) {
  int error = wasm_shm_check(channel->domain);
  memset(reader, 0, sizeof *reader);
  reader->ring = channel;
  reader->flags = flags;
  reader->place = WASM_SHM_AT_HEAD;
  if (error == 0)
    error =
        wasm_shm_take_end(channel, wasm_shm_shares_reading(channel), wasm_shm_reader_word(channel));
  if (error != 0) return error;
  reader->next = atomic_load(channel->words + WASM_SHM_AT_HEAD);
  reader->tail = reader->released = reader->stored = reader->next;
  reader->is_open = reader->next % 8u == 0u;
  if (reader->is_open) return 0;
  wasm_shm_swap(wasm_shm_reader_word(channel), channel->domain->id, 0);
  return EPROTO;
}

static inline int wasm_shm_read_attempt_of(void* object) {
  wasm_shm_reader* reader = (wasm_shm_reader*)object;
  return wasm_shm_shares_reading(reader->ring) ? wasm_shm_take_shared(reader)
                                               : wasm_shm_take_alone(reader);
}

/** Gives back the room of all that was read: it is handled. Each read begins with this. */
static inline int wasm_shm_done_all(wasm_shm_reader* reader) {
  int error = wasm_shm_check(reader->ring->domain);
  if (error != 0) return error;
  while (reader->held_count != 0u) {
    int damage = wasm_shm_finish(reader->ring, reader->held[--reader->held_count]);
    if (error == 0) error = damage; /* the others are handled all the same */
  }
  if (reader->released != reader->next) wasm_shm_release_to(reader, reader->next);
  return error;
}

/** Gives back the room of a message, and with one reader of all before it. */
static inline int wasm_shm_done(wasm_shm_reader* reader, const wasm_shm_message* message) {
  uint32_t token = message->token, at;
  int error = wasm_shm_check(reader->ring->domain);
  if (error != 0) return error;
  if (!wasm_shm_shares_reading(reader->ring)) {
    if (token - reader->released - 1u >= reader->next - reader->released) return 0;
    reader->released = token;
    wasm_shm_store_position(reader); /* at once: its user asked for it */
    return 0;
  }
  for (at = 0; at < reader->held_count && reader->held[at] != token; at++) continue;
  if (at == reader->held_count) return 0;
  reader->held[at] = reader->held[--reader->held_count];
  return wasm_shm_finish(reader->ring, token);
}

/** Reads what is there, from one message to `most`. */
static inline int wasm_shm_read_batch(wasm_shm_reader* reader, wasm_shm_message* list,
                                      uint32_t most, uint32_t* count,
                                      const struct timespec* until) {
  int result = most < 1u ? EINVAL : reader->is_open ? wasm_shm_done_all(reader) : EPERM;
  *count = 0;
  if (result != 0) return result;
  if (wasm_shm_shares_reading(reader->ring) && most > WASM_SHM_MOST_HELD) most = WASM_SHM_MOST_HELD;
  if (reader->ring->overrun == WASM_SHM_OVERWRITE) most = 1; /* it has one buffer */
  reader->message = list;
  result = wasm_shm_wait_or_try(reader->ring, WASM_SHM_AT_READERS, wasm_shm_read_attempt_of, reader,
                                until);
  if (result != 0) return result;
  while (++*count < most) {
    reader->message = list + *count;
    if (wasm_shm_read_attempt_of(reader) != 0) break; /* the next call tells why */
  }
  return 0;
}

/** Reads the next message. */
static inline int wasm_shm_read(wasm_shm_reader* reader, wasm_shm_message* message,
                                const struct timespec* until) {
  uint32_t count;
  return wasm_shm_read_batch(reader, message, 1, &count, until);
}

/** Gives the end up, also if the channel is damaged: another reader may continue. What this one has
 * read is handled. Does nothing if the reader is not open. */
static inline int wasm_shm_reader_release(wasm_shm_reader* reader) {
  int error;
  if (!reader->is_open) return 0;
  error = wasm_shm_check(reader->ring->domain);
  if (error != 0) return error;
  reader->is_open = 0;
  error = wasm_shm_done_all(reader);
  if (!wasm_shm_shares_reading(reader->ring)) wasm_shm_store_position(reader);
  wasm_shm_swap(wasm_shm_reader_word(reader->ring), reader->ring->domain->id, 0);
  return error;
}

#endif /* WASM_SHM_CHANNEL_H */
