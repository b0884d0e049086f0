"""The reading ends of channels and topics. The states of the words: docs/protocol.md."""

from _wasm_shm_domain import Closed, LayoutError, PeerDied, TimedOut
from _wasm_shm_kernel import compare_exchange, load
from _wasm_shm_locks import ID_BITS, TRIES, lock_shortly, unlock_shortly
from _wasm_shm_rings import (
    ABANDONED, ABANDONS, COMMITTED, CONSUMERS, DONE, DROPPED, HEAD, PADDING, READERS, REDELIVERED, TAIL, TAKEN,
    TAKEN_END, U32, WRITERS, take_all,
)  # fmt: skip

_END = object()
SKIPPED = object()
_PASSABLE = (DONE, ABANDONED)


class Message:
    """What was read. `bytes` is a memoryview of the segment, valid until the reader's next step. Copy it to keep it,
    and before you check it, as a hostile writer may change it. With an overwriting topic it is a copy."""

    __slots__ = ("bytes", "missed", "redelivered", "_reader", "_token")

    def __init__(self, reader, token, data, redelivered=False):
        self.bytes, self.redelivered, self.missed, self._reader, self._token = data, redelivered, 0, reader, token

    def __len__(self):
        return len(self.bytes)

    def __bool__(self):
        return True  # also an empty one

    def release(self):
        """Gives its room back before the reader's next step: it is handled. With one reader, so are all before it."""
        self._reader._release(self._token)


