// A peer of test/peers/peers.test.ts, with sys/shm.h and C11 atomics. Arguments: COMMAND SEGMENT
// [NUMBER | TEXT]...; SEGMENT is a key or #ID. It answers, and waits, by lines.
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

enum { TIME_LIMIT_SECONDS = 60 };  // then SIGALRM ends a peer whose test is gone

static int failed(const char* call) {
  perror(call);
  return 1;
}

static void wait_for_line(void) {
  char line[16];
  if (fgets(line, sizeof line, stdin) == NULL) exit(1);
}

static unsigned adler32(const unsigned char* bytes, size_t length) {
  unsigned low = 1, high = 0;
  for (size_t at = 0; at < length; at++) {
    low = (low + bytes[at]) % 65521;
    high = (high + low) % 65521;
  }
  return high * 65536 + low;
}

// Writes the second half in blocks while the test writes the first half in blocks, and checksums
// each block of the test.
static void both(unsigned char* bytes, size_t block, size_t blocks) {
  puts("ready");
  wait_for_line();
  for (size_t at = 0; at < blocks; at++) {
    memset(bytes + (blocks + at) * block, 'a' + (int)(at % 26), block);
    puts("written");
    wait_for_line();
    printf("%u\n", adler32(bytes + at * block, block));
  }
  wait_for_line();
  printf("%u\n", adler32(bytes, 2 * blocks * block));
}

// Adds 1, stage * stages times, and prints how often it saw the test's count move. Neither side
// begins a stage before the other has begun the previous one, so that both run at the same time.
static void count(_Atomic int* counter, _Atomic int* begin, int stage, int stages) {
  int moved = 0, others = 0;
  puts("ready");
  while (atomic_load(begin) == 0) sched_yield();
  for (int own = 0; own < stage * stages; own++) {
    if (own % stage == 0)
      while (atomic_load(counter) - own <= own - stage) sched_yield();
    const int seen = atomic_fetch_add(counter, 1) - own;
    moved += seen != others;
    others = seen;
  }
  printf("%d\n", moved);
}

int main(int words, char** word) {
  if (words < 3) return 1;
  alarm(TIME_LIMIT_SECONDS);
  setvbuf(stdout, NULL, _IOLBF, 0);
  const char* const command = word[1];
  const char* const text = words > 4 ? word[4] : "";
  const size_t first = words > 3 ? strtoul(word[3], NULL, 10) : 0;
  const size_t second = strtoul(text, NULL, 10);
  const key_t key = (key_t)atol(word[2]);
  const int create = strcmp(command, "create") == 0;
  const int id = word[2][0] == '#' ? atoi(word[2] + 1)
                 : create          ? shmget(key, first, IPC_CREAT | IPC_EXCL | 0600)
                                   : shmget(key, 0, 0);
  if (id < 0) return failed("shmget");
  if (create) return printf("%d\n", id) < 0;
  if (strcmp(command, "remove") == 0) return shmctl(id, IPC_RMID, NULL) == 0 ? 0 : failed("shmctl");

  unsigned char* const bytes = shmat(id, NULL, 0);
  if (bytes == (void*)-1) return failed("shmat");
  struct shmid_ds state;
  if (shmctl(id, IPC_STAT, &state) != 0) return failed("shmctl");
  if (strcmp(command, "size") == 0) {
    printf("%zu\n", state.shm_segsz);
  } else if (strcmp(command, "read") == 0) {
    printf("%.*s\n", (int)second, (const char*)bytes + first);
  } else if (strcmp(command, "write") == 0) {
    memcpy(bytes + first, text, strlen(text));
  } else if (strcmp(command, "hold") == 0) {
    printf("%lu\n", (unsigned long)state.shm_nattch);
    wait_for_line();
    printf("%.*s\n", (int)second, (const char*)bytes + first);
  } else if (strcmp(command, "both") == 0) {
    both(bytes, first, second);
  } else if (strcmp(command, "count") == 0) {
    count((_Atomic int*)bytes, (_Atomic int*)(bytes + 64), (int)first, (int)second);
  } else {
    return 1;
  }
  return shmdt(bytes) == 0 ? 0 : failed("shmdt");
}
