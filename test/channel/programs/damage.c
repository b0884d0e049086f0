/* Channels, topics and services whose words a peer damages, ends that are released at the wrong
 * time, and calls after the participant has left: damage SEGMENT. Prints the line that fails. */
#include "calls.h"

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

/* A client that damages what is its own: its request is passed over, or its answer goes nowhere. */
static void hostile_client(size_t offset) {
  static wasm_shm_service service, other;
  static wasm_shm_server server;
  static wasm_shm_client client;
  wasm_shm_request_header header = {0, 0, 1, 0, 0};
  wasm_shm_writer writer;
  wasm_shm_asked asked;
  uint32_t kind;
  IS(wasm_shm_service_open(&service, &one, offset, 1024, 1024, 1), 0);
  IS(wasm_shm_service_open(&other, &two, offset, 0, 0, 0), 0);
  IS(wasm_shm_client_open(&client, &other), 0);
  IS(wasm_shm_server_open(&server, &service, 0), 0);
  IS(wasm_shm_writer_open(&writer, &service.requests, 0), 0);
  header.id = two.id;
  atomic_store(client.answers.words + WASM_SHM_AT_LISTENS, 1u);
  IS(wasm_shm_write(&writer, &header, sizeof header, WASM_SHM_TRY), 0);
  kind = atomic_exchange(client.answers.words, 0x7fffffffu);
  IS(wasm_shm_serve(&server, &asked, WASM_SHM_TRY), EBUSY);
  atomic_store(client.answers.words, kind);
  IS(wasm_shm_write(&writer, &header, sizeof header, WASM_SHM_TRY), 0);
  IS(wasm_shm_serve(&server, &asked, WASM_SHM_TRY), 0);
  atomic_store(client.answers.words + WASM_SHM_AT_TAIL, 3u);
  IS(wasm_shm_answer(&server, &asked, WASM_SHM_ANSWERED, "hello", 5, WASM_SHM_TRY), ECANCELED);
  IS(wasm_shm_server_release(&server), 0);
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
  join_both(atoi(words[1]));
  for (index = 1; index <= 3; index++) releases(4096 * index, index);
  damage(32768);
  changes(65536);
  unsubscribed(98304);
  overtaken(131072);
  requests_of_nobody(262144);
  hostile_client(196608);
  after_leave(atoi(words[1]), 327680);
  leave_both();
  return 0;
}
