"""Channels, topics, and subscriptions. The states of the words: docs/protocol.md."""

from _wasm_shm_domain import LayoutError, TooManyPeers
from _wasm_shm_kernel import compare_exchange, fence, load
from _wasm_shm_readers import SKIPPED, Message, Reader, SharedReader
from _wasm_shm_rings import (
    ABANDONS, DROPPED, ENTRIES, ENTRY, HEAD, INTENT, JOINING, LOST, NUMBER, OLDEST, PADDING, RECORDS, REDELIVERED,
    TAIL, U32, WRITERS, Ring, Writer, is_capacity,
)  # fmt: skip


class Subscription(Reader):
    """A subscriber of a topic, from topic.subscribe(). `message.missed`: how many it did not get before this one."""

    def __init__(self, topic, patient):
        topic.domain.check()
        entry = next((at for at in topic.entries if self._joins(topic, at)), None)
        if entry is None:
            raise TooManyPeers(f"Topic at {topic.offset} has {topic.most_subscribers} subscriptions, all in use")
        super().__init__(topic, entry + 4, patient)
        self._entry, self._sure = entry, False
        topic.store(entry + 4, topic.load(TAIL))
        topic.store(entry, topic.domain.id)
        # From here on a look of the writer's sees the entry. A look before that left in place what was published then.
        tail = topic.load(TAIL) & ~7
        self._next = self._tail = self._released = self._stored = tail
        topic.store(entry + 4, tail)
        number = topic.load(NUMBER)
        self._expected = number if topic.load(TAIL) == tail else None
        topic.ring(WRITERS)

    @staticmethod
    def _joins(topic, entry):
        found = topic.load(entry)
        if topic.subscriber(entry):
            return False
        return compare_exchange(topic.address + entry, found, topic.domain.id | JOINING) == found

    def _is_overwritten(self, position):
        return (self.ring.load(INTENT) - position) & U32 > self.ring.capacity

    def _jump(self):
        self._next = self._tail = self._released = self.ring.position(OLDEST)
        self._sure = False
        return SKIPPED

    def _published(self):
        ring, position = self.ring, self._next
        overwrites = ring.overrun == "overwrite"
        if overwrites and self._is_overwritten(position):
            return self._jump()
        record, available = ring.record(position), (self._tail - position) & U32
        header, number = load(record), load(record + 4)
        size = 0 if available > ring.capacity else ring.size_of(header, position, available)
        if not header & PADDING and header > ring.largest:
            size = 0
        whole = size != 0 and not header & PADDING
        data = ring.view(position, header) if whole else None
        if overwrites:
            data = memoryview(bytes(data)) if whole else None
            fence()
            gone = self._is_overwritten(position)
            # Another number follows a writer that was killed.
            if gone or self._sure and whole and number != self._expected and not self._is_reached(position):
                return self._jump()
        if size == 0:
            raise ring.damaged(f"the record at {position} has the length {header:#x}; {available} remain")
        if not whole:
            self._skip(size)
            return SKIPPED
        self._next = (position + size) & U32
        message = Message(self, self._next, data)
        missed = 0 if self._expected is None else (number - self._expected) & U32
        message.missed = missed if missed < 1 << 31 else 0
        self._expected, self._sure = (number + 1) & U32, True
        return message

    def _is_reached(self, position):
        """Whether the records from the oldest on lead to a position. If the writer moves the oldest meanwhile, this looks again."""
        for _ in range(16):
            oldest = self.ring.load(OLDEST)
            at = position if oldest % 8 else oldest
            if (position - at) & U32 > self.ring.capacity:
                return False
            if self._leads(at, position):
                return not self._is_overwritten(position)
            if self.ring.load(OLDEST) == oldest:
                return False
        return False

    def _leads(self, at, position):
        while at != position:
            size = self.ring.size_of(load(self.ring.record(at)), at, (position - at) & U32)
            if size == 0:
                return False
            at = (at + size) & U32
        return True

    def _leave(self):
        self.ring.leave_end(self._entry)
        self.ring.ring(WRITERS)


