"""What participants lock with. The states of the words: docs/protocol.md."""


from _wasm_shm_domain import (
    DEATHS,
    GENERATION,
    GENERATION_BITS,
    ID_BITS,
    LIFE,
    LINE,
    LayoutError,
    NotOwner,
    NotRecoverable,
    PeerDied,
    TimedOut,
    identity,
    round_line,
)
from _wasm_shm_kernel import add, compare_exchange, exchange, load, set_bits, store

CONTENDED, INCONSISTENT, PENDING, NOT_RECOVERABLE = 0x80, 0x40000000, 0x80000000, 0x7F
COUNT, TRIES = 1023, 1000
_MOST_READ = 1 << 26  # bytes that one read of a seqlock copies at most, or 16 values
_SLEEPERS, _STATE = 16, 32  # bytes of an object's first line


def _take(domain, word, mine, sleeps):
    """True: taken; "died": taken from the dead; None: another lives."""
    found = compare_exchange(word, 0, mine)
    if found == 0:
        return True
    for _ in range(TRIES):
        if found == NOT_RECOVERABLE:
            raise NotRecoverable("an owner died, and the next one unlocked without repaired()")
        owner = found & ID_BITS
        owned = owner != 0 and domain.lives(owner)
        if owned and (not sleeps or found & CONTENDED):
            return None
        whole = found == 0 or found & (PENDING | INCONSISTENT) == PENDING
        following = found | CONTENDED if owned else mine if whole else mine | INCONSISTENT
        before = compare_exchange(word, found, following)
        if before == found:
            return None if owned else True if whole else "died"
        found = before
    raise LayoutError("an owner word changes too often")


def _take_whole(domain, word, sleeps):
    """As _take, of a word whose owners leave nothing to repair."""
    try:
        return _take(domain, word, domain.id, sleeps)
    except NotRecoverable:
        raise LayoutError("an owner word that needs no repair is not recoverable") from None


def lock_shortly(domain, word):
    """A lock around a few stores that need no repair. False: a living participant keeps it."""
    for tries in range(TRIES):  # held for less than a microsecond, unless its holder is paused
        if _take_whole(domain, word, tries > 50) is not None:
            return True
        if tries > 50:
            return False


def unlock_shortly(word):
    """Whether participants sleep until it is free, so that the caller must ring."""
    return exchange(word, 0) & CONTENDED != 0


def _replace(word, mine, following):
    """Whether participants sleep; None if this participant does not own the word."""
    found = compare_exchange(word, mine, following)
    if found == mine:
        return False
    if found != mine | CONTENDED:
        return None
    return True if compare_exchange(word, found, following) == found else None


class _Object:
    def __init__(self, domain, kind, offset, size, first=0, second=0):
        self.domain = domain
        self.offset = offset
        self.size = size
        self._address = domain.open(kind, offset, size, first, second)
        self._mask = self._address + _SLEEPERS
        self._word = self._address + _STATE

    def _tag(self):
        return (self.domain.generation & GENERATION_BITS) << 10

    def _wait(self, attempt, timeout, operation):
        return self.domain.wait(self._mask, attempt, timeout, f"{operation} of the {type(self).__name__} at {self.offset}")


class Held:
    """A lock that is held, until unlock() or the end of a `with` block."""

    def __init__(self, side, owner_died):
        self._side = side
        self.owner_died = owner_died
        self._needs_repair = owner_died
        self._held = True

    def repaired(self):
        """Says that what the lock guards is whole again. Without it, the unlock after an owner's death is final."""
        if not self._held:
            raise NotOwner("it was unlocked before")
        if self._needs_repair:
            self._side.repair()
            self._needs_repair = False

    def unlock(self):
        if not self._held:
            raise NotOwner("it was unlocked before")
        self._side.give(self._needs_repair)
        self._held = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._held:
            self.unlock()


