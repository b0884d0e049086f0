/* What test/sync/workload.ts does, in C: participant PRIMITIVE SEGMENT. It ends by a kill. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <wasm_shm/lock.h>
#include <wasm_shm/seqlock.h>

enum { FIRST, SECOND, VIOLATIONS, PROGRESS, TOLD, FLAGS = 16, STAYS = 32 };
enum { BYTES = 16384, SLOTS = 16, VALUE = 200, PERMITS = 2, PARTIES = 3 };

static wasm_shm_domain domain;
static wasm_shm_word* data;

static struct timespec in5s(void) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += 5;
  return until;
}

static void add(int word) { atomic_fetch_add(data + word, 1u); }

static void violated(const char* what, int result) {
  add(VIOLATIONS);
  fprintf(stderr, "participant.c: %s: %s\n", what, strerror(result));
}

/* Changes two words that are equal whenever nobody is inside. */
static void change(int died) {
  volatile uint32_t* words = (volatile uint32_t*)(void*)data;
  int spin;
  if (died) {
    words[SECOND] = words[FIRST];
    add(TOLD);
  } else if (words[FIRST] != words[SECOND]) {
    violated("half changed", 0);
  }
  words[FIRST]++;
  for (spin = 0; spin < 2000; spin++) atomic_load(data + SECOND);
  words[SECOND]++;
}

static int lock_and_change(wasm_shm_mutex* mutex) {
  struct timespec until = in5s();
  int result = wasm_shm_mutex_lock(mutex, &until);
  if (result != 0 && result != EOWNERDEAD) return result;
  change(result == EOWNERDEAD);
  if (result == EOWNERDEAD) wasm_shm_mutex_repaired(mutex);
  return 0;
}

static int step_mutex(wasm_shm_mutex* mutex) {
  int result = lock_and_change(mutex);
  return result != 0 ? result : wasm_shm_mutex_unlock(mutex);
}

static int step_rwlock(wasm_shm_rwlock* lock) {
  struct timespec until = in5s();
  volatile uint32_t* words = (volatile uint32_t*)(void*)data;
  int result;
  if (rand() % 10 < 3) {
    result = wasm_shm_write_lock(lock, &until);
    if (result != 0 && result != EOWNERDEAD) return result;
    change(result == EOWNERDEAD);
    if (result == EOWNERDEAD) wasm_shm_write_repaired(lock);
    return wasm_shm_write_unlock(lock);
  }
  result = wasm_shm_read_lock(lock, &until);
  if (result != 0 && result != EOWNERDEAD) return result;
  if (result == 0 && words[FIRST] != words[SECOND]) violated("half changed", 0);
  return wasm_shm_read_unlock(lock);
}

/* Gives each slot inside the number of its stay, the others 0. A number that is not 0 in `had`,
 * too, counts. */
static int look(uint32_t* stays, const uint32_t* had) {
  uint32_t slot;
  int count = 0;
  for (slot = 0; slot < domain.slots; slot++) {
    uint32_t stay = atomic_load(data + STAYS + slot), generation = atomic_load(data + FLAGS + slot);
    int inside = generation != 0u && wasm_shm_lives(&domain, wasm_shm_id(slot, generation)) > 0 &&
                 atomic_load(data + STAYS + slot) == stay;
    stays[slot] = inside ? stay : 0u;
    if (inside && (!had || had[slot] == stay)) count++;
  }
  return count;
}

static int step_semaphore(wasm_shm_semaphore* semaphore) {
  struct timespec until = in5s();
  uint32_t seen[SLOTS], again[SLOTS];
  int result = wasm_shm_acquire(semaphore, 1, &until);
  if (result != 0) return result;
  atomic_fetch_add(data + STAYS + domain.slot, 1u);
  atomic_store(data + FLAGS + domain.slot, domain.generation);
  /* During one look some leave and others enter. Stays that two looks see were all inside between
   * the two. */
  if (look(seen, NULL) > PERMITS && look(again, seen) > PERMITS) violated("too many inside", 0);
  atomic_store(data + FLAGS + domain.slot, 0u);
  return wasm_shm_release(semaphore, 1);
}