class Reader:
    """The reading end: `for message in reader`. Each step gives back the room of the messages before."""

    def __init__(self, ring, word, patient):
        self.ring, self._word, self._patient, self._open, self._looks = ring, word, patient, True, 0
        self.ended = False
        self._next = self._tail = self._released = self._stored = ring.position(word) if ring.overrun is None else 0

    def _store(self):
        if self._stored != self._released:
            self._stored = self._released
            self.ring.store(self._word, self._stored)
            self.ring.ring(WRITERS)

    def _release_to(self, position):
        # Writers get room in large pieces, or when there is nothing more to read.
        self._released = position
        if (position - self._stored) & U32 >= self.ring.capacity // 4:
            self._store()

    def _release(self, token):
        self.ring.domain.check()
        if 0 < (token - self._released) & U32 <= (self._next - self._released) & U32:
            self._released = token
            self._store()  # at once: its user asked for it

    def _release_all(self):
        if self._released != self._next:
            self._release_to(self._next)

    def _skip(self, size):
        position, self._next = self._next, (self._next + size) & U32
        if self._released == position:  # all before it was released, and so is what is skipped
            self._release_to(self._next)

    def _closely(self):
        """Whether this try looks at deaths and all that others have taken: before it sleeps, and once in 64 times."""
        slot = self.ring.domain.slot
        self._looks += 1
        return self.ring.load(READERS + slot // 32 * 4) >> slot % 32 & 1 or self._looks % 64 == 0

    def _ending(self, closely):
        """Why nothing comes any more; the caller looks at the ring again after it."""
        if self.ring.closed:
            return "closed"
        return "dead" if closely and not self._patient and self.ring.writers() is False else None

    def _died(self):
        return PeerDied(f"{type(self.ring).__name__} at {self.ring.offset}: it is empty, and its writer was killed")

    def _lives(self, identifier):
        if identifier & ~ID_BITS:
            raise self.ring.damaged(f"a record has the state {identifier:#x}")
        return self.ring.domain.lives(identifier)

    def _settled(self, word):
        """The state of a record once its writer is done with it; None before."""
        state = load(word)
        if state not in (COMMITTED, ABANDONED):
            if self._lives(state):
                return None
            if compare_exchange(word, state, ABANDONED) == state:
                self.ring.count(ABANDONS)
            state = load(word)
        if state not in (COMMITTED, ABANDONED):
            raise self.ring.damaged(f"a record has the state {state:#x}")
        return state

    def _published(self):
        """The next message before the tail; None if its writer is not done; SKIPPED if there is none."""
        ring = self.ring
        while self._next != self._tail:
            position, state = self._next, COMMITTED
            record = ring.record(position)
            header = load(record)
            padding = header & PADDING
            if not padding and ring.shares_writing:
                state = self._settled(record + 4)
                if state is None:
                    return None
                header = load(record)  # a writer may shorten it until it commits
                if header & PADDING:
                    raise ring.damaged("a record became padding")
            size = ring.sure_size(header, position, (self._tail - position) & U32)
            if padding or state == ABANDONED:
                self._skip(size)
                continue
            self._next = (position + size) & U32
            return Message(self, self._next, ring.view(position, header))
        return SKIPPED

    def _refresh(self):
        """Reads the tail. An empty ring gives all its room back. Returns whether there is something new."""
        self._store()
        tail = self.ring.load(TAIL)
        if not self.ring.overrun:
            used = (tail - self._stored) & U32
            if tail % 8 or used > self.ring.capacity or used < (self._next - self._stored) & U32:
                raise self.ring.damaged("its tail is not a position of this ring")
        self._tail = tail
        return tail != self._next

    def _take(self):
        for _ in range(TRIES):
            if self._next == self._tail and not self._refresh():
                ending = self._ending(self._closely())
                if ending is None:
                    return None
                if not self._refresh():
                    if ending == "dead":
                        raise self._died()
                    return _END
            found = self._published()
            if found is not SKIPPED:
                return found
        if self.ring.overrun is None:
            raise self.ring.damaged("there is more to skip each time")
        raise TimedOut("what was read was overwritten meanwhile each time: a larger capacity helps")

    def _begin(self):
        if not self._open:
            raise Closed("this reader was released")
        self.ring.domain.check()
        self._release_all()

    def _ended(self, found):
        self.ended = self.ended or found is _END
        return None if found is _END else found

    def read(self, timeout=None):
        """Waits for the next message; None at the end: it was closed, and all was read."""
        self._begin()
        what = f"read of the {type(self.ring).__name__} at {self.ring.offset}"
        return self._ended(self.ring.domain.wait(self.ring.address + READERS, self._take, timeout, what))

    def try_read(self):
        """None if there is none now, or at the end."""
        self._begin()
        return self._ended(self._take())

    def batch(self, most, timeout=None):
        """What is there, from one message to `most`; an empty list at the end."""
        first = self.read(timeout)
        messages = [first] if first is not None else []
        while messages and len(messages) < most:
            try:
                found = self._take()
            except (LayoutError, PeerDied, TimedOut):
                break  # the next call tells
            if found is None or found is _END:
                break
            messages.append(found)
        return messages

    def __iter__(self):
        try:
            while True:
                message = self.read()
                if message is None:
                    return
                yield message
        finally:
            if self.ring.domain.joined:
                self.release()

    def _leave(self):
        self._store()
        self.ring.leave_end(self.ring.reader_word)

    def release(self):
        """Gives the end up, also if it is damaged: another reader may continue. What this one has read is handled."""
        if self._open:
            self.ring.domain.check()
            self._open = False
            try:
                self._release_all()
            finally:
                self._leave()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.ring.domain.joined:
            self.release()


class SharedReader(Reader):
    """One of several readers: under their lock it marks the next message as taken by itself."""

    def __init__(self, ring, patient):
        super().__init__(ring, HEAD, patient)
        self._held = []

    def _take(self):
        ring = self.ring
        for _ in range(TRIES):
            if not lock_shortly(ring.domain, ring.address + CONSUMERS):
                return None
            found, moved = None, False
            try:
                found = self._take_locked()
                if isinstance(found, Message):
                    self._held.append(found._token)
            finally:
                try:
                    moved = self._unlock()
                except LayoutError:
                    if not isinstance(found, Message):  # else the next call meets the damage
                        raise
            if found is not None or not moved:
                return found
        return None

    def _advance(self):
        """Moves the head over all that is done. Returns the head, and the end of what is taken."""
        ring = self.ring
        before, tail, taken = ring.position(HEAD), ring.position(TAIL), ring.position(TAKEN_END)
        used = (tail - before) & U32
        if used > ring.capacity or (taken - before) & U32 > used:
            raise ring.damaged("its head is not before its tail")
        head = position = before
        while True:
            record = ring.record(position)
            header = load(record)
            if position == taken or not header & PADDING and load(record + 4) not in _PASSABLE:
                if position == head:
                    break
                head = position
                ring.store(HEAD, head)  # then look again: who finishes this message looks at the head after that
            else:
                position = (position + ring.sure_size(header, position, (taken - position) & U32)) & U32
        if head != before:
            ring.ring(WRITERS)
            if ring.closed and head == ring.load(TAIL):
                ring.ring(READERS)
        return head, taken

    def _unlock(self):
        """Those that found the lock taken may have released messages: whether it moved the head for them."""
        ring, lock = self.ring, self.ring.address + CONSUMERS
        for tries in range(TRIES):
            if not unlock_shortly(lock):
                return tries > 0
            ring.ring(READERS)
            if not lock_shortly(ring.domain, lock):
                return tries > 0
            try:
                self._advance()
            except BaseException:
                unlock_shortly(lock)
                raise
        unlock_shortly(lock)
        return False

    def _change(self, word, before, after):
        if compare_exchange(word, before, after) != before:
            raise self.ring.damaged("another participant changed a record")

    def _got(self, position, length, redelivered=False):
        return Message(self, position, self.ring.view(position, length), redelivered)

    def _redeliver(self, position, state, length):
        """A message of a reader that was killed: takes it, or drops it. None also if it finished it after the look at its state."""
        ring, word = self.ring, self.ring.record(position) + 4
        before = compare_exchange(word, state, TAKEN | ring.domain.id if ring.redeliver else DONE)
        if before == DONE:
            return None
        if before != state:
            raise ring.damaged("another participant changed a record")
        ring.count(REDELIVERED if ring.redeliver else DROPPED)
        return self._got(position, length, True) if ring.redeliver else None

    def _take_from_dead(self, position, taken, most):
        ring = self.ring
        while position != taken and most > 0:
            record = ring.record(position)
            header, state = load(record), load(record + 4)
            size = ring.sure_size(header, position, (taken - position) & U32)
            if not header & PADDING and state >> 30 == 1 and not self._lives(state & ~TAKEN):
                found = self._redeliver(position, state, header)
                if found is not None:
                    return found
            position, most = (position + size) & U32, most - 1
        return None

    def _take_next(self, head, taken):
        ring, position, end = self.ring, taken, self.ring.position(TAIL)
        if (end - head) & U32 > ring.capacity or (end - head) & U32 < (taken - head) & U32:
            raise ring.damaged("its tail is not a position of this ring")
        looked = None  # the position of a dead writer's claim
        while position != end:
            record = ring.record(position)
            header, state = load(record), load(record + 4)
            padding = header & PADDING
            header = header if padding else load(record)  # it may be shortened until it is committed
            if header & PADDING != padding:
                raise ring.damaged("a record became padding")
            following = (position + ring.sure_size(header, position, (end - position) & U32)) & U32
            if not padding and state == COMMITTED:
                self._change(record + 4, state, TAKEN | ring.domain.id)
                ring.store(TAKEN_END, following)
                return self._got(position, header)
            if not padding and state not in _PASSABLE:
                taker = state >> 30 == 1
                if self._lives(state & ~TAKEN):
                    if taker:
                        raise ring.damaged("a message behind the end of those taken is taken")
                    break
                if taker:  # killed before it moved the end of what is taken: the lock is free
                    found = self._redeliver(position, state, header)
                    ring.store(TAKEN_END, following)
                    if found is not None:
                        return found
                else:
                    if position == looked:
                        raise ring.damaged("a record changes again and again")
                    looked = position
                    if compare_exchange(record + 4, state, ABANDONED) == state:
                        ring.count(ABANDONS)
                    continue  # look again: it may have committed before it died
            position = following
        if position != taken:
            ring.store(TAKEN_END, position)
        return None

    def _take_locked(self):
        head, taken = self._advance()
        # The oldest message blocks the head, so a dead reader's is found even if there are always new ones.
        found = self._take_from_dead(head, taken, 1)
        if found is None:
            found = self._take_next(head, taken)
        if found is not None:
            return found
        head, taken = self._advance()  # over what was skipped
        closely = self._closely()
        ending = self._ending(closely)
        if ending is None and not closely:
            return None
        found = self._take_from_dead(head, taken, U32)
        if found is not None:
            return found
        if not self.ring.redeliver:
            head, taken = self._advance()  # over what was dropped
        tail = self.ring.load(TAIL)
        if ending is None or taken != tail:
            return None
        if ending == "dead":
            raise self._died()
        # What others have taken may have to be delivered again, so nobody ends before it.
        return _END if head == tail else None

    def _finish(self, position):
        ring, lock = self.ring, self.ring.address + CONSUMERS
        self._change(ring.record(position) + 4, TAKEN | ring.domain.id, DONE)
        record = ring.record(ring.load(HEAD) & ~7)
        if not load(record) & PADDING and load(record + 4) not in _PASSABLE:
            return
        if lock_shortly(ring.domain, lock):  # who keeps it sees the mark, and moves the head in this reader's place
            try:
                self._advance()
            finally:
                self._unlock()

    def _release(self, token):
        self.ring.domain.check()
        if token in self._held:
            self._held.remove(token)
            self._finish(token)

    def _release_all(self):
        take_all(self._held, self._finish)

    def _leave(self):
        self.ring.leave_end(self.ring.reader_word)
