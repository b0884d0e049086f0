"""Segments and locks shared with the npm package wasm-shm, by ctypes alone. Linux, Python 3.8 or later.

    import wasm_shm
    with wasm_shm.attach(segment_id) as window, window.join() as domain:
        with domain.mutex(4096).lock(timeout=1) as held:
            if held.owner_died:
                ...              # what the mutex guards may be half changed
                held.repaired()
            window.buffer[8192] += 1

`window.buffer` is a memoryview of the segment's bytes: `numpy.frombuffer(window.buffer, ...)` shares them, without a
copy. One thread uses a domain at a time; another thread joins for itself. docs/protocol.md of the npm package has
every byte. Times are in seconds.
"""

from _wasm_shm_domain import (
    Domain,
    LayoutError,
    NotOwner,
    NotRecoverable,
    Peer,
    PeerDied,
    TimedOut,
    TooManyPeers,
    Window,
    attach,
)
from _wasm_shm_locks import Barrier, Condition, Event, Held, Mutex, Permit, RwLock, Semaphore, Seqlock

__all__ = [
    "Barrier", "Condition", "Domain", "Event", "Held", "LayoutError", "Mutex", "NotOwner", "NotRecoverable", "Peer",
    "PeerDied", "Permit", "RwLock", "Semaphore", "Seqlock", "TimedOut", "TooManyPeers", "Window", "attach",
]  # fmt: skip
