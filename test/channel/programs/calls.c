/* Each call of the headers, by two participants of one process: calls SEGMENT. Prints the line that
 * fails. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <wasm_shm/liveness.h>

/* What happens before the next look whether a participant lives. */
static void (*before_look)(void);

static inline int lives_later(const wasm_shm_domain* domain, uint32_t id) {
  void (*work)(void) = before_look;
  before_look = NULL;
  if (work != NULL) work();
  return wasm_shm_lives(domain, id);
}
#define wasm_shm_lives lives_later

#include <wasm_shm/service.h>
#include <wasm_shm/topic.h>

enum { BYTES = 1 << 20 };

static unsigned char *first, *second;
static wasm_shm_domain one, two;

static void is(int line, int found, int wanted) {
  if (found == wanted) return;
  fprintf(stderr, "calls.c:%d: %d (%s), not %d\n", line, found, strerror(found), wanted);
  exit(1);
}
#define IS(found, wanted) is(__LINE__, (int)(found), (int)(wanted))

static const struct timespec* soon(void) {
  static struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += 5000000;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  return &until;
}

static void channels(size_t offset, uint32_t mode) {
  wasm_shm_channel left, right;
  wasm_shm_writer writer, other;
  wasm_shm_reader reader;
  wasm_shm_message list[100];
  wasm_shm_claim claim, next;
  unsigned char bytes[512];
  uint32_t count, round, total = 0;
  memset(bytes, 7, sizeof bytes);
  IS(wasm_shm_channel_open(&left, &one, offset, 1000, mode), EINVAL);
  IS(wasm_shm_channel_open(&left, &one, offset, 1024, 4), EINVAL);
  IS(wasm_shm_channel_open(&left, &one, offset + 4, 1024, mode), EINVAL);
  IS(wasm_shm_channel_open(&left, &one, BYTES - 64, 1024, mode), EINVAL);
  IS(wasm_shm_channel_open(&left, &one, offset, 1024, mode), 0);
  IS(wasm_shm_channel_open(&right, &two, offset, 2048, mode), EPROTO);
  IS(wasm_shm_channel_open(&right, &two, offset, 0, 0), 0);
  IS(right.capacity, 1024);
  IS(right.mode, mode);
  IS(wasm_shm_largest(&right), 504);
  IS(wasm_shm_writer_open(&writer, &left, 0), 0);
  IS(wasm_shm_writer_open(&other, &left, 0), EBUSY);
  IS(wasm_shm_writer_open(&other, &right, 0), mode == WASM_SHM_SPSC ? EBUSY : 0);
  if (mode != WASM_SHM_SPSC) IS(wasm_shm_writer_release(&other), 0);
  IS(wasm_shm_reader_open(&reader, &right, 0), 0);
  IS(wasm_shm_read(&reader, list, WASM_SHM_TRY), EBUSY);
  IS(wasm_shm_read(&reader, list, soon()), ETIMEDOUT);
  IS(wasm_shm_write(&writer, bytes, 505, NULL), EMSGSIZE);
  /* All lengths, over the end of the ring and again. */
  for (round = 0; round <= 504; round++) {
    bytes[0] = (unsigned char)round;
    IS(wasm_shm_write(&writer, bytes, round, NULL), 0);
    IS(wasm_shm_read(&reader, list, NULL), 0);
    IS(list[0].length, round);
    IS(memcmp(list[0].bytes, bytes, round), 0);
    IS(wasm_shm_read(&reader, list, WASM_SHM_TRY), EBUSY); /* empty: all its room is given back */
  }
  /* Until it is full: each of 16 bytes. */
  for (count = 0; wasm_shm_write(&writer, bytes, 8, WASM_SHM_TRY) == 0; count++) continue;
  IS(count, 64);
  IS(wasm_shm_write(&writer, bytes, 8, soon()), ETIMEDOUT);
  for (round = 0; round < 64; round += count) {
    IS(wasm_shm_read_batch(&reader, list, 40, &count, WASM_SHM_TRY), 0);
    IS(count, round == 0 ? 40 : 24);
    total += count;
  }
  IS(total, 64);
  IS(wasm_shm_done(&reader, &list[0]), 0);
  IS(wasm_shm_done(&reader, &list[0]), 0);
  IS(wasm_shm_done_all(&reader), 0);
  /* Claims: shortened, abandoned, several at a time. */
  IS(wasm_shm_claim_room(&writer, &claim, 200, NULL), 0);
  IS(wasm_shm_claim_room(&writer, &next, 100, WASM_SHM_TRY), mode == WASM_SHM_SPSC ? EDEADLK : 0);
  memset(claim.bytes, 9, 200);
  IS(wasm_shm_commit(&writer, &claim, 201), EINVAL);
  if (mode != WASM_SHM_SPSC) {
    IS(wasm_shm_commit(&writer, &next, 100), 0);
    IS(wasm_shm_read(&reader, list, WASM_SHM_TRY), EBUSY);
  }
  IS(wasm_shm_commit(&writer, &claim, 50), 0);
  IS(wasm_shm_commit(&writer, &claim, 50), EPERM);
  IS(wasm_shm_abandon(&writer, &claim), EPERM);
  IS(wasm_shm_read(&reader, list, NULL), 0);
  IS(list[0].length, 50);
  IS(list[0].bytes[49], 9);
  if (mode != WASM_SHM_SPSC) IS(wasm_shm_read(&reader, list, NULL), 0);
  IS(wasm_shm_claim_room(&writer, &claim, 200, NULL), 0);
  IS(wasm_shm_abandon(&writer, &claim), 0);
  IS(wasm_shm_read(&reader, list, WASM_SHM_TRY), EBUSY);
  IS(atomic_load(left.words + WASM_SHM_AT_ABANDONED), mode != WASM_SHM_SPSC);
  /* Manual: seen when published. */
  IS(wasm_shm_writer_release(&writer), 0);
  IS(wasm_shm_writer_open(&writer, &left, WASM_SHM_MANUAL), 0);
  IS(wasm_shm_write(&writer, bytes, 10, NULL), 0);
  if (mode == WASM_SHM_SPSC) IS(wasm_shm_read(&reader, list, WASM_SHM_TRY), EBUSY);
  IS(wasm_shm_publish(&writer), 0);
  IS(wasm_shm_close(&right), 0);
  IS(wasm_shm_write(&writer, bytes, 10, NULL), EPIPE);
  IS(wasm_shm_read(&reader, list, NULL), 0);
  IS(wasm_shm_read(&reader, list, NULL), ENODATA);
  IS(wasm_shm_reader_release(&reader), 0);
  IS(wasm_shm_writer_release(&writer), 0);
}

