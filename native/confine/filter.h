// A BPF program for seccomp(2), made of the policy for one process.
#ifndef WASM_SHM_CONFINE_FILTER_H_
#define WASM_SHM_CONFINE_FILTER_H_

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>

// What the filter of one process names.
struct Subject {
  int pid;
  const int* segments;   // pairs: an id, and whether only SHM_RDONLY may attach it. No id twice
  size_t segment_count;  // pairs, at most kMostSegments
  const int* events;     // descriptors of eventfd(2), by which threads wake each other
  size_t event_count;    // at most kMostEvents
};

// The kernel takes 4,096 instructions: BPF_MAXINSNS. A segment takes 11, an event 6; the rest of
// the program takes fewer than 256.
constexpr size_t kMostSegments = 256;
constexpr size_t kMostEvents = 64;
constexpr size_t kMostInstructions = 4096;

// The architecture that the policy's numbers belong to; 0 if there is none for this one.
extern const uint32_t kArchitecture;

// Whether V8 was run under the policy on this architecture. On arm64 only the program was tried:
// its test passes under qemu-user, which has no seccomp. A call that V8 makes there and no row has
// would end guests at random, so such a process is refused.
#ifdef __x86_64__
constexpr bool kIsProven = true;
#else
constexpr bool kIsProven = false;
#endif

// Returns how many instructions were written; 0 if they do not fit.
size_t BuildFilter(const Subject& subject, sock_filter* out, size_t most);

#endif  // WASM_SHM_CONFINE_FILTER_H_
