/* A seqlock whose words are damaged, and each call of the locks after the participant has left:
 * left SEGMENT. Prints "ok". */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <wasm_shm/lock.h>
#include <wasm_shm/seqlock.h>

static wasm_shm_domain domain;
static wasm_shm_mutex mutex;

/* Each call of a participant that has left and has no window is EPERM, and touches nothing. */
static int leave_and_call(void* window) {
  wasm_shm_rwlock rwlock;
  wasm_shm_semaphore semaphore;
  wasm_shm_event event;
  wasm_shm_condition condition;
  wasm_shm_barrier barrier;
  wasm_shm_seqlock seqlock;
  unsigned char value[8] = {0};
  size_t index;
  int locked;
  if (wasm_shm_event_open(&event, &domain, 4160) != 0 ||
      wasm_shm_condition_open(&condition, &domain, 4224) != 0 ||
      wasm_shm_semaphore_open(&semaphore, &domain, 4352, 1) != 0 ||
      wasm_shm_barrier_open(&barrier, &domain, 4480, 1) != 0 ||
      wasm_shm_rwlock_open(&rwlock, &domain, 4608) != 0 ||
      wasm_shm_seqlock_open(&seqlock, &domain, 8192, sizeof value, 2) != 0)
    return 20;
  /* As many writes begin as there are copies: the value is not copied. */
  atomic_store(seqlock.words + WASM_SHM_STATE + 1, 2u);
  value[0] = 9;
  if (wasm_shm_seqlock_read(&seqlock, value) != EAGAIN || value[0] != 9) return 21;
  if (wasm_shm_leave(&domain) != 0) return 22;
  shmdt(window);
  const int results[] = {
      wasm_shm_leave(&domain),
      wasm_shm_mutex_open(&mutex, &domain, 4096),
      wasm_shm_mutex_try(&mutex),
      wasm_shm_mutex_lock(&mutex, NULL),
      wasm_shm_mutex_repaired(&mutex),
      wasm_shm_mutex_unlock(&mutex),
      wasm_shm_rwlock_open(&rwlock, &domain, 4608),
      wasm_shm_read_try(&rwlock),
      wasm_shm_read_lock(&rwlock, NULL),
      wasm_shm_read_unlock(&rwlock),
      wasm_shm_write_try(&rwlock),
      wasm_shm_write_lock(&rwlock, NULL),
      wasm_shm_write_repaired(&rwlock),
      wasm_shm_write_unlock(&rwlock),
      wasm_shm_semaphore_open(&semaphore, &domain, 4352, 1),
      wasm_shm_acquire_try(&semaphore, 1),
      wasm_shm_acquire(&semaphore, 1, NULL),
      wasm_shm_release(&semaphore, 1),
      wasm_shm_event_open(&event, &domain, 4160),
      wasm_shm_event_set(&event),
      wasm_shm_event_reset(&event),
      wasm_shm_event_wait(&event, NULL),
      wasm_shm_condition_open(&condition, &domain, 4224),
      wasm_shm_notify_all(&condition),
      wasm_shm_condition_wait(&condition, &mutex, NULL, &locked),
      wasm_shm_barrier_open(&barrier, &domain, 4480, 1),
      wasm_shm_arrive(&barrier, NULL),
      wasm_shm_barrier_reset(&barrier),
      wasm_shm_seqlock_open(&seqlock, &domain, 8192, sizeof value, 2),
      wasm_shm_seqlock_read(&seqlock, value),
      wasm_shm_seqlock_write(&seqlock, value, NULL),
  };
  for (index = 0; index < sizeof results / sizeof *results; index++)
    if (results[index] != EPERM) return 30 + (int)index;
  return 0;
}

int main(int count, char** words) {
  void* window = shmat(count == 2 ? atoi(words[1]) : -1, NULL, 0);
  int status;
  if (window == (void*)-1 || wasm_shm_join(&domain, window, 16384, 0, 0) != 0) return 2;
  if (wasm_shm_mutex_open(&mutex, &domain, 4096) != 0) return 3;
  status = leave_and_call(window);
  if (status == 0) puts("ok");
  return status;
}
