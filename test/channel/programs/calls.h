/* What the programs that check the headers share: two participants of one process, and what fails.
 */
#ifndef CALLS_H
#define CALLS_H

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <wasm_shm/liveness.h>

/* What happens before the next look whether a participant lives. */
static void (*before_look)(void);

static inline int lives_later(const wasm_shm_domain* domain, uint32_t id) {
  void (*work)(void) = before_look;
  before_look = NULL;
  if (work != NULL) work();
  return wasm_shm_lives(domain, id);
}
#define wasm_shm_lives lives_later

#include <wasm_shm/service.h>
#include <wasm_shm/topic.h>

enum { BYTES = 1 << 20 };

static unsigned char *first, *second;
static wasm_shm_domain one, two;

static void is(int line, int found, int wanted) {
  if (found == wanted) return;
  fprintf(stderr, "line %d: %d (%s), not %d\n", line, found, strerror(found), wanted);
  exit(1);
}
#define IS(found, wanted) is(__LINE__, (int)(found), (int)(wanted))

static inline const struct timespec* soon(void) {
  static struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += 5000000;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  return &until;
}

/* Joins both to the domain of the segment that a program's argument names. */
static inline void join_both(int segment) {
  first = shmat(segment, NULL, 0);
  second = shmat(segment, NULL, 0);
  if (first == (void*)-1 || second == (void*)-1) exit(3);
  IS(wasm_shm_join(&one, first, BYTES, 0, 0), 0);
  IS(wasm_shm_join(&two, second, BYTES, 0, 0), 0);
}

static inline void leave_both(void) {
  IS(wasm_shm_leave(&one), 0);
  IS(wasm_shm_leave(&two), 0);
  puts("all as it should be");
}

#endif /* CALLS_H */
