"""The locks of the package beside a participant that changes each word, and with a signal handler that raises: calls.py SEGMENT."""

import sys
import threading

import _wasm_shm_domain
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


def interrupted_leaves():
    """A signal handler that raises in a join or a leave: a detach gives the slot back all the same."""
    window, before = wasm_shm.attach(segment), len(one.peers())
    changed(threading.Event, "wait", raises(KeyboardInterrupt), fails, KeyboardInterrupt, window.join)
    assert len(one.peers()) == before
    three = window.join()
    changed(kernel, "wake_all", raises(KeyboardInterrupt), fails, KeyboardInterrupt, three.leave)
    fails(wasm_shm.NotOwner, three.check)
    window.detach()
    assert len(one.peers()) == before


def left_while_it_sleeps(offset):
    """One that has left, as at the exit of a process, changes no word of the next participant in its slot."""
    three = wasm_shm.attach(segment).join()
    three._waitv = True
    successors = []

    def leave(*_):
        three.leave()
        successors.append(right.join())

    changed(kernel, "wait_any", leave, fails, wasm_shm.NotOwner, three.event(offset).wait, 1)
    [successor] = successors
    assert successor.slot == three.slot
    assert kernel.load(successor.line(successor.slot, _wasm_shm_domain._SLEEPING)) == 0
    successor.leave()


locks(4096)
deadlock(1 << 17)
interrupted_leaves()
left_while_it_sleeps(1 << 18)
one.leave()
two.leave()
print("all as it should be")