class _Owned(_Object):
    """What a mutex and the writers' side of a read-write lock share: an owner word."""

    def _repair(self):
        self.domain.check()
        rings = _replace(self._word, self.domain.id | INCONSISTENT, self.domain.id)
        if rings is None:
            raise NotOwner("this participant does not hold it")
        if rings:
            self.domain.ring(self._mask)

    def _give(self, needs_repair, always=False):
        self.domain.check()
        mine = self.domain.id | INCONSISTENT if needs_repair else self.domain.id
        rings = _replace(self._word, mine, NOT_RECOVERABLE if needs_repair else 0)
        if rings is None:
            raise NotOwner("this participant does not hold it")
        if rings or always:
            self.domain.ring(self._mask)


class Mutex(_Owned):
    """A lock that one participant holds at a time: 64 bytes."""

    def __init__(self, domain, offset):
        super().__init__(domain, 0x57530101, offset, LINE)

    def _attempt(self, sleeps):
        taken = _take(self.domain, self._word, self.domain.id, sleeps)
        return None if taken is None else Held(self, taken == "died")

    def try_lock(self):
        """The lock if nobody holds it, or None."""
        self.domain.check()
        return self._attempt(False)

    def lock(self, timeout=None):
        held = self.try_lock()
        if held is not None:
            return held
        if load(self._word) & ID_BITS == self.domain.id:
            raise RuntimeError("deadlock: this participant itself holds it")
        return self._wait(lambda: self._attempt(True), timeout, "lock")

    def repair(self):
        self._repair()

    def give(self, needs_repair):
        self._give(needs_repair)


class _Readers:
    def __init__(self, lock):
        self._lock = lock

    def try_lock(self):
        self._lock.domain.check()
        return self._lock.read_attempt(self)

    def lock(self, timeout=None):
        lock = self._lock
        lock.domain.check()
        writer = load(lock._word) & ID_BITS
        if writer == lock.domain.id:
            raise RuntimeError("deadlock: this participant itself writes")
        if writer and lock.is_reader(lock.domain.slot) and lock.domain.lives(writer):
            raise RuntimeError("deadlock: a writer waits for this participant, which reads")
        return lock._wait(lambda: lock.read_attempt(self), timeout, "lock")

    def repair(self):
        raise NotOwner("only a writer can repair")

    def give(self, _):
        self._lock.read_give()


class _Writers:
    def __init__(self, lock):
        self._lock = lock

    def try_lock(self):
        self._lock.domain.check()
        held = self._lock.write_attempt(self, False)
        if held is None:
            self._lock.write_cancel()
        return held

    def lock(self, timeout=None):
        lock = self._lock
        lock.domain.check()
        if load(lock._word) & (ID_BITS | PENDING) == lock.domain.id or lock.is_reader(lock.domain.slot):
            raise RuntimeError("deadlock: this participant itself is in")
        try:
            return lock._wait(lambda: lock.write_attempt(self, True), timeout, "lock")
        except BaseException:
            lock.write_cancel()
            raise

    def repair(self):
        self._lock._repair()

    def give(self, needs_repair):
        self._lock._give(needs_repair, True)


