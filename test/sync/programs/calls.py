"""The locks of the package beside a participant that changes each word, and with a signal handler that raises: calls.py SEGMENT."""

import sys

import _wasm_shm_kernel as kernel
import _wasm_shm_locks
import wasm_shm
from checks import always, changed, fails, raises

segment = int(sys.argv[1])
left, right = wasm_shm.attach(segment), wasm_shm.attach(segment)
one, two = left.join(), right.join()


def locks(offset):
    """Locks beside a participant that changes each word, and with a signal handler that raises."""
    semaphore, seqlock = one.semaphore(offset, 2), one.seqlock(offset + 1024, 8)
    condition, barrier = one.condition(offset + 2048), one.barrier(offset + 3072, 2)
    fails(ValueError, semaphore.try_acquire, 0)
    fails(ValueError, semaphore.try_acquire, 3)
    changed(semaphore, "_count", raises(KeyboardInterrupt), fails, KeyboardInterrupt, semaphore.try_acquire)
    assert kernel.load(semaphore._word) == 0
    kernel.store(semaphore._word, _wasm_shm_locks.NOT_RECOVERABLE)
    fails(wasm_shm.LayoutError, semaphore.acquire)

    def busy(call, *arguments):
        changed(_wasm_shm_locks, "compare_exchange", always(0xFFFFFFFF), call, *arguments)

    fails(wasm_shm.TimedOut, barrier.arrive, 0.005)
    assert kernel.load(barrier._word) == 0

    def interrupted(attempt, *_):
        attempt()
        raise KeyboardInterrupt

    changed(barrier, "_wait", interrupted, fails, KeyboardInterrupt, barrier.arrive)
    assert kernel.load(barrier._word) == 0
    other = wasm_shm.attach(segment).join()
    other.barrier(offset + 3072, 2)
    other.leave()
    kernel.store(barrier._word, 1)
    busy(condition.notify_all)
    busy(fails, wasm_shm.PeerDied, barrier._check)
    busy(fails, wasm_shm.LayoutError, barrier.reset)
    kernel.store(barrier._word, 1)
    busy(fails, wasm_shm.LayoutError, barrier._take_back, 0)
    seqlocks(seqlock, one.seqlock(offset + 8192, 1 << 20))


def deadlock(offset):
    """A read lock that waits for a writer that waits for this participant's other read lock."""
    lock = one.rw_lock(offset)
    with lock.read.lock():
        kernel.store(lock._word, two.id | _wasm_shm_locks.PENDING)
        fails(RuntimeError, lock.read.lock)
    fails(wasm_shm.TimedOut, lock.read.lock, 0.005)  # one that does not read waits
    kernel.store(lock._word, 0)


def seqlocks(seqlock, large):
    value, begun, writer = b"12345678", seqlock._word + 4, seqlock._word + 8
    changed(seqlock, "_copy", raises(KeyboardInterrupt), fails, KeyboardInterrupt, seqlock.write, value)
    assert kernel.load(writer) == 0
    kernel.store(writer, _wasm_shm_locks.NOT_RECOVERABLE)
    fails(wasm_shm.LayoutError, seqlock.write, value)
    kernel.store(writer, 0)
    copy = seqlock._copy

    def steal(sequence):
        kernel.store(writer, two.id)
        return copy(sequence)

    changed(seqlock, "_copy", steal, fails, wasm_shm.LayoutError, seqlock.write, value)
    seqlock.write(value)
    assert seqlock.read() == value
    kernel.store(begun, kernel.load(begun) + 5)
    changed(seqlock, "_copy", raises(AssertionError("a copy in vain")), fails, wasm_shm.TimedOut, seqlock.read)
    changed(large, "_is_whole", always(False, 64), fails, wasm_shm.TimedOut, large.read)


locks(4096)
deadlock(1 << 17)
one.leave()
two.leave()
print("all as it should be")
