/* wasm-shm's services for C11 and Linux: requests and answers between clients and servers. What
 * calls return: channel.h. SPDX-License-Identifier: MIT */
#ifndef WASM_SHM_SERVICE_H
#define WASM_SHM_SERVICE_H

#include "channel.h"

/** What an answer says: the value; that the handler failed, with JSON of name, message and code; or
 * that the server that worked on it was killed. */
enum { WASM_SHM_ANSWERED = 0, WASM_SHM_FAILED = 1, WASM_SHM_DIED = 2 };

/* Before a request and before an answer. */
typedef struct {
  uint32_t client, id, number, zero;
  double deadline; /* milliseconds since 1970, or 0 */
} wasm_shm_request_header;
typedef struct {
  uint32_t id, number, status, zero;
} wasm_shm_answer_header;

typedef struct {
  wasm_shm_domain* domain;
  wasm_shm_word* words;
  size_t answers; /* offset of the first channel of answers */
  uint32_t answer_capacity, clients;
  wasm_shm_channel requests;
} wasm_shm_service;

/** @param capacity bytes for requests, 128 to 2^30; 0: what it was made with (65536)
 * @param answer_capacity bytes for the answers to each client; 0: what it was made with (capacity)
 * @param clients 1 to 1024 at a time; 0: what it was made with (16) */
static inline int wasm_shm_service_open(wasm_shm_service* service, wasm_shm_domain* domain,
                                        size_t offset, uint32_t capacity, uint32_t answer_capacity,
                                        uint32_t clients) {
  const size_t state = 4u * WASM_SHM_AT_RECORDS;
  uint32_t first = 65536u, second = 0, shift;
  uint64_t bytes;
  int error = wasm_shm_check(domain), there;
  if (error != 0) return error;
  there = wasm_shm_found(domain, 0x5753010au, offset, &first, &second);
  if (there && ((second & 0xffu) > 30u || second >> 8 == 0u || second >> 8 > 1024u)) return EPROTO;
  if (capacity == 0u) capacity = first;
  if (answer_capacity == 0u) answer_capacity = there ? 1u << (second & 0xffu) : capacity;
  if (clients == 0u) clients = there ? second >> 8 : 16u;
  if (!wasm_shm_is_capacity(capacity, 128u) || !wasm_shm_is_capacity(answer_capacity, 128u) ||
      clients > 1024u)
    return there ? EPROTO : EINVAL;
  for (shift = 0; 1u << shift != answer_capacity; shift++) continue;
  bytes = WASM_SHM_LINE + state + capacity + clients * ((uint64_t)state + answer_capacity);
  if (bytes > domain->window_bytes) return EINVAL; /* also if a size_t cannot say it */
  service->domain = domain;
  service->answers = offset + WASM_SHM_LINE + state + capacity;
  service->answer_capacity = answer_capacity;
  service->clients = clients;
  error = wasm_shm_open(domain, 0x5753010au, offset, (size_t)bytes, capacity, shift | clients << 8,
                        &service->words);
  if (error != 0) return error;
  return wasm_shm_channel_open(&service->requests, domain, offset + WASM_SHM_LINE, capacity,
                               WASM_SHM_MPMC);
}

static inline int wasm_shm_answers_open(wasm_shm_channel* answers, const wasm_shm_service* service,
                                        uint32_t client) {
  size_t bytes = 4u * WASM_SHM_AT_RECORDS + (size_t)service->answer_capacity;
  return wasm_shm_channel_open(answers, service->domain, service->answers + client * bytes,
                               service->answer_capacity, WASM_SHM_MPSC);
}