class RwLock(_Owned):
    """`read` and `write` are its sides, each with lock() and try_lock(): 64 bytes, and 64 for each slot."""

    def __init__(self, domain, offset):
        super().__init__(domain, 0x57530102, offset, LINE * (1 + domain.slots), domain.slots)
        self.read, self.write = _Readers(self), _Writers(self)

    def _reader(self, slot):
        return self._address + LINE * (1 + slot)

    def _count(self, change):
        word = self._reader(self.domain.slot)
        found = load(word)
        count = found & COUNT if found & ~COUNT == self._tag() else 0
        if count == (COUNT if change > 0 else 0):
            return False
        store(word, self._tag() | (count + change))
        return True

    def is_reader(self, slot):
        found = load(self._reader(slot))
        return found & COUNT != 0 and self.domain.lives(identity(slot, found >> 10))

    def _look(self):
        writer = load(self._word)
        if writer == 0:
            return "whole"
        if writer == NOT_RECOVERABLE:
            raise NotRecoverable("an owner died, and the next one unlocked without repaired()")
        owner = writer & ID_BITS
        if owner != 0 and self.domain.lives(owner):
            return "kept out"
        return "whole" if writer & (PENDING | INCONSISTENT) == PENDING else "unrepaired"

    def read_attempt(self, side):
        # It looks before it counts itself: two sleepers that count and go would wake each other for ever.
        if self._look() == "kept out" or not self._count(1):
            return None
        after = "kept out"
        try:
            after = self._look()
        finally:
            if after == "kept out":
                self._count(-1)
                self.domain.ring(self._mask)
        return None if after == "kept out" else Held(side, after == "unrepaired")

    def read_give(self):
        self.domain.check()
        if not self._count(-1):
            raise NotOwner("this participant does not read")
        if load(self._word):
            self.domain.ring(self._mask)

    def write_attempt(self, side, sleeps):
        asked = self.domain.id | PENDING
        if load(self._word) & (ID_BITS | PENDING) != asked and _take(self.domain, self._word, asked, sleeps) is None:
            return None
        if any(self.is_reader(slot) for slot in range(self.domain.slots)):
            return None
        for _ in range(TRIES):
            found = load(self._word)
            if found & (ID_BITS | PENDING) != asked:
                break
            if compare_exchange(self._word, found, found & ~PENDING) == found:
                return Held(side, found & INCONSISTENT != 0)
        raise LayoutError("another owns what this participant asked for")

    def write_cancel(self):
        for _ in range(TRIES):
            found = load(self._word)
            if found & (ID_BITS | PENDING) != self.domain.id | PENDING:
                return
            if compare_exchange(self._word, found, found & INCONSISTENT) == found:
                self.domain.ring(self._mask)
                return


class Permit:
    """Permits that are held, until release() or the end of a `with` block."""

    def __init__(self, semaphore, count):
        self._semaphore = semaphore
        self.count = count
        self._held = True

    def release(self):
        if not self._held:
            raise NotOwner("they were released before")
        self._semaphore.give(self.count)
        self._held = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._held:
            self.release()


class Semaphore(_Object):
    """Permits that come back when their holder dies: 64 bytes, and 4 for each slot, rounded up to 64."""

    def __init__(self, domain, offset, permits):
        if not 1 <= permits <= COUNT:
            raise ValueError(f"permits must be 1 to {COUNT}")
        self.permits = permits
        super().__init__(domain, 0x57530103, offset, LINE + round_line(4 * domain.slots), permits, domain.slots)

    def _own(self, slot):
        return self._address + LINE + 4 * slot

    def _count(self, slot):
        found = load(self._own(slot))
        return found & COUNT if found & COUNT and self.domain.lives(identity(slot, found >> 10)) else 0

    def _attempt(self, count):
        if not lock_shortly(self.domain, self._word):
            return None
        try:
            slots = range(self.domain.slots)
            free = sum(self._count(slot) for slot in slots) + count <= self.permits
            if free:
                store(self._own(self.domain.slot), self._tag() | (self._count(self.domain.slot) + count))
        finally:
            if unlock_shortly(self._word):
                self.domain.ring(self._mask)
        return Permit(self, count) if free else None

    def _check_count(self, count):
        if not 1 <= count <= self.permits:
            raise ValueError(f"count must be 1 to {self.permits}")

    def acquire(self, count=1, timeout=None):
        self._check_count(count)
        return self._wait(lambda: self._attempt(count), timeout, "acquire")

    def try_acquire(self, count=1):
        self._check_count(count)
        self.domain.check()
        return self._attempt(count)

    def give(self, count):
        self.domain.check()
        own = self._count(self.domain.slot)
        if own < count:
            raise NotOwner("this participant holds fewer")
        store(self._own(self.domain.slot), self._tag() | (own - count))
        self.domain.ring(self._mask)


