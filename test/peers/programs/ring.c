/* Joins, sets the event at 16384, and leaves, each 0.1 s after the other: ring SEGMENT. */
#define _GNU_SOURCE
#include <sys/ipc.h>
#include <sys/shm.h>

#include "wasm_shm/event.h"

int main(int count, char** words) {
  struct shmid_ds info;
  wasm_shm_domain domain;
  wasm_shm_event event;
  void* window;
  if (count != 2) return 2;
  window = shmat(atoi(words[1]), NULL, 0);
  if (window == (void*)-1 || shmctl(atoi(words[1]), IPC_STAT, &info) != 0) return 3;
  if (wasm_shm_join(&domain, window, info.shm_segsz, 0, 0) != 0) return 4;
  usleep(100000);
  if (wasm_shm_event_open(&event, &domain, 16384) != 0 || wasm_shm_event_set(&event) != 0) return 5;
  usleep(100000);
  return wasm_shm_leave(&domain);
}
