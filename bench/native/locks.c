// Contended mutexes through C: two threads that lock, change two words, and unlock, as fast as they
// can. All kinds lie in a segment and are shared between processes, as far as the C library knows.
#define _GNU_SOURCE
#include "locks.h"

#include <math.h>
#include <pthread.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <time.h>
#include <wasm_shm/mutex.h>

typedef enum { kOurs, kPlain, kRobust } Kind;

enum { kBytes = 8192, kMutex = 4096, kGlibc = 6144, kThreads = 2 };

typedef struct {
  unsigned char* window;
  Kind kind;
  int rounds;
  int failed;
  double began, ended;
  pthread_barrier_t* barrier;
} Job;

static double Now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void* Work(void* argument) {
  Job* job = (Job*)argument;
  volatile uint64_t* data = (volatile uint64_t*)(job->window + 7168);
  pthread_mutex_t* glibc = (pthread_mutex_t*)(job->window + kGlibc);
  wasm_shm_domain domain;
  wasm_shm_mutex mutex;
  job->failed = wasm_shm_join(&domain, job->window, kBytes, 0, 4) != 0 ||
                wasm_shm_mutex_open(&mutex, &domain, kMutex) != 0;
  pthread_barrier_wait(job->barrier);
  job->began = Now();
  for (int round = 0; round < job->rounds && !job->failed; round++) {
    if ((job->kind != kOurs ? pthread_mutex_lock(glibc) : wasm_shm_mutex_lock(&mutex, NULL)) != 0)
      job->failed = 1;
    data[0]++;
    data[8]++;
    if ((job->kind != kOurs ? pthread_mutex_unlock(glibc) : wasm_shm_mutex_unlock(&mutex)) != 0)
      job->failed = 1;
  }
  job->ended = Now();
  pthread_barrier_wait(job->barrier);
  wasm_shm_leave(&domain);
  return NULL;
}

// Args: (kind, rounds). Nanoseconds from the first thread's start until both have made so many
// rounds; -1 if a change was lost. The threads read the clock: a third one would read it only when
// it got a core.
static napi_value Contended(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2], result;
  int32_t kind = 0, rounds = 0;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_int32(env, arguments[0], &kind);
  napi_get_value_int32(env, arguments[1], &rounds);
  const int id = shmget(IPC_PRIVATE, kBytes, IPC_CREAT | 0600);
  unsigned char* window = (unsigned char*)shmat(id, NULL, 0);
  shmctl(id, IPC_RMID, NULL);
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (kind == kRobust) pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init((pthread_mutex_t*)(window + kGlibc), &attributes);
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, kThreads);
  Job jobs[kThreads];
  pthread_t threads[kThreads];
  for (int at = 0; at < kThreads; at++) {
    jobs[at] = (Job){window, (Kind)kind, rounds, 0, 0, 0, &barrier};
    pthread_create(&threads[at], NULL, Work, &jobs[at]);
  }
  double began = INFINITY, ended = 0;
  int failed = 0;
  for (int at = 0; at < kThreads; at++) {
    pthread_join(threads[at], NULL);
    began = fmin(began, jobs[at].began);
    ended = fmax(ended, jobs[at].ended);
    failed |= jobs[at].failed;
  }
  if (*(uint64_t*)(window + 7168) != (uint64_t)rounds * kThreads) failed = 1;
  pthread_barrier_destroy(&barrier);
  shmdt(window);
  napi_create_double(env, failed ? -1 : ended - began, &result);
  return result;
}

void AddLocks(napi_env env, napi_value exports) {
  napi_value function;
  napi_create_function(env, "contended", NAPI_AUTO_LENGTH, Contended, NULL, &function);
  napi_set_named_property(env, exports, "contended", function);
}