/* An end that is not open: its release takes no other's end, and its calls do nothing. */
static void releases(size_t offset, uint32_t mode) {
  wasm_shm_channel channel;
  wasm_shm_writer writer, other_writer;
  wasm_shm_reader reader, other_reader;
  wasm_shm_message message;
  wasm_shm_claim claim, none;
  wasm_shm_word *writes, *reads;
  int is_single = mode == WASM_SHM_SPSC;
  IS(wasm_shm_channel_open(&channel, &one, offset, 1024, mode), 0);
  writes = wasm_shm_writer_word(&channel);
  reads = wasm_shm_reader_word(&channel);
  /* A living participant that has the only end; what another wrote into this one's own word. */
  atomic_store(writes, two.id);
  atomic_store(reads, two.id);
  IS(wasm_shm_writer_open(&writer, &channel, 0), is_single ? EBUSY : 0);
  IS(wasm_shm_reader_open(&reader, &channel, 0), mode == WASM_SHM_MPMC ? 0 : EBUSY);
  IS(wasm_shm_writer_release(&writer), 0);
  IS(wasm_shm_reader_release(&reader), 0);
  if (is_single) IS(atomic_exchange(writes, 0), two.id);
  if (mode != WASM_SHM_MPMC) IS(atomic_exchange(reads, 0), two.id);
  /* After an open that failed. */
  IS(wasm_shm_writer_open(&writer, &channel, 0), 0);
  IS(wasm_shm_reader_open(&reader, &channel, 0), 0);
  IS(wasm_shm_writer_open(&other_writer, &channel, 0), EBUSY);
  IS(wasm_shm_reader_open(&other_reader, &channel, 0), EBUSY);
  IS(wasm_shm_claim_room(&other_writer, &none, 8, WASM_SHM_TRY), EPERM);
  IS(wasm_shm_read(&other_reader, &message, WASM_SHM_TRY), EPERM);
  IS(wasm_shm_writer_release(&other_writer), 0);
  IS(wasm_shm_reader_release(&other_reader), 0);
  IS(atomic_load(writes), one.id);
  IS(atomic_load(reads), one.id);
  /* A second time. */
  IS(wasm_shm_claim_room(&writer, &claim, 8, NULL), 0);
  IS(wasm_shm_writer_release(&writer), 0);
  IS(wasm_shm_reader_release(&reader), 0);
  IS(wasm_shm_writer_open(&other_writer, &channel, 0), 0);
  IS(wasm_shm_reader_open(&other_reader, &channel, 0), 0);
  IS(wasm_shm_writer_release(&writer), 0);
  IS(wasm_shm_reader_release(&reader), 0);
  IS(atomic_load(writes), one.id);
  IS(atomic_load(reads), one.id);
  /* A claim of before: the tail is the other's, and of several writers each has its records. */
  IS(wasm_shm_commit(&writer, &claim, 8), is_single ? EPERM : 0);
  IS(wasm_shm_write(&writer, "8 bytes.", 8, WASM_SHM_TRY), EPERM);
  IS(wasm_shm_read(&reader, &message, WASM_SHM_TRY), EPERM);
  IS(wasm_shm_read(&other_reader, &message, WASM_SHM_TRY), is_single ? EBUSY : 0);
  IS(wasm_shm_writer_release(&other_writer), 0);
  IS(wasm_shm_reader_release(&other_reader), 0);
}

