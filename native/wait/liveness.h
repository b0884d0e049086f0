#ifndef WASM_SHM_WAIT_LIVENESS_H_
#define WASM_SHM_WAIT_LIVENESS_H_

#include "wait/words.h"

// Says of the calling thread who it is, in the lines of its slot; then that the lines are valid for
// `generation`.
void Describe(const Domain& domain, uint32_t slot, uint32_t generation, uint32_t kind);

// The number of a namespace of the calling thread, "pid" or "net"; 0 if /proc does not tell.
uint32_t NamespaceOf(const char* kind);

// Marks every participant dead whose thread is gone although the kernel did not mark it, and wakes
// its waiters. The kernel skips a word if it cannot reach the thread's list: after the OOM reaper
// took the process's memory, or if a hostile peer changed the word.
void BuryVanished(const Domain& domain, uint32_t own);

// The same for one slot; true if it is dead now.
bool IsVanished(const Domain& domain, uint32_t slot);

#endif  // WASM_SHM_WAIT_LIVENESS_H_
