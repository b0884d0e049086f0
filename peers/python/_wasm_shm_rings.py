"""The bytes of channels and topics, and their writing end. The states of the words: docs/protocol.md."""

from _wasm_shm_domain import ID_BITS, Closed, LayoutError, NotOwner, PeerDied
from _wasm_shm_kernel import add, compare_exchange, fence, load, store
from _wasm_shm_locks import lock_shortly, unlock_shortly

U32 = 0xFFFFFFFF
# Bytes from a ring's first.
TAIL, WRITER, CLOSED, INTENT, OLDEST, NUMBER, LOST = 64, 68, 72, 76, 80, 84, 88
HEAD, READER, LISTENS, READERS, WRITERS, PRODUCERS, ENTRIES, ENTRY = 128, 132, 136, 192, 256, 320, 320, 64
CONSUMERS, TAKEN_END, ABANDONS, REDELIVERED, DROPPED = 384, 388, 392, 396, 400
WRITER_TABLE, READER_TABLE, RECORDS = 448, 704, 960
# Of a record: bit 31 of its length, and its states.
PADDING, COMMITTED, ABANDONED, DONE = 0x80000000, 0x80000000, 0xC0000000, 0xA0000000
TAKEN = JOINING = 0x40000000


def record_bytes(length):
    return (length + 15) & ~7


def is_capacity(capacity, least=64):
    return least <= capacity <= 1 << 30 and capacity & (capacity - 1) == 0


def take_all(items, call):
    """Takes each item out of `items`, for a call with it. Damage of one does not keep the others: it is raised after them."""
    damage = None
    while items:
        try:
            call(items.pop())
        except LayoutError as error:
            damage = damage or error
    if damage is not None:
        raise damage


class Ring:
    """What a channel and a topic share. Both ends of a ring know it by its bytes."""

    overrun = None  # of a topic

    def __init__(self, domain, kind, offset, state, capacity, second):
        self.domain, self.offset, self.capacity, self.size = domain, offset, capacity, state + capacity
        self.address = domain.open(kind, offset, self.size, capacity, second)
        self.records = self.address + state

    @property
    def largest(self):
        """Bytes of the largest message."""
        return self.capacity // 2 - 8

    @property
    def closed(self):
        return self._checked_load(CLOSED) != 0

    def close(self):
        """Ends it for all writers. Readers get what is there, and then the end."""
        self.domain.check()
        store(self.address + CLOSED, 1)
        self.ring(READERS)
        self.ring(WRITERS)

    def ring(self, mask):
        self.domain.ring(self.address + mask)

    def load(self, word):
        return load(self.address + word)

    def store(self, word, value):
        store(self.address + word, value)

    def count(self, word):
        add(self.address + word, 1)

    def _checked_load(self, word):
        self.domain.check()
        return self.load(word)

    def damaged(self, what):
        return LayoutError(f"{type(self).__name__} at {self.offset}: {what}")

    def position(self, word):
        found = self.load(word)
        if found % 8:
            raise self.damaged(f"byte {word} holds no position")
        return found

    def record(self, position):
        return self.records + (position & (self.capacity - 1))

    def to_end(self, position):
        return self.capacity - (position & (self.capacity - 1))

    def view(self, position, length):
        start = self.record(position) + 8 - self.domain.window.address
        return self.domain.window.buffer[start : start + length]

    def size_of(self, header, position, available):
        """Bytes of the record or padding at a position, of which `available` are published; 0: it cannot be so long."""
        most, length = min(available, self.to_end(position)), header & ~PADDING
        if header & PADDING:
            return 0 if length < 8 or length > most or length % 8 else length
        return 0 if length > most - 8 else record_bytes(length)

    def sure_size(self, header, position, available):
        size = self.size_of(header, position, available)
        if size == 0:
            raise self.damaged(f"the record at {position} has the length {header:#x}; {available} remain")
        return size

    # -- who is at an end --

    def look(self, word, table):
        """True: another process; False: one who was killed; None: nobody."""
        end = None
        for at in [word] if table is None else range(table, table + 4 * self.domain.slots, 4):
            found = self.load(at)
            if found and self.domain.is_living(found):
                return True
            if found:
                end = False
        return end

    def writers(self):
        return self.look(WRITER, WRITER_TABLE if self.shares_writing else None)

    def readers(self):
        return self.look(READER, READER_TABLE if self.shares_reading else None)

    def take_end(self, word):
        found = self.load(word)
        # A table's word is of one slot: an id of another is damage, and replaced.
        taken = self.domain.is_living(found) if word in (WRITER, READER) else found == self.domain.id
        if taken or compare_exchange(self.address + word, found, self.domain.id) != found:
            raise NotOwner(f"{type(self).__name__} at {self.offset}: a participant has this end already")

    def leave_end(self, word):
        compare_exchange(self.address + word, self.domain.id, 0)

    shares_writing = shares_reading = False

    @property
    def writer_word(self):
        return WRITER_TABLE + 4 * self.domain.slot if self.shares_writing else WRITER

    @property
    def reader_word(self):
        return READER_TABLE + 4 * self.domain.slot if self.shares_reading else READER

    def subscriber(self, entry):
        """The word of a topic's entry, if a living participant is in it, else 0."""
        found = self.load(entry)
        return found if found and self.domain.is_living(found & ID_BITS) else 0


