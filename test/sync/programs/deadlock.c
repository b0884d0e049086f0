/* A read lock that waits for a writer that waits for this participant's other read lock:
 * deadlock SEGMENT. Prints "ok". */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <wasm_shm/lock.h>

int main(int count, char** words) {
  static const struct timespec past = {0, 1};
  static wasm_shm_domain domain, other;
  wasm_shm_rwlock lock;
  void* window = shmat(count == 2 ? atoi(words[1]) : -1, NULL, 0);
  if (window == (void*)-1 || wasm_shm_join(&domain, window, 16384, 0, 0) != 0 ||
      wasm_shm_join(&other, window, 16384, 0, 0) != 0 ||
      wasm_shm_rwlock_open(&lock, &domain, 4608) != 0)
    return 2;
  if (wasm_shm_read_lock(&lock, NULL) != 0) return 3;
  atomic_store(lock.words + WASM_SHM_STATE, other.id | WASM_SHM_PENDING);
  if (wasm_shm_read_try(&lock) != EBUSY || wasm_shm_read_lock(&lock, NULL) != EDEADLK) return 4;
  if (wasm_shm_read_unlock(&lock) != 0) return 5;
  /* One that does not read waits. */
  if (wasm_shm_read_lock(&lock, &past) != ETIMEDOUT) return 6;
  /* A writer that is gone keeps no reader out. */
  if (wasm_shm_leave(&other) != 0 || wasm_shm_read_lock(&lock, NULL) != 0 ||
      wasm_shm_read_lock(&lock, NULL) != 0 || wasm_shm_leave(&domain) != 0)
    return 7;
  puts("ok");
  return 0;
}