class Event(_Object):
    """Stays set until it is reset: 64 bytes."""

    def __init__(self, domain, offset):
        super().__init__(domain, 0x57530104, offset, LINE)

    def is_set(self):
        self.domain.check()
        return load(self._word) & 1 == 1

    def _change(self, wanted):
        self.domain.check()
        for _ in range(TRIES):
            found = load(self._word)
            if found & 1 == wanted or compare_exchange(self._word, found, (found + 1) & 0xFFFFFFFF) == found:
                return
        raise LayoutError("the event changes too often")

    def set(self):
        self._change(1)
        self.domain.ring(self._mask)

    def reset(self):
        self._change(0)

    def wait(self, timeout=None):
        """Waits until it is set. A set with a reset right after it is not missed."""
        self.domain.check()
        first = load(self._word)
        self._wait(lambda: True if load(self._word) & 1 or load(self._word) != first else None, timeout, "wait")


class Condition(_Object):
    """Notices of changes under a mutex: 64 bytes."""

    def __init__(self, domain, offset):
        super().__init__(domain, 0x57530105, offset, LINE)

    def notify_all(self):
        self.domain.check()
        add(self._word, 1)
        self.domain.ring(self._mask)

    def wait(self, held, timeout=None):
        """Unlocks a mutex, waits for a notice, and locks it again, also before it raises TimedOut."""
        self.domain.check()
        mutex = held._side
        if not isinstance(mutex, Mutex) or not held._held or held._needs_repair:
            raise NotOwner("a mutex that is held and whole is needed")
        first = load(self._word)
        held.unlock()
        try:
            self._wait(lambda: True if load(self._word) != first else None, timeout, "wait")
        finally:
            again = mutex.lock()
            held._held, held._needs_repair = True, again.owner_died
            held.owner_died = held.owner_died or again.owner_died


class Barrier(_Object):
    """A meeting of all parties: 64 bytes, and 4 for each slot, rounded up to 64. This participant is one from here on."""

    BROKEN = 0x80

    def __init__(self, domain, offset, parties):
        if not 1 <= parties <= domain.slots:
            raise ValueError(f"parties must be 1 to {domain.slots}")
        self.parties = parties
        super().__init__(domain, 0x57530106, offset, LINE + round_line(4 * domain.slots), parties, domain.slots)
        self._register()

    def _party(self, slot):
        return self._address + LINE + 4 * slot

    def _register(self):
        deaths = load(self.domain.line(self.domain.slot, DEATHS)) & 0x1FF
        store(self._party(self.domain.slot), self._tag() | deaths << 1 | 1)

    def _state(self, slot, found):
        if found == 0:
            return "none"
        if self.domain.lives(identity(slot, found >> 10)):
            return "alive"
        if load(self.domain.line(slot, GENERATION)) & GENERATION_BITS == found >> 10:
            return "left" if load(self.domain.line(slot, LIFE)) == 0 else "died"
        return "left" if load(self.domain.line(slot, DEATHS)) & 0x1FF == found >> 1 & 0x1FF else "died"

    def _check(self):
        for slot in range(self.domain.slots):
            found = load(self._party(slot))
            state = self._state(slot, found)
            if state in ("none", "alive"):
                continue
            if state == "left" and load(self._word) & 0x7F == 0:
                compare_exchange(self._party(slot), found, 0)
                continue
            set_bits(self._word, self.BROKEN)
            self.domain.ring(self._mask)
            raise PeerDied(f"the party in slot {slot} died or left; reset() lets others take over")

    def _arrive(self, arrived):
        found = load(self._word)
        if arrived:
            state = arrived[0]
            if found >> 24 != state >> 24:
                raise PeerDied("the barrier was reset")
            if found >> 8 & 0xFFFF != state >> 8 & 0xFFFF:
                return True
            if found & self.BROKEN:
                raise PeerDied("a party died or left; reset() lets others take over")
            self._check()
            return None
        for _ in range(TRIES):
            if found & self.BROKEN:
                raise PeerDied("a party died or left; reset() lets others take over")
            self._check()
            if found & 0x7F >= self.parties:
                raise LayoutError("more have arrived than there are parties")
            last = (found & 0x7F) + 1 == self.parties
            following = found & 0xFF000000 | ((found >> 8) + 1 & 0xFFFF) << 8 if last else found + 1
            before = compare_exchange(self._word, found, following)
            if before != found:
                found = before
                continue
            if last:
                self.domain.ring(self._mask)
                return True
            arrived.append(found)
            return None
        raise LayoutError("the barrier changes too often")

    def arrive(self, timeout=None):
        """Waits until all parties have arrived. A timeout takes the arrival back, and so does a signal handler that raises."""
        arrived = []
        try:
            self._wait(lambda: self._arrive(arrived), timeout, "arrive")
        except BaseException as error:
            if arrived and self.domain.joined and self._take_back(arrived[0]) and isinstance(error, TimeoutError):
                return
            raise

    def _take_back(self, state):
        """Whether all have met meanwhile, so that there is nothing to take back."""
        for _ in range(TRIES):
            found = load(self._word)
            if found & 0xFFFFFF00 != state & 0xFFFFFF00:
                return found >> 24 == state >> 24
            if found & self.BROKEN or not found & 0x7F or compare_exchange(self._word, found, found - 1) == found:
                return False
        raise LayoutError("the barrier changes too often")

    def reset(self):
        """Forgets the parties that are gone, so that others can take their places, and rejects those that wait."""
        self.domain.check()
        for slot in range(self.domain.slots):
            found = load(self._party(slot))
            if self._state(slot, found) in ("died", "left"):
                compare_exchange(self._party(slot), found, 0)
        self._register()
        for _ in range(TRIES):
            found = load(self._word)
            if compare_exchange(self._word, found, ((found >> 24) + 1 & 0xFF) << 24) == found:
                self.domain.ring(self._mask)
                return
        raise LayoutError("the barrier changes too often")


