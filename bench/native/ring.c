// A ring of messages between two processes in C, with the records and positions of wasm-shm's
// channels (docs/protocol.md, spsc) and nothing else: no sleepers, no close, no deaths, no check of
// what the other side stored. It is the limit that a channel is measured against.
#define _GNU_SOURCE
#include "ring.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

enum { kTail = 64, kHead = 128, kRecords = 960, kHeader = 8, kMostBytes = 1 << 20 };
#define PADDING 0x80000000u

typedef _Atomic uint32_t Word;

// One end of a ring.
typedef struct {
  unsigned char* ring;
  uint32_t capacity;
  uint32_t position;  // of this end
  uint32_t other;     // the other end's, as last read
  uint32_t stored;    // what the own word says
} End;

// What both ends know.
typedef struct {
  End out, in;
  uint32_t bytes, batch, sent, received;
  int is_patient;  // 0: the other side did not answer, or a wrong message came
} Port;

static Word* At(const End* end, uint32_t byte) { return (Word*)(void*)(end->ring + byte); }

static unsigned char* Record(const End* end, uint32_t position) {
  return end->ring + kRecords + (position & (end->capacity - 1));
}

static double Now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

// Called while spinning. If the other side has no core, it may have this one. It has 30 s.
static void Idle(Port* port, uint32_t* looks, double* limit) {
  if (++*looks % (1u << 14) != 0) return;
  sched_yield();
  if (*limit == 0) *limit = Now() + 30e9;
  if (Now() > *limit) port->is_patient = 0;
}

static void Publish(End* end) {
  if (end->stored == end->position) return;
  end->stored = end->position;
  atomic_store(At(end, kTail), end->position);
}

static void GiveBack(End* end) {
  if (end->stored == end->position) return;
  end->stored = end->position;
  atomic_store(At(end, kHead), end->position);
}

static void Send(Port* port, const unsigned char* source) {
  End* end = &port->out;
  uint32_t need = (port->bytes + kHeader + 7) & ~7u;
  uint32_t to_end = end->capacity - (end->position & (end->capacity - 1));
  uint32_t total = need > to_end ? to_end + need : need, looks = 0;
  double limit = 0;
  while (end->position + total - end->other > end->capacity) {
    end->other = atomic_load(At(end, kHead));
    if (end->position + total - end->other <= end->capacity) break;
    Publish(end);
    Idle(port, &looks, &limit);
    if (!port->is_patient) return;
  }
  if (need > to_end) {
    *(uint32_t*)(void*)Record(end, end->position) = to_end | PADDING;
    end->position += to_end;
  }
  unsigned char* record = Record(end, end->position);
  memcpy(record + kHeader, source, port->bytes);
  *(uint32_t*)(void*)(record + kHeader) = port->sent++;
  *(uint32_t*)(void*)record = port->bytes;
  end->position += need;
  if (port->sent % port->batch == 0) Publish(end);
}

static void Receive(Port* port) {
  End* end = &port->in;
  uint32_t looks = 0;
  double limit = 0;
  for (;;) {
    if (end->position == end->other) {
      GiveBack(end);
      end->other = atomic_load(At(end, kTail));
      if (end->position != end->other) continue;
      Idle(port, &looks, &limit);
      if (!port->is_patient) return;
      continue;
    }
    const unsigned char* record = Record(end, end->position);
    const uint32_t length = *(const volatile uint32_t*)(const void*)record;
    if ((length & PADDING) != 0) {
      end->position += length & ~PADDING;
      continue;
    }
    if (*(const volatile uint32_t*)(const void*)(record + kHeader) != port->received++)
      port->is_patient = 0;
    end->position += (length + kHeader + 7) & ~7u;
    if (end->position - end->stored >= end->capacity / 4) GiveBack(end);
    return;
  }
}

static End Opened(unsigned char* ring, uint32_t capacity, uint32_t own, uint32_t other) {
  End end = {ring, capacity, 0, 0, 0};
  end.position = end.stored = atomic_load(At(&end, own));
  end.other = atomic_load(At(&end, other));
  return end;
}

enum { kArguments = 9 };

// Args: (window, out, in, capacity, bytes, isOneWay, count, batch, sends). A sender makes `count`
// round trips, or sends so many messages, after one round trip; a receiver is the other side of
// that. Returns when the clock started and when the last message was there, ns of CLOCK_MONOTONIC;
// or undefined if the other side did not answer, or sent something else.
static napi_value Ring(napi_env env, napi_callback_info info) {
  static unsigned char source[kMostBytes];
  size_t count = kArguments;
  napi_value arguments[kArguments], result = NULL, number;
  int64_t value[kArguments] = {0};
  void* window = NULL;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_typedarray_info(env, arguments[0], NULL, NULL, &window, NULL, NULL);
  for (size_t at = 1; at < kArguments; at++) napi_get_value_int64(env, arguments[at], &value[at]);
  unsigned char* bytes = (unsigned char*)window;
  const uint32_t capacity = (uint32_t)value[3];
  const int is_one_way = value[5] != 0, sends = value[8] != 0;
  Port port = {Opened(bytes + value[1], capacity, kTail, kHead),
               Opened(bytes + value[2], capacity, kHead, kTail),
               (uint32_t)value[4],
               (uint32_t)value[7],
               0,
               0,
               1};
  double times[2] = {0, 0};
  if (sends) Send(&port, source), Publish(&port.out);
  Receive(&port);
  if (!sends) Send(&port, source), Publish(&port.out);
  times[0] = Now();
  for (int64_t made = 0; made < value[6] && port.is_patient; made++) {
    if (sends || !is_one_way) {
      if (!sends) Receive(&port);
      Send(&port, source);
      if (!is_one_way) Publish(&port.out);
      if (sends && !is_one_way) Receive(&port);
    } else
      Receive(&port);
  }
  Publish(&port.out);
  GiveBack(&port.in);
  times[1] = Now();
  if (!port.is_patient) return NULL;
  napi_create_array_with_length(env, 2, &result);
  for (uint32_t at = 0; at < 2; at++) {
    napi_create_double(env, times[at], &number);
    napi_set_element(env, result, at, number);
  }
  return result;
}

void AddRing(napi_env env, napi_value exports) {
  napi_value function;
  napi_create_function(env, "ring", NAPI_AUTO_LENGTH, Ring, NULL, &function);
  napi_set_named_property(env, exports, "ring", function);
}
