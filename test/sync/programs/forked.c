/* A child of fork(2) takes no part, and the parent still does. Prints "ok". */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <wasm_shm/lock.h>

int main(int count, char** words) {
  static wasm_shm_domain domain, other;
  wasm_shm_mutex mutex;
  int status;
  void* window = shmat(count == 2 ? atoi(words[1]) : -1, NULL, 0);
  if (window == (void*)-1 || wasm_shm_join(&domain, window, 16384, 0, 0) != 0) return 2;
  if (wasm_shm_mutex_open(&mutex, &domain, 4096) != 0) return 3;
  if (wasm_shm_mutex_lock(&mutex, NULL) != 0) return 4;
  if (wasm_shm_mutex_lock(&mutex, NULL) != EDEADLK || wasm_shm_mutex_try(&mutex) != EBUSY) return 5;
  if (fork() == 0) {
    if (wasm_shm_mutex_unlock(&mutex) != EPERM || wasm_shm_leave(&domain) != EPERM) return 6;
    if (wasm_shm_join(&other, window, 16384, 0, 0) != 0) return 7; /* for itself it may join */
    if (other.id == domain.id || wasm_shm_lives(&other, domain.id) != 1) return 8;
    return wasm_shm_leave(&other);
  }
  wait(&status);
  if (status != 0) return 9;
  if (wasm_shm_mutex_unlock(&mutex) != 0 || wasm_shm_mutex_unlock(&mutex) != EPERM) return 10;
  if (wasm_shm_leave(&domain) != 0 || wasm_shm_leave(&domain) != EPERM) return 11;
  if (wasm_shm_mutex_lock(&mutex, NULL) != EPERM) return 12;
  puts("ok");
  return 0;
}
