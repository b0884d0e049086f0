"""Segments, locks and messages shared with the npm package wasm-shm, by ctypes alone. Linux, Python 3.8 or later.

    import wasm_shm
    with wasm_shm.attach(segment_id) as window, window.join() as domain:
        with domain.mutex(4096).lock(timeout=1) as held:
            if held.owner_died:
                ...              # what the mutex guards may be half changed
                held.repaired()
            window.buffer[8192] += 1
        for message in domain.channel(16384).reader():
            print(bytes(message.bytes))

`window.buffer` is a memoryview of the segment's bytes: `numpy.frombuffer(window.buffer, ...)` shares them, without a
copy. One thread uses a domain at a time; another thread joins for itself. docs/protocol.md of the repository
has every byte. Times are in seconds.
"""

from _wasm_shm_channels import Channel, Topic
from _wasm_shm_domain import (
    Closed,
    Domain,
    HandlerFailed,
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
from _wasm_shm_readers import Message, Reader
from _wasm_shm_rings import Claim, Writer
from _wasm_shm_services import Server, Service

__all__ = [
    "Barrier", "Channel", "Claim", "Closed", "Condition", "Domain", "Event", "HandlerFailed", "Held", "LayoutError",
    "Message", "Mutex", "NotOwner", "NotRecoverable", "Peer", "PeerDied", "Permit", "Reader", "RwLock", "Semaphore",
    "Seqlock", "Server", "Service", "TimedOut", "TooManyPeers", "Topic", "Window", "Writer", "attach",
]  # fmt: skip
