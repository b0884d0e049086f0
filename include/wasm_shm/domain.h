/* Participants of wasm-shm's domains, for C11 and Linux: join, leave, who lives, how to sleep and
 * to wake. docs/protocol.md has every byte. SPDX-License-Identifier: MIT
 *
 * A domain lies in shared memory that the caller has attached (shmat). One thread uses a
 * participant at a time; a second thread joins for itself. After fork(2) the child takes
 * no part: its calls fail with EPERM. Link with -pthread.
 *
 * Calls return 0 or an errno. The shared bytes are hostile: EPROTO says that they are not what a
 * participant leaves behind. */
#ifndef WASM_SHM_DOMAIN_H
#define WASM_SHM_DOMAIN_H

#include "liveness.h"

/* Makes the header, or checks the one that is there. All that is stored follows from the arguments,
 * so a joiner that is killed here leaves nothing to repair. */
static inline int wasm_shm_prepare(wasm_shm_domain* domain, size_t room, uint32_t asked) {
  wasm_shm_word* words = domain->words;
  uint32_t values[5] = {0x4d485357u, 0x00010000u, 0, 0, 2};
  int ready, index;
  uint32_t slots;
  if (room < WASM_SHM_DOMAIN_BYTES(1)) return EINVAL;
  ready = atomic_load(words + WASM_SHM_STATE_WORD) == 2u && atomic_load(words) == values[0];
  slots = ready ? atomic_load(words + WASM_SHM_SLOTS_WORD) : asked != 0u ? asked : 16u;
  if (slots < 1u || slots > WASM_SHM_MAX_SLOTS) return ready ? EPROTO : EINVAL;
  if (WASM_SHM_DOMAIN_BYTES(slots) > room) return ready ? EPROTO : EINVAL;
  if (asked != 0u && asked != slots) return EPROTO;
  values[WASM_SHM_BYTES_WORD] = (uint32_t)WASM_SHM_DOMAIN_BYTES(slots);
  values[WASM_SHM_SLOTS_WORD] = slots;
  for (index = 0; index < 5; index++) {
    uint32_t found = 0;
    if (ready)
      found = atomic_load(words + index);
    else if (atomic_compare_exchange_strong(words + index, &found, values[index]))
      continue;
    if (found == values[index]) continue;
    if (index == WASM_SHM_VERSION_WORD && found >> 16 == values[index] >> 16) continue;
    return EPROTO;
  }
  domain->slots = slots;
  return 0;
}