class Claim:
    """Room for a message: fill `bytes`, a memoryview of the segment, then commit(). The end of a `with` block
    abandons it if it is open, and so does its writer's release()."""

    def __init__(self, writer, position, length):
        self._writer, self.position, self.length = writer, position, length
        self.bytes = writer.ring.view(position, length)

    def commit(self, length=None):
        """Makes the first `length` bytes a message (default all)."""
        length = self.length if length is None else length
        if self.bytes is None:
            raise NotOwner("this claim was committed or abandoned")
        if not 0 <= length <= self.length:
            raise ValueError(f"length must be 0 to {self.length}")
        self._writer.ring.domain.check()
        self.bytes = None
        self._writer._commit(self, length)

    def abandon(self):
        """Gives the room back, without a message."""
        if self.bytes is None:
            raise NotOwner("this claim was committed or abandoned")
        self._writer.ring.domain.check()
        self.bytes = None
        self._writer._abandon(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.bytes is not None:
            self.abandon()


class Writer:
    """The writing end, from channel.writer() and topic.writer(). A participant has one of a ring."""

    def __init__(self, ring, manual, patient):
        ring.domain.check()
        ring.take_end(ring.writer_word)
        self.ring, self._manual, self._patient, self._claims, self._open = ring, manual, patient, set(), True
        self._position = self._published = 0  # of shared writing: counts of commits, and of those shown
        if not ring.shares_writing:
            try:
                self._position = self._published = ring.position(TAIL)
                self._number = ring.load(NUMBER)
                self._limit = self._look()
            except LayoutError:
                ring.leave_end(ring.writer_word)
                raise

    def _look(self):
        """What must stay: the head, or the slowest subscriber. A position of another turn leaves no room."""
        ring = self.ring
        if not ring.overrun:
            head = ring.position(HEAD)
            if (self._position - head) & U32 > ring.capacity:
                raise ring.damaged("more bytes are in use than there are")
            return head
        most = (self._position - self._published) & U32
        for entry in ring.entries if ring.overrun != "overwrite" else ():
            found = ring.subscriber(entry)
            if found and not found & JOINING:
                most = max(most, min((self._position - ring.load(entry + 4)) & U32, ring.capacity))
        return (self._position - most) & U32

    def _tell(self, end):
        """Tells that all up to a turn before `end` is being overwritten, before any of it is."""
        ring = self.ring
        before = ring.load(OLDEST)
        if before % 8 or (self._position - before) & U32 > ring.capacity:
            before = self._position
        oldest = before
        while (end - oldest) & U32 > ring.capacity and oldest != self._position:
            size = ring.size_of(load(ring.record(oldest)), oldest, (self._position - oldest) & U32)
            oldest = (oldest + size) & U32 if size else self._position
        if oldest != before:
            ring.store(OLDEST, oldest)
        ring.store(INTENT, end)
        fence()

    def _place(self, position, length):
        need, to_end = record_bytes(length), self.ring.to_end(position)
        if need > to_end:
            store(self.ring.record(position), to_end | PADDING)
            position = (position + to_end) & U32
        return Claim(self, position, length)

    def _size_at(self, position, length):
        need, to_end = record_bytes(length), self.ring.to_end(position)
        return need if need <= to_end else to_end + need

    def _full(self):
        if not self.ring.overrun and not self._patient and self.ring.readers() is False:
            raise PeerDied("it is full, and its reader was killed")

    def _attempt(self, length):
        if not self._open or self.ring.closed:
            raise Closed(f"{type(self.ring).__name__} at {self.ring.offset} was closed, or this writer released")
        claim = self._claim_shared(length) if self.ring.shares_writing else self._claim_alone(length)
        if claim is not None:
            self._claims.add(claim)
        return claim

    def _claim_alone(self, length):
        if self._claims:
            raise RuntimeError("deadlock: the claim before it is still open")
        total = self._size_at(self._position, length)
        for looks in range(3):
            if ((self._position - self._limit) & U32) + total <= self.ring.capacity:
                break
            if looks == 2:
                return self._full()
            if looks == 1:
                self.publish()  # room is made only by what readers see
            self._limit = self._look()
        if self.ring.overrun:
            self._tell((self._position + total) & U32)
        return self._place(self._position, length)

    def _claim_shared(self, length):
        ring = self.ring
        lock, claim = ring.address + PRODUCERS, None
        if not lock_shortly(ring.domain, lock):
            return None
        try:
            tail, head = ring.position(TAIL), ring.position(HEAD)
            used = (tail - head) & U32
            if used > ring.capacity:
                raise ring.damaged("more bytes are in use than there are")
            if not ring.closed and used + self._size_at(tail, length) <= ring.capacity:
                claim = self._place(tail, length)
                record = ring.record(claim.position)
                store(record, length)
                store(record + 4, ring.domain.id)
                ring.store(TAIL, claim.position + record_bytes(length))
        finally:
            if unlock_shortly(lock):
                ring.ring(WRITERS)
        if claim is None and not ring.closed:
            self.publish()
            return self._full()
        if ring.closed:  # perhaps before the tail was stored: readers may have ended already
            if claim is not None:
                claim.abandon()
            raise Closed(f"Channel at {ring.offset} was closed")
        return claim

    def _settle(self, claim, state):
        if compare_exchange(self.ring.record(claim.position) + 4, self.ring.domain.id, state) != self.ring.domain.id:
            raise self.ring.damaged("another participant changed a claim")

    def _commit(self, claim, length):
        ring, record, need = self.ring, self.ring.record(claim.position), record_bytes(length)
        self._claims.discard(claim)
        if ring.shares_writing:
            # First what is left over becomes padding, then the length is stored that makes it so.
            if need < record_bytes(claim.length):
                store(record + need, record_bytes(claim.length) - need | PADDING)
            if length != claim.length:
                store(record, length)
            self._settle(claim, COMMITTED)
            self._position += 1
        else:
            store(record, length)
            if ring.overrun:
                store(record + 4, self._number)
                self._number = (self._number + 1) & U32
            self._position = (claim.position + need) & U32
        if not self._manual:
            self.publish()

    def _abandon(self, claim):
        self._claims.discard(claim)
        if self.ring.shares_writing:
            self._settle(claim, ABANDONED)
            self.ring.count(ABANDONS)
            self.ring.ring(READERS)

    def _check_length(self, length):
        if length > self.ring.largest:
            raise ValueError(f"a message has at most {self.ring.largest} bytes, not {length}")

    def claim(self, length, timeout=None):
        """Waits for room for `length` bytes. timeout: seconds, or None for as long as it takes."""
        self._check_length(length)
        what = f"claim of the {type(self.ring).__name__} at {self.ring.offset}"
        return self.ring.domain.wait(self.ring.address + WRITERS, lambda: self._attempt(length), timeout, what)

    def try_claim(self, length):
        """None if there is no room now."""
        self._check_length(length)
        self.ring.domain.check()
        return self._attempt(length)

    def write(self, data, timeout=None):
        """Writes a message: anything with a buffer. False: a topic that drops has no room, and counted it."""
        data = memoryview(data).cast("B")
        if self.ring.overrun == "drop":
            return self.try_write(data)
        return self._fill(self.claim(len(data), timeout), data)

    def try_write(self, data):
        """False if there is no room now."""
        data = memoryview(data).cast("B")
        claim = self.try_claim(len(data))
        if claim is not None:
            return self._fill(claim, data)
        if self.ring.overrun == "drop":
            self._number = (self._number + 1) & U32
            self.ring.count(LOST)
            if self._published == self._position:
                self.ring.store(NUMBER, self._number)
        return False

    @staticmethod
    def _fill(claim, data):
        claim.bytes[:] = data
        claim.commit()
        return True

    def write_batch(self, messages, timeout=None):
        """Writes several messages, and shows them together, or in groups if there is not room for all."""
        before, self._manual = self._manual, True
        try:
            for data in messages:
                self.write(data, timeout)
        finally:
            self._manual = before
            self.publish()

    def publish(self):
        """Shows readers what was committed; only writer(manual=True) needs it."""
        ring = self.ring
        ring.domain.check()
        if self._published == self._position:
            return
        self._published = self._position
        if not ring.shares_writing:
            if ring.overrun:
                ring.store(NUMBER, self._number)
            ring.store(TAIL, self._position)
        ring.ring(READERS)

    def release(self):
        """Gives the end up: another writer may continue. Open claims are abandoned, and cannot be used any more."""
        if self._open:
            self.publish()
            self._open = False
            try:
                take_all(self._claims, Claim.abandon)
            finally:
                self.ring.leave_end(self.ring.writer_word)

    def close(self):
        """Releases, and ends the channel."""
        try:
            self.release()
        finally:
            self.ring.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.ring.domain.joined:
            self.release()