/* A participant that is killed in another process. */
static void dies(void (*work)(wasm_shm_domain*, size_t), size_t offset) {
  pid_t child = fork();
  if (child == 0) {
    static wasm_shm_domain third;
    IS(wasm_shm_join(&third, first, BYTES, 0, 0), 0);
    work(&third, offset);
    kill(getpid(), SIGKILL);
  }
  waitpid(child, NULL, 0);
}

static void leave_claims(wasm_shm_domain* domain, size_t offset) {
  static wasm_shm_channel channel;
  static wasm_shm_writer writer;
  wasm_shm_claim claim;
  IS(wasm_shm_channel_open(&channel, domain, offset, 0, 0), 0);
  IS(wasm_shm_writer_open(&writer, &channel, 0), 0);
  IS(wasm_shm_write(&writer, "whole", 5, NULL), 0);
  IS(wasm_shm_claim_room(&writer, &claim, 20, NULL), 0);
}

static void leave_messages(wasm_shm_domain* domain, size_t offset) {
  static wasm_shm_channel channel;
  static wasm_shm_reader reader;
  wasm_shm_message message;
  IS(wasm_shm_channel_open(&channel, domain, offset, 0, 0), 0);
  IS(wasm_shm_reader_open(&reader, &channel, 0), 0);
  IS(wasm_shm_read(&reader, &message, NULL), 0);
}

