/* What party.ts does, in C: party ROLE SEGMENT. It ends by a kill. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <wasm_shm/service.h>
#include <wasm_shm/topic.h>

enum { PLACE = 4096, RESULTS = 524288, BYTES = 1 << 20, SENDERS = 4096 };

static wasm_shm_domain domain;
static wasm_shm_word* results;

static void must(const char* what, int result) {
  if (result == 0) return;
  fprintf(stderr, "party.c: %s: %s\n", what, strerror(result));
  atomic_fetch_add(results + 1, 1u);
  exit(1);
}

static uint32_t load32(const unsigned char* bytes) {
  uint32_t value;
  memcpy(&value, bytes, 4);
  return value;
}

/* The sender, the number, and bytes that follow from both. */
static uint32_t stamp(unsigned char* bytes, uint32_t sender, uint32_t number) {
  uint32_t length = 8u + number * 37u % 300u;
  memset(bytes, (int)((sender + number) & 0xffu), length);
  memcpy(bytes, &sender, 4);
  memcpy(bytes + 4, &number, 4);
  return length;
}

static void write_all(wasm_shm_writer* writer) {
  unsigned char bytes[400];
  uint32_t number;
  for (number = 0;; number++) {
    uint32_t length = stamp(bytes, domain.id, number);
    wasm_shm_claim claim;
    if (number % 3u != 0u || writer->ring->overrun != 0u) {
      must("write", wasm_shm_write(writer, bytes, length, NULL));
      continue;
    }
    must("claim", wasm_shm_claim_room(writer, &claim, length + number % 40u, NULL));
    memcpy(claim.bytes, bytes, length);
    must("commit", wasm_shm_commit(writer, &claim, length));
  }
}

/* Counts each message by its number. */
static void read_all(wasm_shm_reader* reader) {
  wasm_shm_message list[5];
  uint32_t count, index;
  for (;;) {
    must("read", wasm_shm_read_batch(reader, list, 5, &count, NULL));
    for (index = 0; index < count; index++)
      atomic_fetch_add(results + load32(list[index].bytes), 1u);
  }
}

/* Checks what write_all wrote: whole, in order, and of a topic with all that it missed told. */
static void check_all(wasm_shm_reader* reader) {
  static uint32_t senders[SENDERS], next[SENDERS];
  unsigned char bytes[400], wanted[400];
  wasm_shm_message message;
  for (;;) {
    uint32_t at, sender, number;
    int result = wasm_shm_read(reader, &message, NULL);
    if (result == ETIMEDOUT) continue; /* the writer overtook each of 1,000 tries */
    must("read", result);
    if (message.length < 8u || message.length > sizeof bytes) must("length", EBADMSG);
    memcpy(bytes, message.bytes, message.length);
    sender = load32(bytes);
    number = load32(bytes + 4);
    if (stamp(wanted, sender, number) != message.length || memcmp(bytes, wanted, message.length))
      must("a torn message", EBADMSG);
    for (at = 0; senders[at] != 0u && senders[at] != sender; at++) continue;
    if (senders[at] == sender && !message.redelivered &&
        (reader->ring->overrun != 0u ? number - next[at] != message.missed : number < next[at]))
      must("order", EBADMSG);
    senders[at] = sender;
    if (!message.redelivered) next[at] = number + 1u;
    atomic_fetch_add(results, 1u);
  }
}

static void serve(wasm_shm_service* service) {
  wasm_shm_server server;
  wasm_shm_asked asked;
  must("server", wasm_shm_server_open(&server, service, 0));
  for (;;) {
    char text[64];
    int result;
    must("serve", wasm_shm_serve(&server, &asked, NULL));
    if (asked.length >= sizeof text) must("request", EBADMSG);
    memcpy(text, asked.bytes, asked.length);
    text[asked.length] = '\0';
    snprintf(text, sizeof text, "%ld", atol(text) + 1);
    result =
        wasm_shm_answer(&server, &asked, WASM_SHM_ANSWERED, text, (uint32_t)strlen(text), NULL);
    if (result != ECANCELED) must("answer", result);
  }
}

static void ask(wasm_shm_service* service) {
  wasm_shm_client client;
  wasm_shm_message answer;
  long number;
  must("client", wasm_shm_client_open(&client, service));
  for (number = 0;; number++) {
    char text[64], wanted[64];
    int length = snprintf(text, sizeof text, "%ld", number), result;
    snprintf(wanted, sizeof wanted, "%ld", number + 1);
    result = wasm_shm_request(&client, text, (uint32_t)length, &answer, NULL);
    if (result != 0 && result != EOWNERDEAD) must("request", result);
    if (result == EOWNERDEAD) {
      usleep(2000);
      continue;
    }
    if (answer.length != strlen(wanted) || memcmp(answer.bytes, wanted, answer.length))
      must("answer", EBADMSG);
    atomic_fetch_add(results, 1u);
  }
}

int main(int count, char** words) {
  static unsigned char buffer[1 << 16];
  wasm_shm_channel channel;
  wasm_shm_topic topic;
  wasm_shm_service service;
  wasm_shm_writer writer;
  wasm_shm_reader reader;
  unsigned char* window;
  const char* role;
  if (count != 3) return 2;
  role = words[1];
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  window = shmat(atoi(words[2]), NULL, 0);
  if (window == (void*)-1) return 3;
  results = (wasm_shm_word*)(void*)(window + RESULTS);
  must("join", wasm_shm_join(&domain, window, BYTES, 0, 0));
  puts("in");
  fflush(stdout);
  if (!strcmp(role, "write") || !strcmp(role, "read") || !strcmp(role, "check")) {
    must("channel", wasm_shm_channel_open(&channel, &domain, PLACE, 0, 0));
    if (*role == 'w')
      must("writer", wasm_shm_writer_open(&writer, &channel, WASM_SHM_PATIENT));
    else
      must("reader", wasm_shm_reader_open(&reader, &channel, WASM_SHM_PATIENT));
  } else if (!strcmp(role, "publish") || !strcmp(role, "subscribe") || !strcmp(role, "follow")) {
    must("topic", wasm_shm_topic_open(&topic, &domain, PLACE, 0, 0, 0));
    if (*role == 'p')
      must("writer", wasm_shm_writer_open(&writer, &topic, 0));
    else
      must("subscribe", wasm_shm_subscribe(&reader, &topic, WASM_SHM_PATIENT,
                                           topic.overrun == WASM_SHM_OVERWRITE ? buffer : NULL));
  } else {
    must("service", wasm_shm_service_open(&service, &domain, PLACE, 0, 0, 0));
  }
  if (*role == 'w' || *role == 'p') write_all(&writer);
  if (!strcmp(role, "read")) read_all(&reader);
  if (!strcmp(role, "check") || !strcmp(role, "follow")) check_all(&reader);
  if (!strcmp(role, "serve")) serve(&service);
  if (!strcmp(role, "ask")) ask(&service);
  for (;;) { /* subscribe */
    wasm_shm_message message;
    must("read", wasm_shm_read(&reader, &message, NULL));
  }
}