static inline void wasm_shm_describe(const wasm_shm_domain* domain, uint32_t kind) {
  wasm_shm_word* line = wasm_shm_slot_word(domain, domain->slot, 0);
  uint32_t pid = (uint32_t)getpid();
  uint64_t start = wasm_shm_start_time(pid, (uint32_t)syscall(SYS_gettid)), joined;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  joined = (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
  atomic_store(line + WASM_SHM_PID, pid);
  atomic_store(line + WASM_SHM_START, (uint32_t)start);
  atomic_store(line + WASM_SHM_START + 1, (uint32_t)(start >> 32));
  atomic_store(line + WASM_SHM_PID_NAMESPACE, wasm_shm_namespace("pid"));
  atomic_store(line + WASM_SHM_KIND, kind);
  atomic_store(line + WASM_SHM_JOINED, (uint32_t)joined);
  atomic_store(line + WASM_SHM_JOINED + 1, (uint32_t)(joined >> 32));
  atomic_store(line + WASM_SHM_DESCRIBED, domain->generation);
}

/* The generation is raised before the claim, so that a dead predecessor's id is never taken for
 * alive, and after it, so that the result is this participant's own. */
static inline int wasm_shm_take_slot(wasm_shm_domain* domain, uint32_t slot, uint32_t tid) {
  wasm_shm_word* line = wasm_shm_slot_word(domain, slot, 0);
  uint32_t generation = atomic_load(line + WASM_SHM_GENERATION);
  uint32_t life = atomic_load(line + WASM_SHM_LIFE);
  if (wasm_shm_is_alive(life)) {
    if (!wasm_shm_has_vanished(domain, slot)) return 0;
    life = atomic_load(line + WASM_SHM_LIFE);
    if (wasm_shm_is_alive(life)) return 0;
  }
  if (!wasm_shm_swap(line + WASM_SHM_GENERATION, generation, generation + 1u)) return 0;
  domain->head->list_op_pending = (struct robust_list*)(void*)(line + WASM_SHM_LIFE);
  if (!wasm_shm_swap(line + WASM_SHM_LIFE, life, tid | FUTEX_WAITERS)) {
    domain->head->list_op_pending = NULL;
    return 0;
  }
  domain->slot = slot;
  domain->generation = atomic_fetch_add(line + WASM_SHM_GENERATION, 1u) + 1u;
  domain->id = wasm_shm_id(slot, domain->generation);
  if ((life & FUTEX_OWNER_DIED) != 0u) atomic_fetch_add(line + WASM_SHM_DEATHS, 1u);
  atomic_store(line + WASM_SHM_SLEEPING, 0u);
  wasm_shm_describe(domain, 2u);
  wasm_shm_wake_all(line + WASM_SHM_LIFE);
  atomic_fetch_add(domain->words + WASM_SHM_EPOCH_WORD, 1u);
  wasm_shm_wake_all(domain->words + WASM_SHM_EPOCH_WORD);
  return 1;
}

/* The keeper: a thread whose robust list names the life word, so that the kernel marks it when the
 * process dies. Only list_op_pending is used, so no pointer lies in the shared memory. */
static void* wasm_shm_keep(void* argument) {
  wasm_shm_domain* domain = (wasm_shm_domain*)argument;
  struct robust_list_head head = {{&head.list}, 0, NULL};
  uint32_t tid = (uint32_t)syscall(SYS_gettid), slot;
  int pass, taken = 0;
  domain->head = &head;
  if (syscall(SYS_set_robust_list, &head, sizeof head) != 0) {
    domain->result = errno;
  } else {
    for (pass = 0; pass < 2 && !taken; pass++)
      for (slot = 0; slot < domain->slots && !taken; slot++)
        taken = wasm_shm_take_slot(domain, slot, tid);
    domain->result = taken ? 0 : EUSERS;
  }
  atomic_store(&domain->reported, 1u);
  syscall(SYS_futex, &domain->reported, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
  if (taken) {
    while (atomic_load(&domain->control) == 0u)
      syscall(SYS_futex, &domain->control, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    /* First the kernel forgets the word. Then it says that the slot is free, if it still is this
     * participant's: a peer may have taken it for dead, and another may have the slot since. */
    head.list_op_pending = NULL;
    wasm_shm_swap(wasm_shm_slot_word(domain, domain->slot, WASM_SHM_LIFE), tid | FUTEX_WAITERS, 0u);
    wasm_shm_wake_all(wasm_shm_slot_word(domain, domain->slot, WASM_SHM_LIFE));
    atomic_fetch_add(domain->words + WASM_SHM_EPOCH_WORD, 1u);
    wasm_shm_wake_all(domain->words + WASM_SHM_EPOCH_WORD);
  }
  /* The kernel reads the head when the thread ends, and this frame is overwritten before. */
  syscall(SYS_set_robust_list, NULL, sizeof head);
  return NULL;
}

/* The participants of this process. Weak, so that all files of a program share them. fork(2) copies
 * no keeper, so in the child none of them takes part. */
__attribute__((weak)) wasm_shm_domain* wasm_shm_participants = NULL;
__attribute__((weak)) pthread_mutex_t wasm_shm_participants_lock = PTHREAD_MUTEX_INITIALIZER;
__attribute__((weak)) pthread_once_t wasm_shm_participants_once = PTHREAD_ONCE_INIT;

static inline void wasm_shm_before_fork(void) { pthread_mutex_lock(&wasm_shm_participants_lock); }
static inline void wasm_shm_after_fork(void) { pthread_mutex_unlock(&wasm_shm_participants_lock); }
static inline void wasm_shm_in_child(void) {
  wasm_shm_domain* domain;
  for (domain = wasm_shm_participants; domain != NULL; domain = domain->next) domain->joined = 0;
  wasm_shm_participants = NULL;
  pthread_mutex_unlock(&wasm_shm_participants_lock);
}
static inline void wasm_shm_watch_forks(void) {
  pthread_atfork(wasm_shm_before_fork, wasm_shm_after_fork, wasm_shm_in_child);
}

static inline void wasm_shm_remember(wasm_shm_domain* domain) {
  pthread_mutex_lock(&wasm_shm_participants_lock);
  domain->next = wasm_shm_participants;
  domain->link = &wasm_shm_participants;
  if (domain->next != NULL) domain->next->link = &domain->next;
  wasm_shm_participants = domain;
  domain->joined = 1;
  pthread_mutex_unlock(&wasm_shm_participants_lock);
}

static inline void wasm_shm_forget(wasm_shm_domain* domain) {
  pthread_mutex_lock(&wasm_shm_participants_lock);
  *domain->link = domain->next;
  if (domain->next != NULL) domain->next->link = domain->link;
  domain->joined = 0;
  pthread_mutex_unlock(&wasm_shm_participants_lock);
}

/** 0 if this process is the participant, or EPERM: it has left, or it is the child of a fork. */
static inline int wasm_shm_check(const wasm_shm_domain* domain) {
  return domain->joined ? 0 : EPERM;
}

/**
 * Joins the domain at `offset` of the attached window, and makes it first if these bytes are zeros.
 *
 * @param slots how many participants it has room for: 1 to 64, or 0 for what it was made with (a
 * new one gets 16)
 * @return EUSERS every slot is taken; EPROTO other bytes are there, or other slots; EINVAL it does
 * not fit, or is not 64-byte aligned; or why the thread did not start
 */
static inline int wasm_shm_join(wasm_shm_domain* domain, void* window, size_t window_bytes,
                                size_t offset, uint32_t slots) {
  sigset_t all, before;
  int error;
  memset(domain, 0, sizeof *domain);
  domain->knocker = -1;
  if (offset % WASM_SHM_LINE != 0 || (uintptr_t)window % WASM_SHM_LINE != 0 ||
      offset > window_bytes)
    return EINVAL;
  pthread_once(&wasm_shm_participants_once, wasm_shm_watch_forks);
  domain->window = (unsigned char*)window;
  domain->window_bytes = window_bytes;
  domain->words = (wasm_shm_word*)(void*)(domain->window + offset);
  error = wasm_shm_prepare(domain, window_bytes - offset, slots);
  if (error == 0) {
    domain->has_waitv = syscall(449, NULL, 0, 0, NULL, 0) == -1 && errno == EINVAL;
    sigfillset(&all); /* the program's signal handlers must not run on the keeper */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&domain->keeper, NULL, wasm_shm_keep, domain);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  if (error == 0) {
    while (atomic_load(&domain->reported) == 0u)
      syscall(SYS_futex, &domain->reported, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    error = domain->result;
    if (error != 0) pthread_join(domain->keeper, NULL);
  }
  if (error == 0) wasm_shm_remember(domain);
  return error;
}

/** Gives the slot back. Call it before shmdt(2): a life word that is detached first stays alive. */
static inline int wasm_shm_leave(wasm_shm_domain* domain) {
  int error = wasm_shm_check(domain);
  if (error != 0) return error;
  wasm_shm_forget(domain);
  atomic_store(&domain->control, 1u);
  syscall(SYS_futex, &domain->control, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
  pthread_join(domain->keeper, NULL);
  if (domain->knocker >= 0) close(domain->knocker);
  domain->knocker = -1;
  return 0;
}

/* ---- Objects: lines of 64 bytes. Word 0 says what it is, 1 and 2 its arguments, 4 and 5 the mask
 * of sleepers, and the state begins at word 8. ---- */

enum { WASM_SHM_FIRST = 1, WASM_SHM_SECOND = 2, WASM_SHM_SLEEPERS = 4, WASM_SHM_STATE = 8 };

/** Opens the object at `offset` of the window, and makes it first if these bytes are zeros. */
static inline int wasm_shm_open(const wasm_shm_domain* domain, uint32_t kind, size_t offset,
                                size_t bytes, uint32_t first, uint32_t second,
                                wasm_shm_word** words) {
  uint32_t values[3];
  int index;
  size_t start, end;
  int error = wasm_shm_check(domain);
  if (error != 0) return error;
  start = (size_t)((unsigned char*)domain->words - domain->window);
  end = start + WASM_SHM_DOMAIN_BYTES(domain->slots);
  if (offset % WASM_SHM_LINE != 0 || bytes > domain->window_bytes ||
      offset > domain->window_bytes - bytes || (offset < end && offset + bytes > start))
    return EINVAL;
  *words = (wasm_shm_word*)(void*)(domain->window + offset);
  if (atomic_load(*words) != 0u && atomic_load(*words) != kind) return EPROTO;
  values[0] = first;
  values[1] = second;
  values[2] = kind;
  for (index = 0; index < 3; index++) {
    uint32_t found = 0;
    if (!atomic_compare_exchange_strong(*words + (index + 1) % 3, &found, values[index]) &&
        found != values[index])
      return EPROTO;
  }
  return 0;
}

#endif /* WASM_SHM_DOMAIN_H */
