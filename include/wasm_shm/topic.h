/* wasm-shm's topics for C11 and Linux: messages from one participant to all that subscribe. Writers
 * and readers, and what calls return: channel.h. SPDX-License-Identifier: MIT */
#ifndef WASM_SHM_TOPIC_H
#define WASM_SHM_TOPIC_H

#include "channel.h"

/** @param capacity as of a channel
 * @param overrun WASM_SHM_BLOCK, _OVERWRITE or _DROP; 0: what it was made with (BLOCK)
 * @param subscribers 1 to 1024 at a time; 0: what it was made with (16) */
static inline int wasm_shm_topic_open(wasm_shm_topic* topic, wasm_shm_domain* domain, size_t offset,
                                      uint32_t capacity, uint32_t overrun, uint32_t subscribers) {
  uint32_t first = 65536u, second = WASM_SHM_BLOCK | 16u << 8, at;
  int error = wasm_shm_check(domain), there;
  if (error != 0) return error;
  there = wasm_shm_found(domain, 0x57530109u, offset, &first, &second);
  if (there && (!wasm_shm_is_capacity(first, 64u) || (second & 0xffu) - 1u > 2u ||
                (second >> 8) - 1u > 1023u))
    return EPROTO;
  if (capacity == 0u) capacity = first;
  if (overrun == 0u) overrun = second & 0xffu;
  if (subscribers == 0u) subscribers = second >> 8;
  if (!wasm_shm_is_capacity(capacity, 64u) || overrun > 3u || subscribers > 1024u) return EINVAL;
  memset(topic, 0, sizeof *topic);
  topic->domain = domain;
  topic->capacity = capacity;
  topic->mode = WASM_SHM_SPSC;
  topic->overrun = overrun;
  topic->subscribers = subscribers;
  at = WASM_SHM_AT_ENTRIES + 16u * subscribers;
  error = wasm_shm_open(domain, 0x57530109u, offset, 4u * at + (size_t)capacity, capacity,
                        overrun | subscribers << 8, &topic->words);
  if (error == 0) topic->records = (unsigned char*)(void*)(topic->words + at);
  return error;
}

/** Subscribes: `wasm_shm_read` gives what is published from here on. EUSERS: there are as many
 * subscriptions as possible. With WASM_SHM_OVERWRITE a read is ETIMEDOUT if the writer overtook
 * each of its tries, also without `until`: a larger capacity helps.
 *
 * @param buffer wasm_shm_largest bytes, only with WASM_SHM_OVERWRITE: there a message is copied
 * before it is sure that it was whole. Else NULL */
static inline int wasm_shm_subscribe(wasm_shm_reader* reader, wasm_shm_topic* topic, uint32_t flags,
                                     void* buffer) {
  wasm_shm_word* entry = NULL;
  uint32_t index, tail;
  int error = wasm_shm_check(topic->domain);
  memset(reader, 0, sizeof *reader);
  reader->ring = topic;
  if (error != 0) return error;
  if ((topic->overrun == WASM_SHM_OVERWRITE) != (buffer != NULL)) return EINVAL;
  reader->flags = flags;
  reader->buffer = (unsigned char*)buffer;
  for (index = 0; entry == NULL && index < topic->subscribers; index++) {
    wasm_shm_word* word = topic->words + WASM_SHM_AT_ENTRIES + 16u * index;
    uint32_t found = atomic_load(word);
    if (wasm_shm_subscriber(topic, index) == 0u &&
        wasm_shm_swap(word, found, topic->domain->id | WASM_SHM_JOINING))
      entry = word;
  }
  if (entry == NULL) return EUSERS;
  atomic_store(entry + 1, atomic_load(topic->words + WASM_SHM_AT_TAIL));
  atomic_store(entry, topic->domain->id);
  /* From here on a look of the writer's sees the entry. A look before that left in place what was
   * published then. */
  tail = atomic_load(topic->words + WASM_SHM_AT_TAIL) & ~7u;
  reader->place = (uint32_t)(entry + 1 - topic->words);
  reader->next = reader->tail = reader->released = reader->stored = tail;
  atomic_store(entry + 1, tail);
  reader->expected = atomic_load(topic->words + WASM_SHM_AT_NUMBER);
  reader->is_numbered = atomic_load(topic->words + WASM_SHM_AT_TAIL) == tail;
  reader->is_open = 1;
  wasm_shm_ring_at(topic, WASM_SHM_AT_WRITERS);
  return 0;
}

/** What was read is handled. Does nothing if the reader is not open. */
static inline int wasm_shm_unsubscribe(wasm_shm_reader* reader) {
  int error;
  if (!reader->is_open) return 0;
  error = wasm_shm_check(reader->ring->domain);
  if (error != 0) return error;
  reader->is_open = 0;
  reader->released = reader->stored = reader->next; /* the entry may soon be another's */
  wasm_shm_swap(reader->ring->words + reader->place - 1, reader->ring->domain->id, 0);
  wasm_shm_ring_at(reader->ring, WASM_SHM_AT_WRITERS);
  return 0;
}

#endif /* WASM_SHM_TOPIC_H */