class Seqlock(_Object):
    """A value with readers that never wait: 64 bytes, and its size rounded up to 64 for each copy."""

    def __init__(self, domain, offset, size, copies=2):
        if not 1 <= size <= 1 << 24 or copies not in (2, 4, 8, 16):
            raise ValueError("size must be 1 to 2^24, copies 2, 4, 8 or 16")
        self.value_size, self._copies = size, copies
        super().__init__(domain, 0x57530107, offset, LINE + copies * round_line(size), size, copies)

    def _copy(self, sequence):
        return self._address + LINE + sequence % self._copies * round_line(self.value_size)

    def read(self):
        """A copy of the last value that was written whole."""
        self.domain.check()
        words = (self.value_size + 3) // 4
        for _ in range(min(TRIES, max(16, _MOST_READ // self.value_size))):
            done = load(self._word)
            if not self._is_whole(done):
                continue
            start = self._copy(done)
            value = b"".join(load(start + 4 * index).to_bytes(4, "little") for index in range(words))
            if self._is_whole(done):
                return value[: self.value_size]
        raise TimedOut("the value was overwritten during each read: more copies help")

    def _is_whole(self, done):
        """Whether the copy of that write is not being overwritten yet."""
        return (load(self._word + 4) - done) & 0xFFFFFFFF < self._copies

    def _attempt(self, value):
        writer = self._word + 8
        if _take_whole(self.domain, writer, True) is None:
            return None
        try:
            following = load(self._word) + 1 & 0xFFFFFFFF
            store(self._word + 4, following)
            start = self._copy(following)
            for index in range(0, len(value), 4):
                store(start + index, int.from_bytes(value[index : index + 4], "little"))
            store(self._word, following)
        finally:
            freed = exchange(writer, 0)
            if freed & CONTENDED:
                self.domain.ring(self._mask)
        if freed & ID_BITS != self.domain.id:
            raise LayoutError("another participant wrote at the same time")
        return True

    def write(self, value, timeout=None):
        value = bytes(value)
        if len(value) != self.value_size:
            raise ValueError(f"the value has {self.value_size} bytes, not {len(value)}")
        self._wait(lambda: self._attempt(value), timeout, "write")
