/* The words of wasm-shm's domains, and who in them is alive, for C11 and Linux. docs/protocol.md
 * has every byte. SPDX-License-Identifier: MIT */
#ifndef WASM_SHM_LIVENESS_H
#define WASM_SHM_LIVENESS_H

#if !defined(_GNU_SOURCE) && !defined(_DEFAULT_SOURCE)
#error "define _GNU_SOURCE before the first #include: the header needs syscall(2)"
#endif

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define WASM_SHM_MAX_SLOTS 64u
#define WASM_SHM_LINE 64u
#define WASM_SHM_SLOT_BYTES 128u
#define WASM_SHM_DOMAIN_BYTES(slots) (WASM_SHM_LINE + WASM_SHM_SLOT_BYTES * (size_t)(slots))

#define WASM_SHM_ID_BITS 0x3fffff7fu
#define WASM_SHM_GENERATION_BITS 0x3fffffu

typedef _Atomic uint32_t wasm_shm_word;

/* Words of the header, and of a slot. */
enum {
  WASM_SHM_MAGIC_WORD = 0,
  WASM_SHM_VERSION_WORD = 1,
  WASM_SHM_BYTES_WORD = 2,
  WASM_SHM_SLOTS_WORD = 3,
  WASM_SHM_STATE_WORD = 4,
  WASM_SHM_EPOCH_WORD = 5
};
enum {
  WASM_SHM_LIFE = 0,
  WASM_SHM_GENERATION = 1,
  WASM_SHM_PID = 2,
  WASM_SHM_START = 3,
  WASM_SHM_PID_NAMESPACE = 5,
  WASM_SHM_KIND = 6,
  WASM_SHM_JOINED = 7,
  WASM_SHM_DEATHS = 9,
  WASM_SHM_DESCRIBED = 10,
  WASM_SHM_DOORBELL = 16,
  WASM_SHM_SLEEPING = 17,
  WASM_SHM_DOOR = 18,
  WASM_SHM_DOOR_NAMESPACE = 20
};

/* What a sleeper looks at: if one of these words changed, it looks at what it waits for again. */
typedef struct {
  uint32_t doorbell, epoch, lives[WASM_SHM_MAX_SLOTS];
} wasm_shm_snapshot;

/* A participant. Its address must not change between join and leave. */
typedef struct wasm_shm_domain {
  unsigned char* window; /* what the offsets of objects count from */
  size_t window_bytes;
  wasm_shm_word* words; /* the domain's first */
  uint32_t slots, slot, generation, id;
  int has_waitv;
  int joined;                           /* 0 after leave, and in the child of a fork */
  struct wasm_shm_domain *next, **link; /* of the list of participants of this process */
  pthread_t keeper;
  struct robust_list_head* head; /* of the keeper's frame, which outlives that of main */
  wasm_shm_word control, reported;
  int result;
  int knocker; /* the socket that knocks at doors, once one was needed; or -1 */
  uint32_t knocker_namespace;
  wasm_shm_snapshot seen;
  wasm_shm_word requests; /* the number of the last request to a service */
} wasm_shm_domain;

struct wasm_shm_futex_waitv { /* struct futex_waitv, which headers before Linux 5.16 lack */
  uint64_t value, address;
  uint32_t flags, reserved;
};

static inline wasm_shm_word* wasm_shm_slot_word(const wasm_shm_domain* domain, uint32_t slot,
                                                uint32_t word) {
  return domain->words + (WASM_SHM_LINE + WASM_SHM_SLOT_BYTES * slot) / 4u + word;
}

static inline int wasm_shm_is_alive(uint32_t life) {
  return life != 0u && (life & FUTEX_OWNER_DIED) == 0u;
}

static inline uint32_t wasm_shm_id(uint32_t slot, uint32_t generation) {
  return (slot + 1u) | (generation & WASM_SHM_GENERATION_BITS) << 8;
}

/** Whether the participant that an id names is alive; -1 if no participant can have the id. The
 * life word is read first: a successor in the slot is then never taken for it. */
static inline int wasm_shm_lives(const wasm_shm_domain* domain, uint32_t id) {
  uint32_t slot = (id & 0x7fu) - 1u;
  if (slot >= domain->slots) return -1;
  if (!wasm_shm_is_alive(atomic_load(wasm_shm_slot_word(domain, slot, WASM_SHM_LIFE)))) return 0;
  return wasm_shm_id(slot, atomic_load(wasm_shm_slot_word(domain, slot, WASM_SHM_GENERATION))) ==
         id;
}