static void deaths(size_t offset, uint32_t mode) {
  wasm_shm_channel channel;
  wasm_shm_writer writer;
  wasm_shm_reader reader;
  wasm_shm_message message;
  IS(wasm_shm_channel_open(&channel, &one, offset, 64, mode), 0);
  dies(leave_claims, offset);
  IS(wasm_shm_reader_open(&reader, &channel, 0), 0);
  IS(wasm_shm_read(&reader, &message, NULL), 0);
  IS(message.length, 5);
  IS(wasm_shm_read(&reader, &message, NULL), EOWNERDEAD);
  IS(wasm_shm_reader_release(&reader), 0);
  IS(wasm_shm_writer_open(&writer, &channel, 0), 0);
  for (int count = 0; count < 4; count++) IS(wasm_shm_write(&writer, "message", 8, NULL), 0);
  dies(leave_messages, offset);
  IS(wasm_shm_write(&writer, "message", 8, NULL), EOWNERDEAD);
  IS(wasm_shm_reader_open(&reader, &channel, 0), 0);
  for (int count = 0; count < 4; count++) {
    IS(wasm_shm_read(&reader, &message, NULL), 0);
    IS(message.redelivered, mode == WASM_SHM_MPMC && count == 0);
  }
  IS(wasm_shm_read(&reader, &message, WASM_SHM_TRY), EBUSY);
}

/* A reader that finishes a message and dies, and a writer that commits a claim and dies, each
 * between two looks of another reader at the record. */
static wasm_shm_domain reading, writing;
static wasm_shm_reader dying_reader;
static wasm_shm_message finished;
static wasm_shm_writer dying_writer;
static wasm_shm_claim committed;

static void finish(void) {
  IS(wasm_shm_done(&dying_reader, &finished), 0);
  IS(wasm_shm_leave(&reading), 0);
}

static void commit(void) {
  IS(wasm_shm_commit(&dying_writer, &committed, 9), 0);
  IS(wasm_shm_leave(&writing), 0);
}

static void deaths_between_looks(size_t offset) {
  static wasm_shm_channel channel, read, written;
  wasm_shm_writer writer;
  wasm_shm_reader reader;
  wasm_shm_message message;
  IS(wasm_shm_join(&reading, first, BYTES, 0, 0), 0);
  IS(wasm_shm_join(&writing, first, BYTES, 0, 0), 0);
  IS(wasm_shm_channel_open(&channel, &one, offset, 1024, WASM_SHM_MPMC), 0);
  IS(wasm_shm_channel_open(&read, &reading, offset, 0, 0), 0);
  IS(wasm_shm_channel_open(&written, &writing, offset, 0, 0), 0);
  IS(wasm_shm_writer_open(&writer, &channel, 0), 0);
  IS(wasm_shm_write(&writer, "finished", 8, NULL), 0);
  IS(wasm_shm_reader_open(&dying_reader, &read, 0), 0);
  IS(wasm_shm_read(&dying_reader, &finished, NULL), 0);
  IS(wasm_shm_writer_open(&dying_writer, &written, 0), 0);
  IS(wasm_shm_claim_room(&dying_writer, &committed, 9, NULL), 0);
  IS(wasm_shm_reader_open(&reader, &channel, 0), 0);
  before_look = finish;
  IS(wasm_shm_read(&reader, &message, WASM_SHM_TRY), EBUSY);
  before_look = commit;
  IS(wasm_shm_read(&reader, &message, NULL), 0);
  IS(message.length, 9);
  IS(message.redelivered, 0);
  IS(atomic_load(channel.words + WASM_SHM_AT_ABANDONED), 0);
  IS(atomic_load(channel.words + WASM_SHM_AT_REDELIVERED), 0);
}

/* A record whose state always names another dead writer: a reader looks twice. */
static wasm_shm_word* changing;
static uint32_t dead[2], looks;

static void change(void) {
  atomic_store(changing, dead[++looks % 2]);
  before_look = change;
}

