// A peer of test/peer.test.ts, by sys/shm.h and C11 atomics: COMMAND KEY [OFFSET [LENGTH | TEXT]].
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

int main(int count, char** words) {
  if (count < 3) return 1;
  const char* const command = words[1];
  const key_t key = (key_t)atol(words[2]);
  const size_t first = count > 3 ? strtoul(words[3], NULL, 10) : 0;
  const size_t second = count > 4 ? strtoul(words[4], NULL, 10) : 0;
  if (strcmp(command, "create") == 0) return shmget(key, first, IPC_CREAT | IPC_EXCL | 0600) < 0;
  const int id = shmget(key, 0, 0);
  struct shmid_ds state;
  if (shmctl(id, IPC_STAT, &state) != 0) return 1;
  unsigned char* const bytes = shmat(id, NULL, 0);
  if (bytes == (void*)-1) return 1;
  if (strcmp(command, "size") == 0) {
    printf("%zu", state.shm_segsz);
  } else if (strcmp(command, "read") == 0) {
    printf("%.*s", (int)second, (const char*)bytes + first);
  } else if (strcmp(command, "write") == 0) {
    memcpy(bytes + first, words[4], strlen(words[4]));
  } else if (strcmp(command, "fill") == 0) {
    memset(bytes + first, 'p', second);
  } else if (strcmp(command, "sum") == 0) {
    unsigned low = 1, high = 0;
    for (size_t at = 0; at < second; at++) {
      low = (low + bytes[first + at]) % 65521;
      high = (high + low) % 65521;
    }
    printf("%u", high * 65536 + low);
  } else if (strcmp(command, "count") == 0) {
    puts("ready");
    fflush(stdout);
    for (size_t at = 0; at < second; at++) atomic_fetch_add((_Atomic int*)(bytes + first), 1);
  } else if (strcmp(command, "remove") == 0) {
    return shmctl(id, IPC_RMID, NULL) != 0;
  } else {
    return 1;
  }
  return shmdt(bytes) != 0;
}
