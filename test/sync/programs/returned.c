/* Returns from main without a leave, and with a mutex held: returned SEGMENT. What runs at the exit
 * overwrites main's frame, and the participant in it. Prints "ok". */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <wasm_shm/lock.h>

static void overwrite_stack(void) {
  volatile unsigned char bytes[65536];
  size_t index;
  for (index = 0; index < sizeof bytes; index++) bytes[index] = 0xff;
}

int main(int count, char** words) {
  wasm_shm_domain domain;
  wasm_shm_mutex mutex;
  void* window = shmat(count == 2 ? atoi(words[1]) : -1, NULL, 0);
  if (window == (void*)-1 || wasm_shm_join(&domain, window, 16384, 0, 0) != 0) return 2;
  if (wasm_shm_mutex_open(&mutex, &domain, 4096) != 0) return 3;
  if (wasm_shm_mutex_lock(&mutex, NULL) != 0 || atexit(overwrite_stack) != 0) return 4;
  puts("ok");
  return 0;
}