static void changes(size_t offset) {
  static wasm_shm_domain gone;
  wasm_shm_channel channel;
  wasm_shm_writer writer;
  wasm_shm_reader reader;
  wasm_shm_message message;
  wasm_shm_claim claim;
  int count;
  for (looks = 0; looks < 2; looks++) {
    IS(wasm_shm_join(&gone, first, BYTES, 0, 0), 0);
    dead[looks] = gone.id;
    IS(wasm_shm_leave(&gone), 0);
  }
  looks = 0;
  IS(wasm_shm_channel_open(&channel, &one, offset, 1024, WASM_SHM_MPMC), 0);
  IS(wasm_shm_writer_open(&writer, &channel, 0), 0);
  IS(wasm_shm_reader_open(&reader, &channel, 0), 0);
  /* Several abandoned records in a row: it looks at each once. */
  for (count = 0; count < 3; count++) {
    IS(wasm_shm_claim_room(&writer, &claim, 8, NULL), 0);
    IS(wasm_shm_abandon(&writer, &claim), 0);
  }
  IS(wasm_shm_write(&writer, "8 bytes.", 8, NULL), 0);
  IS(wasm_shm_read(&reader, &message, WASM_SHM_TRY), 0);
  IS(wasm_shm_claim_room(&writer, &claim, 8, NULL), 0);
  changing = wasm_shm_record(&channel, claim.position) + 1;
  atomic_store(changing, dead[0]);
  before_look = change;
  IS(wasm_shm_read(&reader, &message, WASM_SHM_TRY), EPROTO);
  before_look = NULL;
  IS(looks, 2);
}

/* One of three messages is damaged: the others are handled, and the end is free. */
static void damage(size_t offset) {
  wasm_shm_channel left, right;
  wasm_shm_writer writer;
  wasm_shm_reader reader;
  wasm_shm_message list[3];
  uint32_t count, number;
  IS(wasm_shm_channel_open(&left, &one, offset, 256, WASM_SHM_MPMC), 0);
  IS(wasm_shm_channel_open(&right, &two, offset, 0, 0), 0);
  IS(wasm_shm_writer_open(&writer, &left, 0), 0);
  IS(wasm_shm_reader_open(&reader, &right, 0), 0);
  for (number = 0; number < 3; number++)
    IS(wasm_shm_write(&writer, "8 bytes.", 8, WASM_SHM_TRY), 0);
  IS(wasm_shm_read_batch(&reader, list, 3, &count, WASM_SHM_TRY), 0);
  IS(count, 3);
  atomic_store(left.words + WASM_SHM_AT_RECORDS + 5, 0x7fffffffu);
  IS(wasm_shm_reader_release(&reader), EPROTO);
  IS(atomic_load(left.words + WASM_SHM_AT_RECORDS + 1) == WASM_SHM_DONE, 1);
  IS(atomic_load(left.words + WASM_SHM_AT_RECORDS + 9) == WASM_SHM_DONE, 1);
  IS(atomic_load(wasm_shm_reader_word(&right)), 0);
  IS(wasm_shm_writer_release(&writer), 0);
}

static void topics(size_t offset, uint32_t overrun) {
  static unsigned char buffer[504];
  unsigned char* copy = overrun == WASM_SHM_OVERWRITE ? buffer : NULL;
  wasm_shm_topic left, right;
  wasm_shm_writer writer;
  wasm_shm_reader readers[3];
  wasm_shm_message message;
  uint32_t written = 0, read = 0, missed = 0, number;
  IS(wasm_shm_topic_open(&left, &one, offset, 1024, overrun, 2), 0);
  IS(wasm_shm_topic_open(&right, &two, offset, 0, 0, 0), 0);
  IS(right.subscribers, 2);
  IS(wasm_shm_writer_open(&writer, &left, 0), 0);
  IS(wasm_shm_subscribe(&readers[0], &right, 0, copy == NULL ? buffer : NULL), EINVAL);
  IS(wasm_shm_subscribe(&readers[0], &right, 0, copy), 0);
  IS(wasm_shm_subscribe(&readers[1], &right, 0, copy), 0);
  IS(wasm_shm_subscribe(&readers[2], &right, 0, copy), EUSERS);
  IS(wasm_shm_unsubscribe(&readers[1]), 0);
  for (number = 0; number < 200; number++) {
    int result = wasm_shm_write(&writer, &number, 4, WASM_SHM_TRY);
    if (result == 0)
      written++;
    else
      IS(result, overrun == WASM_SHM_BLOCK ? EBUSY : ENOBUFS);
  }
  IS(written, overrun == WASM_SHM_OVERWRITE ? 200 : 64);
  while (wasm_shm_read(&readers[0], &message, WASM_SHM_TRY) == 0) {
    missed += message.missed;
    memcpy(&number, message.bytes, 4);
    IS(number, read + missed);
    read++;
  }
  IS(read, 64);
  IS(missed, overrun == WASM_SHM_OVERWRITE ? 136 : 0);
  number = 200;
  IS(wasm_shm_write(&writer, &number, 4, NULL), 0);
  IS(wasm_shm_read(&readers[0], &message, NULL), 0);
  IS(message.missed, overrun == WASM_SHM_DROP ? 136 : 0);
  IS(wasm_shm_close(&left), 0);
  IS(wasm_shm_read(&readers[0], &message, NULL), ENODATA);
}

