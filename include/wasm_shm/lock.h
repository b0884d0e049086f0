/* wasm-shm's mutexes, read-write locks, semaphores, events, conditions and barriers, for C11 and
 * Linux. The same words as in JavaScript: docs/protocol.md. SPDX-License-Identifier: MIT
 *
 * Each object is opened by every participant at the same offset of its window. `until` is an
 * absolute time of CLOCK_MONOTONIC, or NULL for as long as it takes.
 *
 *   0               done; a lock is held
 *   EOWNERDEAD      a lock is held, and its owner before died: repair, then call repaired;
 *                   from a barrier: a party died or left
 *   ENOTRECOVERABLE an owner died, and the next one did not repair
 *   ETIMEDOUT       nothing changed
 *   EBUSY           from a try: another participant has it
 *   EDEADLK         this participant itself has it
 *   EPERM           this participant does not have it, has left, or is the child of a fork
 *   EPROTO          the bytes are not what a participant leaves behind */
#ifndef WASM_SHM_LOCK_H
#define WASM_SHM_LOCK_H

#include "barrier.h"
#include "event.h"
#include "mutex.h"
#include "rwlock.h"
#include "semaphore.h"

#endif /* WASM_SHM_LOCK_H */
