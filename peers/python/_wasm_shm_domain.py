"""Windows, participants, and how they sleep and wake."""

import atexit
import ctypes
import os
import socket
import threading
import time
import weakref
from collections import namedtuple

import _wasm_shm_kernel as kernel
from _wasm_shm_kernel import DIED, TID_BITS, WAITERS, add, clear_bits, compare_exchange, load, set_bits, store

LINE, SLOT_BYTES, MAX_SLOTS = 64, 128, 64
MAGIC, VERSION, READY = 0x4D485357, 0x00010000, 2
ID_BITS, GENERATION_BITS = 0x3FFFFF7F, 0x3FFFFF
_SLOTS, _STATE, _EPOCH = 12, 16, 20  # bytes of the header
LIFE, GENERATION, PID, START, NAMESPACE, KIND, JOINED, DEATHS, DESCRIBED = 0, 4, 8, 12, 20, 24, 28, 36, 40
_DOORBELL, _SLEEPING, _DOOR, _DOOR_NAMESPACE = 64, 68, 72, 80
_KINDS = ("unknown", "node", "c", "python")
_LEAVING = 0x100  # in the same word: the participant is about to leave
_SPIN, _CHECK, _SLICE = 20e-6, 0.4, 0.1  # seconds

Peer = namedtuple("Peer", "slot generation pid start_time kind joined alive self")


class LayoutError(RuntimeError):
    """The shared bytes are not what a participant leaves behind, or the object was made with other arguments."""


class TooManyPeers(RuntimeError):
    """Every slot of the domain has a living participant."""


class TimedOut(TimeoutError):
    """What was waited for did not come in time."""


class NotOwner(RuntimeError):
    """This participant does not hold it, or it has left."""


class NotRecoverable(RuntimeError):
    """An owner died, and the next one unlocked without repaired()."""


class PeerDied(RuntimeError):
    """A party of a barrier died or left, or it was reset; or the other end of a channel was killed."""


class Closed(RuntimeError):
    """The channel was closed, or this end of it released."""


class HandlerFailed(RuntimeError):
    """The handler of a service failed. `args`: the name, message and code of its error."""


def identity(slot, generation):
    return (slot + 1) | (generation & GENERATION_BITS) << 8


def is_alive(life):
    return life != 0 and not life & DIED


def round_line(size):
    return (size + LINE - 1) // LINE * LINE