static int step_event(wasm_shm_event* event) {
  struct timespec until = in5s();
  int result = wasm_shm_event_wait(event, &until);
  return result != 0 ? result : wasm_shm_event_reset(event);
}

static int step_condition(wasm_shm_condition* condition, wasm_shm_mutex* mutex) {
  struct timespec until;
  int locked, result = lock_and_change(mutex);
  if (result != 0) return result;
  until = in5s();
  result = wasm_shm_condition_wait(condition, mutex, &until, &locked);
  if (locked != 0 && locked != EOWNERDEAD) return locked;
  change(locked == EOWNERDEAD);
  if (locked == EOWNERDEAD) wasm_shm_mutex_repaired(mutex);
  locked = wasm_shm_mutex_unlock(mutex);
  return result != 0 ? result : locked;
}

static int step_barrier(wasm_shm_barrier* barrier) {
  struct timespec until = in5s();
  int result = wasm_shm_arrive(barrier, &until);
  if (result != EOWNERDEAD) return result;
  add(TOLD);
  usleep(5000);
  return -1; /* no progress */
}

static int step_seqlock(wasm_shm_seqlock* lock) {
  struct timespec until = in5s();
  unsigned char value[VALUE];
  int at, result;
  if (rand() % 2) {
    memset(value, rand(), sizeof value);
    result = wasm_shm_seqlock_write(lock, value, &until);
    if (result != 0) return result;
  }
  result = wasm_shm_seqlock_read(lock, value);
  for (at = 0; result == 0 && at < VALUE; at++)
    if (value[at] != value[0]) result = EBADMSG;
  return result;
}

int main(int count, char** words) {
  wasm_shm_mutex mutex;
  wasm_shm_rwlock rwlock;
  wasm_shm_semaphore semaphore;
  wasm_shm_event event;
  wasm_shm_condition condition;
  wasm_shm_barrier barrier;
  wasm_shm_seqlock seqlock;
  unsigned char* window;
  const char* kind = words[1];
  int result;
  if (count != 3) return 2;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  srand((unsigned)getpid());
  window = shmat(atoi(words[2]), NULL, 0);
  if (window == (void*)-1) return 3;
  result = wasm_shm_join(&domain, window, BYTES, 0, 0);
  if (result != 0) {
    fprintf(stderr, "participant.c: join: %s\n", strerror(result));
    return 4;
  }
  data = (wasm_shm_word*)(void*)(window + 8192);
  puts("joined");
  fflush(stdout);
  result = wasm_shm_mutex_open(&mutex, &domain, 4096);
  if (result == 0) result = wasm_shm_event_open(&event, &domain, 4160);
  if (result == 0) result = wasm_shm_condition_open(&condition, &domain, 4224);
  if (result == 0) result = wasm_shm_semaphore_open(&semaphore, &domain, 4352, PERMITS);
  if (result == 0 && !strcmp(kind, "barrier"))
    result = wasm_shm_barrier_open(&barrier, &domain, 4480, PARTIES);
  if (result == 0) result = wasm_shm_rwlock_open(&rwlock, &domain, 4608);
  if (result == 0) result = wasm_shm_seqlock_open(&seqlock, &domain, 5760, VALUE, 2);
  if (result != 0) {
    violated("open", result);
    return 5;
  }
  for (;;) {
    result = !strcmp(kind, "mutex")       ? step_mutex(&mutex)
             : !strcmp(kind, "rwLock")    ? step_rwlock(&rwlock)
             : !strcmp(kind, "semaphore") ? step_semaphore(&semaphore)
             : !strcmp(kind, "event")     ? step_event(&event)
             : !strcmp(kind, "condition") ? step_condition(&condition, &mutex)
             : !strcmp(kind, "barrier")   ? step_barrier(&barrier)
                                          : step_seqlock(&seqlock);
    if (result > 0)
      violated(kind, result);
    else if (result == 0)
      add(PROGRESS);
  }
}
