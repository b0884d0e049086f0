/* All calls of channels, topics and services while another process writes random words into them:
 * hostile SEGMENT BYTES SECONDS. The objects end with the window, so that an access behind them is
 * one behind the mapping. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <wasm_shm/service.h>
#include <wasm_shm/topic.h>

static wasm_shm_domain domain;
static unsigned char bytes[1024], buffer[512];
static unsigned sum;

static const struct timespec* soon(void) {
  static struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += 1000000;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  return &until;
}

static void use(const wasm_shm_message* message) {
  uint32_t at;
  for (at = 0; at < message->length; at++) sum += message->bytes[at];
}

static void exchange(wasm_shm_writer* writer, wasm_shm_reader* reader) {
  wasm_shm_message list[8];
  wasm_shm_claim claim;
  uint32_t round, count;
  for (round = 0; round < 20; round++) {
    wasm_shm_write(writer, bytes, round * 20u, WASM_SHM_TRY);
    if (wasm_shm_claim_room(writer, &claim, 100, soon()) == 0) {
      memset(claim.bytes, 1, 100);
      if (round % 3u == 0u)
        wasm_shm_abandon(writer, &claim);
      else
        wasm_shm_commit(writer, &claim, round);
    }
    if (wasm_shm_read_batch(reader, list, 8, &count, soon()) == 0)
      while (count-- > 0) use(list + count);
    if (wasm_shm_read(reader, list, WASM_SHM_TRY) == 0) wasm_shm_done(reader, list);
  }
}

static void play(size_t end) {
  uint32_t kind;
  for (kind = 1; kind <= 3; kind++) {
    wasm_shm_channel channel;
    wasm_shm_topic topic;
    wasm_shm_writer writer;
    wasm_shm_reader reader;
    if (wasm_shm_channel_open(&channel, &domain, end - 1024 - 960, 1024, kind) == 0 &&
        wasm_shm_writer_open(&writer, &channel, 0) == 0 &&
        wasm_shm_reader_open(&reader, &channel, 0) == 0) {
      exchange(&writer, &reader);
      wasm_shm_reader_release(&reader);
      wasm_shm_writer_release(&writer);
    }
    if (wasm_shm_topic_open(&topic, &domain, end - 4096 - 1024 - 448, 1024, kind, 2) == 0 &&
        wasm_shm_writer_open(&writer, &topic, 0) == 0 &&
        wasm_shm_subscribe(&reader, &topic, 0, kind == WASM_SHM_OVERWRITE ? buffer : NULL) == 0) {
      exchange(&writer, &reader);
      wasm_shm_unsubscribe(&reader);
      wasm_shm_writer_release(&writer);
    }
  }
}

static void serve(size_t end) {
  static wasm_shm_service service;
  static wasm_shm_client client;
  static wasm_shm_server server;
  wasm_shm_message answer;
  wasm_shm_asked asked;
  int round;
  if (wasm_shm_service_open(&service, &domain, end - 16384, 256, 256, 2) != 0) return;
  if (wasm_shm_client_open(&client, &service) != 0) return;
  if (wasm_shm_server_open(&server, &service, WASM_SHM_RETRY) == 0)
    for (round = 0; round < 5; round++) {
      if (wasm_shm_request(&client, bytes, 40, &answer, soon()) == 0) use(&answer);
      if (wasm_shm_serve(&server, &asked, soon()) != 0) continue;
      for (; asked.length > 0u; asked.length--) sum += asked.bytes[asked.length - 1u];
      wasm_shm_answer(&server, &asked, WASM_SHM_ANSWERED, bytes, 40, soon());
    }
  wasm_shm_server_release(&server);
  wasm_shm_client_release(&client);
}

int main(int count, char** words) {
  size_t size;
  time_t end;
  unsigned long rounds = 0;
  unsigned char* window;
  if (count != 4) return 2;
  size = strtoul(words[2], NULL, 10);
  end = time(NULL) + atol(words[3]);
  window = shmat(atoi(words[1]), NULL, 0);
  if (window == (void*)-1) return 3;
  while (time(NULL) < end) {
    if (wasm_shm_join(&domain, window, size, 0, 4) != 0) continue;
    play(size);
    serve(size);
    wasm_shm_leave(&domain);
    rounds++;
  }
  fprintf(stderr, "%lu rounds, %u\n", rounds, sum);
  puts(rounds > 0 ? "all as it should be" : "it never joined");
  return 0;
}