class Channel(Ring):
    """A queue of messages, each delivered once: 960 bytes, and the capacity. From domain.channel()."""

    MODES = ("spsc", "mpsc", "mpmc")

    def __init__(self, domain, offset, capacity, mode, redeliver):
        there = domain.found(0x57530108, offset)
        first, second = there or (65536, 1)
        if not is_capacity(first) or second & ~0x100 not in (1, 2, 3):
            raise LayoutError(f"the channel at {offset} has the capacity {first}, and the flags {second:#x}")
        capacity = first if capacity is None else capacity
        self.mode = self.MODES[(second & 3) - 1] if mode is None else mode
        self.redeliver = second & 0x100 == 0 if redeliver is None else redeliver
        if not is_capacity(capacity) or self.mode not in self.MODES:
            raise ValueError("capacity must be a power of two, 64 to 2^30, and mode spsc, mpsc or mpmc")
        self.shares_writing, self.shares_reading = self.mode != "spsc", self.mode == "mpmc"
        flags = self.MODES.index(self.mode) + 1 | (0 if self.redeliver else 0x100)
        super().__init__(domain, 0x57530108, offset, RECORDS, capacity, flags)

    def writer(self, manual=False, patient=False):
        """The writing end. manual: messages are seen at publish(); patient: it waits for a dead reader's successor."""
        return Writer(self, manual, patient)

    def reader(self, patient=False):
        """The reading end: it begins where the last reader was. patient: it waits for a dead writer's successor."""
        self.domain.check()
        self.take_end(self.reader_word)
        try:
            return SharedReader(self, patient) if self.shares_reading else Reader(self, HEAD, patient)
        except LayoutError:
            self.leave_end(self.reader_word)
            raise

    @property
    def used(self):
        """Bytes in use: messages that are not given back yet, and 8 or more for each."""
        self.domain.check()
        return min((self.load(TAIL) - self.load(HEAD)) & U32, self.capacity)

    @property
    def abandoned(self):
        return self._checked_load(ABANDONS)

    @property
    def redelivered(self):
        return self._checked_load(REDELIVERED)

    @property
    def dropped(self):
        return self._checked_load(DROPPED)


class Topic(Ring):
    """Messages for every subscriber: 320 bytes, 64 for each subscription, and the capacity. From domain.topic()."""

    POLICIES = ("block", "overwrite", "drop")

    def __init__(self, domain, offset, capacity, overrun, subscribers):
        first, second = domain.found(0x57530109, offset) or (65536, 1 | 16 << 8)
        if not is_capacity(first) or not 1 <= second & 0xFF <= 3 or not 1 <= second >> 8 <= 1024:
            raise LayoutError(f"the topic at {offset} has the capacity {first}, and the flags {second:#x}")
        capacity = first if capacity is None else capacity
        self.overrun = self.POLICIES[(second & 0xFF) - 1] if overrun is None else overrun
        self.most_subscribers = second >> 8 if subscribers is None else subscribers
        if not is_capacity(capacity) or self.overrun not in self.POLICIES or not 1 <= self.most_subscribers <= 1024:
            raise ValueError(
                "capacity: a power of two, 64 to 2^30; overrun: block, overwrite, drop; subscribers: 1 to 1024"
            )
        state = ENTRIES + ENTRY * self.most_subscribers
        self.entries = range(ENTRIES, state, ENTRY)
        flags = self.POLICIES.index(self.overrun) + 1 | self.most_subscribers << 8
        super().__init__(domain, 0x57530109, offset, state, capacity, flags)

    @property
    def subscribers(self):
        self.domain.check()
        return sum(self.subscriber(entry) != 0 for entry in self.entries)

    @property
    def dropped(self):
        return self._checked_load(LOST)

    def writer(self, manual=False):
        return Writer(self, manual, True)

    def subscribe(self, patient=False):
        """A reader of what is published from here on. patient: it waits for a dead writer's successor."""
        return Subscription(self, patient)