/* Subscriptions that are given up: what was read before is not given back in another's entry. */
static void unsubscribed(size_t offset) {
  static unsigned char bytes[256];
  wasm_shm_topic topic;
  wasm_shm_writer writer;
  wasm_shm_reader reader, next, none;
  wasm_shm_message message;
  wasm_shm_word* entry;
  IS(wasm_shm_topic_open(&topic, &one, offset, 1024, WASM_SHM_BLOCK, 1), 0);
  entry = topic.words + WASM_SHM_AT_ENTRIES;
  IS(wasm_shm_writer_open(&writer, &topic, 0), 0);
  IS(wasm_shm_subscribe(&reader, &topic, 0, NULL), 0);
  IS(wasm_shm_subscribe(&none, &topic, 0, NULL), EUSERS);
  IS(wasm_shm_unsubscribe(&none), 0);
  IS(wasm_shm_write(&writer, bytes, 256, NULL), 0);
  IS(wasm_shm_read(&reader, &message, NULL), 0);
  IS(wasm_shm_write(&writer, bytes, 256, NULL), 0);
  IS(wasm_shm_unsubscribe(&reader), 0);
  IS(wasm_shm_subscribe(&next, &topic, 0, NULL), 0);
  IS(atomic_load(entry + 1), 528);
  IS(wasm_shm_done(&reader, &message), 0);
  IS(wasm_shm_done_all(&reader), 0);
  IS(atomic_load(entry + 1), 528);
  IS(wasm_shm_read(&reader, &message, WASM_SHM_TRY), EPERM);
  IS(wasm_shm_unsubscribe(&reader), 0);
  IS(atomic_load(entry), one.id);
}

/* A message that the writer always overwrites is not copied. */
static void overtaken(size_t offset) {
  static unsigned char buffer[504];
  wasm_shm_topic topic;
  wasm_shm_writer writer;
  wasm_shm_reader reader;
  wasm_shm_message message;
  IS(wasm_shm_topic_open(&topic, &one, offset, 1024, WASM_SHM_OVERWRITE, 1), 0);
  IS(wasm_shm_writer_open(&writer, &topic, 0), 0);
  IS(wasm_shm_subscribe(&reader, &topic, 0, buffer), 0);
  IS(wasm_shm_write(&writer, "message", 8, NULL), 0);
  atomic_store(topic.words + WASM_SHM_AT_INTENT, 1032);
  IS(wasm_shm_read(&reader, &message, WASM_SHM_TRY), ETIMEDOUT);
  IS(buffer[0], 0);
}

/* Requests that nobody waits for do not keep a server: it looks at the clock between them. */
static void requests_of_nobody(size_t offset) {
  static const struct timespec past = {0, 1};
  static wasm_shm_service service;
  static wasm_shm_server server;
  wasm_shm_writer writer;
  wasm_shm_message message;
  wasm_shm_asked asked;
  int count;
  IS(wasm_shm_service_open(&service, &one, offset, 32768, 128, 1), 0);
  IS(wasm_shm_writer_open(&writer, &service.requests, 0), 0);
  IS(wasm_shm_server_open(&server, &service, 0), 0);
  for (count = 0; count < 2001; count++) IS(wasm_shm_write(&writer, NULL, 0, WASM_SHM_TRY), 0);
  IS(wasm_shm_serve(&server, &asked, &past), ETIMEDOUT);
  IS(wasm_shm_serve(&server, &asked, WASM_SHM_TRY), EBUSY);
  IS(wasm_shm_read(&server.reader, &message, WASM_SHM_TRY), 0);
  IS(wasm_shm_read(&server.reader, &message, WASM_SHM_TRY), EBUSY);
}

