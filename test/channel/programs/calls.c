/* Each call of the headers, by two participants of one process: calls SEGMENT. Prints the line that
 * fails. */
#include "calls.h"

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
  /* One small message: its room is there at once. */
  IS(wasm_shm_read(&reader, list, WASM_SHM_TRY), EBUSY);
  IS(wasm_shm_write(&writer, bytes, 8, WASM_SHM_TRY), 0);
  IS(wasm_shm_read(&reader, list, WASM_SHM_TRY), 0);
  IS(wasm_shm_done(&reader, &list[0]), 0);
  IS(atomic_load(right.words + WASM_SHM_AT_HEAD), atomic_load(right.words + WASM_SHM_AT_TAIL));
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
  uint32_t last;
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
  last = client.number;
  IS(wasm_shm_client_open(&client, &left), 0);
  IS(wasm_shm_request(&client, "again", 5, &answer, soon()), ETIMEDOUT);
  IS(client.number, last + 1u);
  IS(wasm_shm_client_release(&client), 0);
}

int main(int count, char** words) {
  uint32_t index;
  if (count != 2) return 2;
  join_both(atoi(words[1]));
  for (index = 1; index <= 3; index++) {
    channels(4096 * index, index);
    deaths(32768 + 4096 * index, index);
    topics(65536 + 4096 * index, index);
  }
  deaths_between_looks(98304);
  services(131072);
  leave_both();
  return 0;
}