class Window:
    """An attached segment. `buffer` is a memoryview of its bytes, valid until detach()."""

    def __init__(self, identifier):
        self.size = kernel.segment_size(identifier)
        self.address = kernel.attach_segment(identifier)
        self._domains = weakref.WeakSet()
        self.buffer = memoryview((ctypes.c_ubyte * self.size).from_address(self.address)).cast("B")

    def join(self, offset=0, slots=0):
        """Joins the domain at `offset`, and makes it first if these bytes are zeros. slots: 1 to 64; 0 takes what is there."""
        if self.address is None:
            raise NotOwner("this window was detached")
        return Domain(self, offset, slots)

    def detach(self):
        """Leaves every domain, then detaches. A view that was kept must not be used any more."""
        if self.address is None:
            return
        for domain in list(self._domains):
            domain.leave()
        address, self.address = self.address, None
        kernel.detach_segment(address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.detach()


def attach(identifier=None, key=None):
    """Attaches a segment by its id, which is segment.id in JavaScript, or by its key."""
    return Window(kernel.find_segment(key) if identifier is None else identifier)


class Domain:
    """A participant of a domain, from window.join(). One thread uses it at a time."""

    def __init__(self, window, offset, slots):
        if offset % LINE or offset < 0 or offset + LINE + SLOT_BYTES > window.size:
            raise ValueError(f"offset must be a multiple of {LINE} inside the window")
        self.window = window
        self.base = window.address + offset
        self.offset = offset
        self.slots = self._prepare(window.size - offset, slots)
        self._waitv = kernel.has_waitv()
        self._seen = None
        self._joined = threading.Event()
        self._failure = None
        self._control = ctypes.c_uint32(0)
        self._knocker = None  # the socket that knocks at doors, once one was needed
        self.requests = 0  # the number of the last request to a service
        self._pid = os.getpid()
        self.slot = self.generation = self.id = None
        self._keeping = threading.RLock()  # the keeper has it for as long as it may touch the window
        window._domains.add(self)
        try:
            threading.Thread(target=self._keep, daemon=True).start()
            self._joined.wait()
            if self._failure is not None:
                raise self._failure
            _joined.add(self)
        except BaseException:
            self.leave()
            raise

    def _prepare(self, room, asked):
        ready = load(self.base + _STATE) == READY and load(self.base) == MAGIC
        slots = load(self.base + _SLOTS) if ready else asked or 16
        size = LINE + SLOT_BYTES * slots
        if not 1 <= slots <= MAX_SLOTS or size > room:
            raise (LayoutError if ready else ValueError)(f"{slots} slots need {size} bytes, and {room} follow")
        if asked and asked != slots:
            raise LayoutError(f"the domain has {slots} slots, and {asked} were asked for")
        # All that is stored follows from the arguments: a joiner that is killed here leaves nothing to repair.
        for index, value in enumerate((MAGIC, VERSION, size, slots, READY)):
            word = self.base + 4 * index
            found = load(word) if ready else compare_exchange(word, 0, value)
            if found == value or (found == 0 and not ready) or (index == 1 and found >> 16 == VERSION >> 16):
                continue
            raise LayoutError(f"word {index} of the domain is {found:#x}, not {value:#x}")
        return slots

    def line(self, slot, byte=0):
        return self.base + LINE + SLOT_BYTES * slot + byte

    # -- the keeper: a thread whose robust list names the life word, so that the kernel marks it at death --

    def _keep(self):
        with self._keeping:
            try:
                if self._control.value == 0:
                    with kernel.RobustList() as robust:
                        self._keep_slot(robust)
            except Exception as error:
                self._failure = error
            finally:
                self._joined.set()

    def _keep_slot(self, robust):
        tid = kernel.gettid()
        if not any(self._take(robust, slot, tid) for slot in (*range(self.slots), *range(self.slots))):
            raise TooManyPeers(f"the domain has {self.slots} slots, and a living participant in each")
        self._joined.set()
        while self._control.value == 0:
            kernel.wait_one(ctypes.addressof(self._control), 0, None)
        robust.keep(None)  # first the kernel forgets the word
        # A peer may have taken this participant for dead, and another may have the slot since.
        compare_exchange(self.line(self.slot, LIFE), tid | WAITERS, 0)
        self._announce()

    def _take(self, robust, slot, tid):
        generation, life = load(self.line(slot, GENERATION)), load(self.line(slot, LIFE))
        if is_alive(life):
            if not self._has_vanished(slot):
                return False
            life = load(self.line(slot, LIFE))
            if is_alive(life):
                return False
        # Raised before the claim, so that a dead predecessor's id is never taken for alive, and after it.
        if compare_exchange(self.line(slot, GENERATION), generation, (generation + 1) & 0xFFFFFFFF) != generation:
            return False
        robust.keep(self.line(slot, LIFE))
        if compare_exchange(self.line(slot, LIFE), life, tid | WAITERS) != life:
            robust.keep(None)
            return False
        self.slot = slot
        self.generation = (add(self.line(slot, GENERATION), 1) + 1) & 0xFFFFFFFF
        self.id = identity(slot, self.generation)
        if life & DIED:
            add(self.line(slot, DEATHS), 1)
        store(self.line(slot, _SLEEPING), 0)
        pid, joined = os.getpid(), int(time.time() * 1000)
        start = kernel.start_time(pid, tid)
        for byte, value in (
            (PID, pid), (START, start), (START + 4, start >> 32), (NAMESPACE, kernel.namespace("pid")),
            (KIND, _KINDS.index("python")), (JOINED, joined), (JOINED + 4, joined >> 32), (DESCRIBED, self.generation),
        ):  # fmt: skip
            store(self.line(slot, byte), value)
        self._announce()
        return True

    def _announce(self):
        kernel.wake_all(self.line(self.slot, LIFE))
        add(self.base + _EPOCH, 1)
        kernel.wake_all(self.base + _EPOCH)

    def leave(self):
        """Gives the slot back. What is held is held by a dead participant from here on. May be called twice."""
        if self._pid != os.getpid():
            return
        # Each call does all of it: a signal handler that raises may have ended the one before.
        self._control.value = 1
        kernel.wake_all(ctypes.addressof(self._control))
        with self._keeping:
            _joined.discard(self)
        if self._knocker is not None:
            self._knocker.close()
            self._knocker = None

    @property
    def joined(self):
        return self._control.value == 0 and self._pid == os.getpid()

    def check(self):
        if not self.joined:
            raise NotOwner("this participant has left, or this process is the child of a fork")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()

    # -- who lives --

    def lives(self, identifier):
        slot = (identifier & 0x7F) - 1
        if not 0 <= slot < self.slots:
            raise LayoutError(f"a lock is owned by slot {slot} of {self.slots}")
        return self.is_living(identifier)

    def is_living(self, identifier):
        """The life word is read first: a successor in the slot is then never taken for it. Other ids are of nobody."""
        slot = (identifier & 0x7F) - 1
        if not 0 <= slot < self.slots:
            return False
        return is_alive(load(self.line(slot, LIFE))) and identity(slot, load(self.line(slot, GENERATION))) == identifier

    def peers(self):
        self.check()
        peers = []
        for slot in range(self.slots):
            life, generation = load(self.line(slot, LIFE)), load(self.line(slot, GENERATION))
            if life == 0 or load(self.line(slot, DESCRIBED)) != generation:
                continue
            kind = load(self.line(slot, KIND)) & ~_LEAVING
            start = load(self.line(slot, START)) | load(self.line(slot, START + 4)) << 32
            joined = (load(self.line(slot, JOINED)) | load(self.line(slot, JOINED + 4)) << 32) / 1000
            name = _KINDS[kind] if kind < len(_KINDS) else "unknown"
            pid = load(self.line(slot, PID))
            peers.append(Peer(slot, generation, pid, start, name, joined, is_alive(life), slot == self.slot))
        return peers

    def _has_vanished(self, slot):
        """Marks a participant dead whose thread is gone although the kernel did not mark it. A stopped one is not gone."""
        word = self.line(slot, LIFE)
        life, generation = load(word), load(self.line(slot, GENERATION))
        if not is_alive(life):
            return True
        if load(self.line(slot, DESCRIBED)) != generation:
            return False
        pid, space = load(self.line(slot, PID)), load(self.line(slot, NAMESPACE))
        start = load(self.line(slot, START)) | load(self.line(slot, START + 4)) << 32
        if load(self.line(slot, GENERATION)) != generation or not space or space != kernel.namespace("pid"):
            return False
        tid = life & TID_BITS
        if not 0 < pid <= 0x7FFFFFFF or not tid:
            return False
        if kernel.thread_exists(pid, tid):
            found = kernel.start_time(pid, tid) if start else 0
            if not found or abs(found - start) <= 1:  # both are rounded
                return False
        if compare_exchange(word, life, WAITERS | DIED) != life:
            return False
        kernel.wake_all(word)
        return True

    # -- sleeping and waking --

    def ring(self, mask):
        """Wakes all that sleep on a mask. The change that they wait for was stored before."""
        bits = load(mask) | load(mask + 4) << 32
        while bits:
            slot = (bits & -bits).bit_length() - 1
            bits &= bits - 1
            if slot == self.slot:
                continue
            if slot >= self.slots or not is_alive(load(self.line(slot, LIFE))):
                clear_bits(mask + slot // 32 * 4, 1 << slot % 32)
                # A successor in the slot may have set it meanwhile.
                if slot >= self.slots or not is_alive(load(self.line(slot, LIFE))):
                    continue
            add(self.line(slot, _DOORBELL), 1)
            self._wake(slot)

    def _wake(self, slot):
        """A thread that begins to sleep after the ring looks at what it waits for after that."""
        sleeping = load(self.line(slot, _SLEEPING))
        sleepers, listeners = sleeping & 0xFFFF, sleeping >> 16
        if not sleeping:
            return
        if not listeners or not self._knock(slot) or sleepers > listeners:
            kernel.wake_all(self.line(slot, _DOORBELL))

    def _knock(self, slot):
        """Wakes an event loop by its socket. False if nobody listens there, or it is in another network namespace."""
        number = load(self.line(slot, _DOOR)) | load(self.line(slot, _DOOR + 4)) << 32
        try:
            if self._knocker is None:
                self._knocker = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
                self._knocker_namespace = kernel.namespace("net")
            if load(self.line(slot, _DOOR_NAMESPACE)) != (self._knocker_namespace or None):
                return False
            self._knocker.sendto(b"\0", b"\0wasm-shm/%016x" % number)
        except OSError:
            return False
        return True

    def _look(self):
        epoch = load(self.base + _EPOCH)
        lives = [load(self.line(slot, LIFE)) for slot in range(self.slots)]
        return epoch, lives, load(self.line(self.slot, _DOORBELL))

    def _sleep(self, seen, deadline):
        epoch, lives, doorbell = seen
        limit = kernel.monotonic() + (_CHECK if self._waitv else _SLICE)
        words = [(self.line(self.slot, _DOORBELL), doorbell), (self.base + _EPOCH, epoch)]
        words += [
            (self.line(slot, LIFE), life) for slot, life in enumerate(lives) if slot != self.slot and is_alive(life)
        ]
        add(self.line(self.slot, _SLEEPING), 1)
        try:
            if self._waitv:
                kernel.wait_any(words, min(limit, deadline))
            else:
                kernel.wait_one(*words[0], min(limit, deadline))
        finally:
            if self.joined:  # else another may have the slot
                add(self.line(self.slot, _SLEEPING), -1)
        if _exiting.is_set():  # a daemon thread, which ends with the interpreter
            threading.Event().wait()
        self.check()
        if kernel.monotonic() >= limit:
            for slot in range(self.slots):
                if slot != self.slot and is_alive(load(self.line(slot, LIFE))):
                    self._has_vanished(slot)
        for slot, life in enumerate(lives):  # the kernel wakes one waiter of a life word: that one wakes the rest
            now = load(self.line(slot, LIFE))
            if now != life and now & DIED:
                kernel.wake_all(self.line(slot, LIFE))

    def wait(self, mask, attempt, timeout, what):
        """Waits until attempt() returns something other than None. timeout: seconds, or None for as long as it takes."""
        self.check()
        result = attempt()
        if result is not None:
            return result
        began = kernel.monotonic()
        deadline = began + timeout if timeout is not None else float(1 << 62)
        while kernel.monotonic() - began < _SPIN:
            result = attempt()
            if result is not None:
                return result
        word, bit = mask + self.slot // 32 * 4, 1 << self.slot % 32
        try:
            while True:
                seen = self._look()
                if not load(word) & bit:
                    set_bits(word, bit)
                result = attempt()
                if result is not None:
                    return result
                if kernel.monotonic() >= deadline:
                    raise TimedOut(f"{what} took longer than {timeout} s")
                self._sleep(seen, deadline)
        finally:
            if self.joined:
                clear_bits(word, bit)

    # -- objects --

    def open(self, kind, offset, size, first=0, second=0):
        """Opens the object at `offset`, and makes it first if these bytes are zeros. Returns its address."""
        self.check()
        end = self.offset + LINE + SLOT_BYTES * self.slots
        if offset % LINE or offset < 0 or offset + size > self.window.size or self.offset < offset + size and offset < end:
            raise ValueError(f"{size} bytes at {offset} are not free, or not a multiple of {LINE}")
        address = self.window.address + offset
        if load(address) not in (0, kind):
            raise LayoutError(f"another object is at {offset}")
        for byte, value in ((4, first), (8, second), (0, kind)):
            found = compare_exchange(address + byte, 0, value)
            if found not in (0, value):
                raise LayoutError(f"the object at {offset} was made with {found}, and {value} was asked for")
        return address

    def found(self, kind, offset):
        """The two arguments of the object at `offset`, if it is of that kind."""
        self.check()
        address = self.window.address + offset
        if offset % LINE or not 0 <= offset <= self.window.size - LINE or load(address) != kind:
            return None
        return load(address + 4), load(address + 8)

    def mutex(self, offset):
        return _locks().Mutex(self, offset)

    def rw_lock(self, offset):
        return _locks().RwLock(self, offset)

    def semaphore(self, offset, permits):
        return _locks().Semaphore(self, offset, permits)

    def event(self, offset):
        return _locks().Event(self, offset)

    def condition(self, offset):
        return _locks().Condition(self, offset)

    def barrier(self, offset, parties):
        return _locks().Barrier(self, offset, parties)

    def seqlock(self, offset, size, copies=2):
        return _locks().Seqlock(self, offset, size, copies)

    # Options of an object that is there may be left out.

    def channel(self, offset, capacity=None, mode=None, redeliver=None):
        """A queue of messages. capacity: 64 to 2^30 bytes, a power of two; mode: "spsc", "mpsc" or "mpmc"."""
        return _channels().Channel(self, offset, capacity, mode, redeliver)

    def topic(self, offset, capacity=None, overrun=None, subscribers=None):
        """Messages for all that subscribe. overrun: "block", "overwrite" or "drop"; subscribers: 1 to 1024."""
        return _channels().Topic(self, offset, capacity, overrun, subscribers)

    def service(self, offset, capacity=None, answer_capacity=None, clients=None):
        """Requests and answers. Capacities: 128 to 2^30 bytes, powers of two; clients: 1 to 1024."""
        import _wasm_shm_services

        return _wasm_shm_services.Service(self, offset, capacity, answer_capacity, clients)


def _locks():
    import _wasm_shm_locks  # it imports this module

    return _wasm_shm_locks


def _channels():
    import _wasm_shm_channels

    return _wasm_shm_channels


_joined = set()
_exiting = threading.Event()


@atexit.register
def _leave_all():
    _exiting.set()
    for domain in list(_joined):
        domain.leave()