static inline void wasm_shm_wake_all(wasm_shm_word* word) {
  syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static inline int wasm_shm_swap(wasm_shm_word* word, uint32_t expected, uint32_t value) {
  return atomic_compare_exchange_strong(word, &expected, value);
}

/** The number of a namespace, "pid" or "net"; 0 if /proc does not tell. */
static inline uint32_t wasm_shm_namespace(const char* kind) {
  struct stat status;
  char path[48];
  snprintf(path, sizeof path, "/proc/thread-self/ns/%s", kind);
  return stat(path, &status) == 0 ? (uint32_t)status.st_ino : 0u;
}

/* 0 and errno if it is refused. */
static inline int wasm_shm_read_text(const char* path, char* text, size_t size) {
  ssize_t length;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  length = read(file, text, size - 1);
  close(file);
  text[length < 0 ? 0 : length] = '\0';
  return length >= 0;
}

/* What the own time namespace adds to start times, in clock ticks; 0 if /proc does not tell. The
 * file is of the namespace of children. */
static inline int wasm_shm_time_offset(int64_t* ticks) {
  char text[1024], *nanoseconds;
  const char* at;
  int64_t per_second = sysconf(_SC_CLK_TCK);
  *ticks = 0;
  if (!wasm_shm_read_text("/proc/self/timens_offsets", text, sizeof text))
    return errno == ENOENT; /* before Linux 5.6 */
  at = strchr(text, '\n');
  if (at != NULL) at = strchr(at, ' ');
  if (at == NULL || wasm_shm_namespace("time") != wasm_shm_namespace("time_for_children")) return 0;
  *ticks = strtoll(at, &nanoseconds, 10) * per_second;
  *ticks += strtoll(nanoseconds, NULL, 10) / (1000000000 / per_second);
  return 1;
}

/* The start time of a thread in clock ticks since boot in the initial time namespace, 0 if /proc
 * does not tell: proc_pid_stat(5). */
static inline uint64_t wasm_shm_start_time(uint32_t pid, uint32_t tid) {
  char path[64], text[1024];
  const char* at;
  int64_t offset;
  int field;
  snprintf(path, sizeof path, "/proc/%u/task/%u/stat", (unsigned)pid, (unsigned)tid);
  if (!wasm_shm_read_text(path, text, sizeof text) || !wasm_shm_time_offset(&offset)) return 0;
  at = strrchr(text, ')');
  for (field = 2; at != NULL && field < 22; field++) at = strchr(at + 1, ' ');
  return at == NULL ? 0 : strtoull(at + 1, NULL, 10) - (uint64_t)offset;
}

/** Marks a participant dead whose thread is gone although the kernel did not mark it (the OOM
 * reaper, a hostile peer). A stopped process is not gone. */
static inline int wasm_shm_has_vanished(const wasm_shm_domain* domain, uint32_t slot) {
  wasm_shm_word* life_word = wasm_shm_slot_word(domain, slot, WASM_SHM_LIFE);
  wasm_shm_word* line = life_word;
  uint32_t life = atomic_load(life_word), generation, pid, tid, space;
  uint64_t start, found;
  if (!wasm_shm_is_alive(life)) return 1;
  generation = atomic_load(line + WASM_SHM_GENERATION);
  if (atomic_load(line + WASM_SHM_DESCRIBED) != generation) return 0; /* it is still joining */
  pid = atomic_load(line + WASM_SHM_PID);
  start = atomic_load(line + WASM_SHM_START) | (uint64_t)atomic_load(line + WASM_SHM_START + 1)
                                                   << 32;
  space = atomic_load(line + WASM_SHM_PID_NAMESPACE);
  if (atomic_load(line + WASM_SHM_GENERATION) != generation) return 0;
  tid = life & FUTEX_TID_MASK;
  if (space == 0u || space != wasm_shm_namespace("pid") || pid == 0u || pid > INT_MAX || tid == 0u)
    return 0;
  if (syscall(SYS_tgkill, pid, tid, 0) == 0 || errno != ESRCH) {
    found = start == 0 ? 0 : wasm_shm_start_time(pid, tid);
    if (found == 0 || found - start + 1u <= 2u) return 0; /* both are rounded: off by one */
  }
  if (!wasm_shm_swap(life_word, life, FUTEX_WAITERS | FUTEX_OWNER_DIED)) return 0;
  wasm_shm_wake_all(life_word);
  return 1;
}

static inline void wasm_shm_bury_vanished(const wasm_shm_domain* domain) {
  uint32_t slot;
  for (slot = 0; slot < domain->slots; slot++)
    if (slot != domain->slot &&
        wasm_shm_is_alive(atomic_load(wasm_shm_slot_word(domain, slot, WASM_SHM_LIFE))))
      wasm_shm_has_vanished(domain, slot);
}

#endif /* WASM_SHM_LIVENESS_H */