static void* answers(void* argument) {
  wasm_shm_server* server = (wasm_shm_server*)argument;
  wasm_shm_asked asked;
  IS(wasm_shm_serve(server, &asked, NULL), 0);
  IS(wasm_shm_answer(server, &asked, WASM_SHM_ANSWERED, asked.bytes, asked.length, NULL), 0);
  IS(wasm_shm_serve(server, &asked, NULL), 0);
  IS(wasm_shm_answer(server, &asked, WASM_SHM_ANSWERED, first, 2048, NULL), EMSGSIZE);
  IS(wasm_shm_answer(server, &asked, WASM_SHM_FAILED, "{}", 2, NULL), 0);
  IS(wasm_shm_serve(server, &asked, soon()), ETIMEDOUT);
  return NULL;
}

static void services(size_t offset) {
  static wasm_shm_service left, right;
  static wasm_shm_client client, second_client;
  static wasm_shm_server server;
  wasm_shm_message answer;
  pthread_t thread;
  IS(wasm_shm_service_open(&left, &one, offset, 100, 0, 0), EINVAL);
  IS(wasm_shm_service_open(&left, &one, offset, 1024, 2048, 1), 0);
  IS(wasm_shm_service_open(&right, &two, offset, 0, 0, 0), 0);
  IS(right.answer_capacity, 2048);
  IS(wasm_shm_client_open(&client, &left), 0);
  IS(wasm_shm_client_open(&second_client, &right), EUSERS);
  IS(wasm_shm_request(&client, first, 600, &answer, NULL), EMSGSIZE);
  IS(wasm_shm_request(&client, "late", 4, &answer, soon()), ETIMEDOUT);
  IS(wasm_shm_server_open(&server, &right, 0), 0);
  IS(pthread_create(&thread, NULL, answers, &server), 0);
  IS(wasm_shm_request(&client, "hello", 5, &answer, NULL), 0);
  IS(answer.length, 5);
  IS(memcmp(answer.bytes, "hello", 5), 0);
  IS(wasm_shm_request(&client, "fails", 5, &answer, NULL), EREMOTEIO);
  IS(answer.length, 2);
  pthread_join(thread, NULL);
  IS(wasm_shm_server_release(&server), 0);
  IS(wasm_shm_client_release(&client), 0);
}