static inline double wasm_shm_ms(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* ---- Clients: one of a service for each participant. ---- */

typedef struct {
  wasm_shm_service* service;
  uint32_t client, number;
  wasm_shm_channel answers;
  wasm_shm_reader reader;
  wasm_shm_writer writer;
  wasm_shm_message* answer;
  uint32_t status;
} wasm_shm_client;

/** Takes a place for a client. EUSERS: there is none left. Its address must not change. */
static inline int wasm_shm_client_open(wasm_shm_client* client, wasm_shm_service* service) {
  int error = EBUSY;
  memset(client, 0, sizeof *client);
  client->service = service;
  for (; error == EBUSY && client->client < service->clients; client->client++) {
    error = wasm_shm_answers_open(&client->answers, service, client->client);
    if (error == 0)
      error = wasm_shm_reader_open(&client->reader, &client->answers, WASM_SHM_PATIENT);
  }
  client->client--;
  if (error != 0) return error == EBUSY ? EUSERS : error;
  error = wasm_shm_writer_open(&client->writer, &service->requests, WASM_SHM_PATIENT);
  if (error != 0) wasm_shm_reader_release(&client->reader);
  return error;
}

static inline int wasm_shm_client_release(wasm_shm_client* client) {
  int reader = wasm_shm_reader_release(&client->reader);
  int writer = wasm_shm_writer_release(&client->writer);
  return reader != 0 ? reader : writer;
}

/* Answers to an earlier client in this place, and to requests that nobody waits for, are dropped.
 */
static inline int wasm_shm_answer_attempt(void* object) {
  wasm_shm_client* client = (wasm_shm_client*)object;
  wasm_shm_answer_header header;
  int tries, result;
  for (tries = 0; tries < WASM_SHM_TRIES; tries++) {
    client->reader.message = client->answer;
    result = wasm_shm_take_alone(&client->reader);
    if (result == ENODATA) return EPIPE;
    if (result == EAGAIN && wasm_shm_readers(&client->service->requests) == WASM_SHM_DEAD)
      return EOWNERDEAD;
    if (result != 0) return result;
    if (client->answer->length >= sizeof header) {
      memcpy(&header, client->answer->bytes, sizeof header);
      client->status = header.status;
      if (header.id == client->service->domain->id && header.number == client->number) return 0;
    }
    wasm_shm_done_all(&client->reader);
  }
  return EPROTO;
}

/** Asks, and waits for the answer, which is valid until the next request. EREMOTEIO: the handler
 * failed, and the answer is JSON; EOWNERDEAD: the server that worked on it was killed, or all
 * servers were. A server does not begin with a request that is late. */
static inline int wasm_shm_request(wasm_shm_client* client, const void* bytes, uint32_t length,
                                   wasm_shm_message* answer, const struct timespec* until) {
  wasm_shm_request_header header;
  wasm_shm_word* listens = client->answers.words + WASM_SHM_AT_LISTENS;
  wasm_shm_claim claim;
  int result = client->reader.is_open ? wasm_shm_done_all(&client->reader) : EPERM;
  if (result != 0) return result;
  memset(&header, 0, sizeof header);
  if (length > wasm_shm_largest(&client->service->requests) - sizeof header) return EMSGSIZE;
  header.client = client->client;
  header.id = client->service->domain->id;
  /* An answer that comes late names no request of a later client of this participant. */
  header.number = client->number = atomic_fetch_add(&client->service->domain->requests, 1u) + 1u;
  if (until != NULL)
    header.deadline = wasm_shm_ms(CLOCK_REALTIME) - wasm_shm_ms(CLOCK_MONOTONIC) +
                      (double)until->tv_sec * 1e3 + (double)until->tv_nsec / 1e6;
  client->answer = answer;
  atomic_store(listens, 1u);
  result = wasm_shm_claim_room(&client->writer, &claim, (uint32_t)sizeof header + length, until);
  if (result == 0) {
    memcpy(claim.bytes, &header, sizeof header);
    if (length != 0u) memcpy(claim.bytes + sizeof header, bytes, length);
    result = wasm_shm_commit(&client->writer, &claim, claim.length);
  }
  if (result == 0)
    result = wasm_shm_wait(client->service->domain, client->answers.words + WASM_SHM_AT_READERS,
                           wasm_shm_answer_attempt, client, until);
  if (wasm_shm_check(client->service->domain) == 0) {
    atomic_store(listens, 0u);
    wasm_shm_ring_at(&client->answers, WASM_SHM_AT_WRITERS); /* servers that wait for room */
  }
  if (result != 0) return result;
  answer->bytes += sizeof(wasm_shm_answer_header);
  answer->length -= (uint32_t)sizeof(wasm_shm_answer_header);
  if (client->status == WASM_SHM_DIED) return EOWNERDEAD;
  return client->status == WASM_SHM_ANSWERED ? 0 : EREMOTEIO;
}

/* ---- Servers. ---- */

/** Flag of a server: it works again on requests whose server was killed. */
enum { WASM_SHM_RETRY = 4 };

typedef struct {
  wasm_shm_service* service;
  wasm_shm_reader reader;
  wasm_shm_channel answers;
  wasm_shm_writer writer;
  uint32_t client, id; /* whom it answers */
} wasm_shm_server;

typedef struct {
  const unsigned char* bytes; /* the channel's own until the next call of wasm_shm_serve */
  uint32_t length, client, id, number;
  int redelivered;
} wasm_shm_asked;

static inline int wasm_shm_server_open(wasm_shm_server* server, wasm_shm_service* service,
                                       uint32_t flags) {
  memset(server, 0, sizeof *server);
  server->service = service;
  return wasm_shm_reader_open(&server->reader, &service->requests, flags | WASM_SHM_PATIENT);
}

/** Clients of a service whose requests were closed learn that nobody takes their requests now. */
static inline int wasm_shm_server_release(wasm_shm_server* server) {
  int result = wasm_shm_reader_release(&server->reader);
  if (wasm_shm_check(server->service->domain) == 0)
    wasm_shm_ring(server->service->domain, server->service->words + WASM_SHM_SLEEPERS);
  return result;
}

static inline int wasm_shm_is_wanted(const wasm_shm_channel* answers, uint32_t id) {
  return atomic_load(answers->words + WASM_SHM_AT_READER) == id &&
         atomic_load(answers->words + WASM_SHM_AT_LISTENS) != 0u &&
         wasm_shm_lives(answers->domain, id) > 0;
}

static inline int wasm_shm_reply_attempt(void* object) {
  wasm_shm_server* server = (wasm_shm_server*)object;
  return wasm_shm_is_wanted(&server->answers, server->id) ? wasm_shm_claim_attempt(&server->writer)
                                                          : ECANCELED;
}

static inline int wasm_shm_reply(wasm_shm_server* server, const wasm_shm_asked* asked,
                                 uint32_t status, const void* bytes, uint32_t length,
                                 const struct timespec* until) {
  wasm_shm_answer_header header = {asked->id, asked->number, status, 0};
  wasm_shm_writer* writer = &server->writer;
  wasm_shm_claim claim;
  int result = wasm_shm_answers_open(&server->answers, server->service, asked->client);
  if (result != 0) return result;
  if (length > wasm_shm_largest(&server->answers) - sizeof header) return EMSGSIZE;
  result = wasm_shm_writer_open(writer, &server->answers, WASM_SHM_PATIENT);
  if (result != 0) return result;
  server->id = asked->id;
  writer->claim = &claim;
  writer->asked = (uint32_t)sizeof header + length;
  result = wasm_shm_wait_or_try(&server->answers, WASM_SHM_AT_WRITERS, wasm_shm_reply_attempt,
                                server, until);
  if (result == 0) {
    memcpy(claim.bytes, &header, sizeof header);
    if (length != 0u) memcpy(claim.bytes + sizeof header, bytes, length);
    result = wasm_shm_commit(writer, &claim, claim.length);
  }
  wasm_shm_writer_release(writer);
  return result;
}

/** Answers a request: each once, before the next call of wasm_shm_serve. ECANCELED: nobody waits
 * for the answer any more, or its client damaged its channel of answers; EMSGSIZE: it is longer
 * than that allows. */
static inline int wasm_shm_answer(wasm_shm_server* server, const wasm_shm_asked* asked,
                                  uint32_t status, const void* bytes, uint32_t length,
                                  const struct timespec* until) {
  int result = wasm_shm_reply(server, asked, status, bytes, length, until);
  return result == EPROTO ? ECANCELED : result;
}

/* Ends a call that passes over all that it gets: EBUSY, ETIMEDOUT, or 0 not yet. */
static inline int wasm_shm_is_over(const struct timespec* until, uint32_t passed) {
  struct timespec now;
  if (until == NULL || passed < WASM_SHM_TRIES) return 0;
  if (wasm_shm_is_try(until)) return EBUSY;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return wasm_shm_is_before(&now, until) ? 0 : ETIMEDOUT;
}

/** Waits for a request whose client still waits. With WASM_SHM_TRY, or if the time is over, it
 * looks at 1000 requests at most. */
static inline int wasm_shm_serve(wasm_shm_server* server, wasm_shm_asked* asked,
                                 const struct timespec* until) {
  wasm_shm_request_header header;
  wasm_shm_message message;
  uint32_t passed;
  memset(asked, 0, sizeof *asked);
  for (passed = 0;; passed++) {
    int result = wasm_shm_is_over(until, passed);
    if (result == 0) result = wasm_shm_read(&server->reader, &message, until);
    if (result != 0) return result;
    if (message.length < sizeof header) continue;
    memcpy(&header, message.bytes, sizeof header);
    if (header.client >= server->service->clients) continue;
    result = wasm_shm_answers_open(&server->answers, server->service, header.client);
    if (result == EPROTO) continue; /* its client damaged what is its own */
    if (result != 0) return result;
    if (!wasm_shm_is_wanted(&server->answers, header.id)) continue;
    if (header.deadline != 0 && header.deadline < wasm_shm_ms(CLOCK_REALTIME)) continue;
    asked->bytes = message.bytes + sizeof header;
    asked->length = message.length - (uint32_t)sizeof header;
    asked->client = header.client;
    asked->id = header.id;
    asked->number = header.number;
    asked->redelivered = message.redelivered;
    if (!message.redelivered || (server->reader.flags & WASM_SHM_RETRY) != 0u) return 0;
    result = wasm_shm_answer(server, asked, WASM_SHM_DIED, NULL, 0, until);
    if (result != 0 && result != ECANCELED) return result;
  }
}

#endif /* WASM_SHM_SERVICE_H */