/* A participant that has left, and its window is gone: each call is EPERM, and touches nothing. */
static void after_leave(int segment, size_t offset) {
  static wasm_shm_domain domain;
  static wasm_shm_service service, other_service;
  static wasm_shm_client client, other_client;
  static wasm_shm_server server, other_server;
  unsigned char* window = shmat(segment, NULL, 0);
  wasm_shm_channel channel, other_channel;
  wasm_shm_topic topic, other_topic;
  wasm_shm_writer writer, other_writer;
  wasm_shm_reader reader, subscriber, other_reader;
  wasm_shm_message message;
  wasm_shm_claim claim, next;
  wasm_shm_asked asked;
  uint32_t number;
  IS(wasm_shm_join(&domain, window, BYTES, 0, 0), 0);
  IS(wasm_shm_channel_open(&channel, &domain, offset, 1024, WASM_SHM_MPMC), 0);
  IS(wasm_shm_topic_open(&topic, &domain, offset + 4096, 1024, WASM_SHM_BLOCK, 2), 0);
  IS(wasm_shm_service_open(&service, &domain, offset + 8192, 1024, 1024, 2), 0);
  IS(wasm_shm_writer_open(&writer, &channel, 0), 0);
  IS(wasm_shm_reader_open(&reader, &channel, 0), 0);
  IS(wasm_shm_subscribe(&subscriber, &topic, 0, NULL), 0);
  IS(wasm_shm_client_open(&client, &service), 0);
  IS(wasm_shm_server_open(&server, &service, 0), 0);
  IS(wasm_shm_write(&writer, "message", 8, NULL), 0);
  IS(wasm_shm_read(&reader, &message, NULL), 0);
  IS(wasm_shm_claim_room(&writer, &claim, 8, NULL), 0);
  memset(&asked, 0, sizeof asked);
  IS(wasm_shm_leave(&domain), 0);
  shmdt(window);
  IS(wasm_shm_leave(&domain), EPERM);
  IS(wasm_shm_channel_open(&other_channel, &domain, offset, 0, 0), EPERM);
  IS(wasm_shm_topic_open(&other_topic, &domain, offset + 4096, 0, 0, 0), EPERM);
  IS(wasm_shm_service_open(&other_service, &domain, offset + 8192, 0, 0, 0), EPERM);
  IS(wasm_shm_writer_open(&other_writer, &channel, 0), EPERM);
  IS(wasm_shm_reader_open(&other_reader, &channel, 0), EPERM);
  IS(wasm_shm_subscribe(&other_reader, &topic, 0, NULL), EPERM);
  IS(wasm_shm_client_open(&other_client, &service), EPERM);
  IS(wasm_shm_server_open(&other_server, &service, 0), EPERM);
  IS(wasm_shm_write(&writer, "message", 8, NULL), EPERM);
  IS(wasm_shm_claim_room(&writer, &next, 8, WASM_SHM_TRY), EPERM);
  IS(wasm_shm_commit(&writer, &claim, 8), EPERM);
  IS(wasm_shm_abandon(&writer, &claim), EPERM);
  IS(wasm_shm_publish(&writer), EPERM);
  IS(wasm_shm_done(&reader, &message), EPERM);
  IS(wasm_shm_done_all(&reader), EPERM);
  IS(wasm_shm_read(&reader, &message, WASM_SHM_TRY), EPERM);
  IS(wasm_shm_read_batch(&subscriber, &message, 1, &number, NULL), EPERM);
  IS(wasm_shm_close(&channel), EPERM);
  IS(wasm_shm_request(&client, "hello", 5, &message, NULL), EPERM);
  IS(wasm_shm_serve(&server, &asked, NULL), EPERM);
  IS(wasm_shm_answer(&server, &asked, WASM_SHM_ANSWERED, "hello", 5, NULL), EPERM);
  IS(wasm_shm_writer_release(&writer), EPERM);
  IS(wasm_shm_reader_release(&reader), EPERM);
  IS(wasm_shm_unsubscribe(&subscriber), EPERM);
  IS(wasm_shm_client_release(&client), EPERM);
  IS(wasm_shm_server_release(&server), EPERM);
  IS(wasm_shm_client_release(&other_client), 0); /* it is not open */
}

int main(int count, char** words) {
  uint32_t index;
  if (count != 2) return 2;
  first = shmat(atoi(words[1]), NULL, 0);
  second = shmat(atoi(words[1]), NULL, 0);
  if (first == (void*)-1 || second == (void*)-1) return 3;
  IS(wasm_shm_join(&one, first, BYTES, 0, 0), 0);
  IS(wasm_shm_join(&two, second, BYTES, 0, 0), 0);
  for (index = 1; index <= 3; index++) {
    channels(4096 * index, index);
    deaths(32768 + 4096 * index, index);
    topics(65536 + 4096 * index, index);
    releases(196608 + 4096 * index, index);
  }
  deaths_between_looks(98304);
  damage(114688);
  services(131072);
  changes(229376);
  unsubscribed(233472);
  overtaken(237568);
  requests_of_nobody(262144);
  after_leave(atoi(words[1]), 294912);
  IS(wasm_shm_leave(&one), 0);
  IS(wasm_shm_leave(&two), 0);
  puts("all as it should be");
  return 0;
}
