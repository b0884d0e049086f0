"""Each call of the package, by participants of one process: calls.py SEGMENT."""

import os
import signal
import sys
import threading

import _wasm_shm_kernel as kernel
import _wasm_shm_locks
import _wasm_shm_readers
import _wasm_shm_rings
import _wasm_shm_services
import wasm_shm

segment = int(sys.argv[1])
left, right = wasm_shm.attach(segment), wasm_shm.attach(segment)
one, two = left.join(), right.join()


def fails(error, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except error:
        return
    raise AssertionError(f"{call} does not raise {error}")


def changed(owner, name, value, call, *arguments):
    """Calls while an attribute of a module or an object has another value."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        return call(*arguments)
    finally:
        setattr(owner, name, before)


def raises(error):
    def call(*_):
        raise error

    return call


def always(result, most=10000):
    """A function that may be called so many times: who calls it more often does not end."""
    calls = []

    def call(*_):
        calls.append(result)
        assert len(calls) <= most, "it does not end"
        return result

    return call


def channels(offset, mode):
    fails(ValueError, one.channel, offset, 1000)
    fails(ValueError, one.channel, offset, 1024, "spmc")
    fails(ValueError, one.channel, left.size - 64, 1024)
    mine = one.channel(offset, 1024, mode)
    fails(wasm_shm.LayoutError, two.channel, offset, 2048)
    yours = two.channel(offset)
    assert (yours.capacity, yours.mode, yours.largest) == (1024, mode, 504)
    writer, reader = mine.writer(), yours.reader()
    fails(wasm_shm.NotOwner, mine.writer)
    fails(wasm_shm.NotOwner, yours.reader)
    assert reader.try_read() is None
    fails(wasm_shm.TimedOut, reader.read, 0.005)
    fails(ValueError, writer.write, bytes(505))
    for length in range(505):  # over the end of the ring and again
        data = bytes([length & 0xFF]) * length
        assert writer.write(data) and bytes(reader.read().bytes) == data
        assert reader.try_read() is None  # an empty ring gives all its room back
    count = 0
    while writer.try_write(b"12345678"):
        count += 1
    assert count == 64
    fails(wasm_shm.TimedOut, writer.write, b"12345678", 0.005)
    assert [len(reader.batch(40)) for _ in range(2)] == [40, 24]
    assert reader.try_read() is None
    claim = writer.claim(200)
    claim.bytes[:] = b"9" * 200
    if mode == "spsc":
        fails(RuntimeError, writer.try_claim, 100)
    else:
        writer.try_claim(100).commit()
        assert reader.try_read() is None
    fails(ValueError, claim.commit, 201)
    claim.commit(50)
    fails(wasm_shm.NotOwner, claim.commit)
    assert reader.read().bytes == b"9" * 50
    if mode != "spsc":
        message = reader.read()
        message.release()
        message.release()
    with writer.claim(200):
        pass
    assert reader.try_read() is None and mine.abandoned == (mode != "spsc")
    writer.release()
    with mine.writer(manual=True) as manual:
        manual.write(b"1")
        assert mode != "spsc" or reader.try_read() is None
        manual.publish()
        manual.write_batch([b"2", b"3"])
    assert [bytes(message.bytes) for message in reader.batch(9)] == [b"1", b"2", b"3"]
    with mine.writer() as last:
        last.write(b"last")
        yours.close()
        fails(wasm_shm.Closed, last.write, b"")
    assert [bytes(message.bytes) for message in reader] == [b"last"]
    fails(wasm_shm.Closed, reader.read)


def dies(work):
    child = os.fork()
    if child == 0:
        work(wasm_shm.attach(segment).join())
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


def deaths(offset, mode):
    channel = one.channel(offset, 64, mode)

    def leave_claim(domain):
        writer = domain.channel(offset).writer()
        writer.write(b"whole")
        writer.claim(20)

    dies(leave_claim)
    with channel.reader() as reader:
        assert reader.read().bytes == b"whole"
        fails(wasm_shm.PeerDied, reader.read)
    writer = channel.writer()
    for _ in range(4):
        writer.write(b"message!")
    dies(lambda domain: domain.channel(offset).reader().read())
    fails(wasm_shm.PeerDied, writer.write, b"message!")
    with channel.reader() as reader:
        assert [reader.read().redelivered for _ in range(4)] == [mode == "mpmc", False, False, False]
        assert reader.try_read() is None


def between_looks(work):
    """Has `work` happen after a reader's next look at a record, and before its look whether the one in it lives."""
    cls = _wasm_shm_readers.SharedReader
    lives = cls._lives

    def hooked(self, identifier):
        del cls._lives
        work()
        return lives(self, identifier)

    cls._lives = hooked


def deaths_between_looks(offset):
    channel = one.channel(offset, 1024, "mpmc")
    reading, writing = [wasm_shm.attach(segment).join() for _ in range(2)]
    writer, reader = channel.writer(), channel.reader()
    writer.write(b"finished")
    message = reading.channel(offset).reader().read()
    claim = writing.channel(offset).writer().claim(9)
    claim.bytes[:] = b"committed"

    def finish():
        message.release()
        reading.leave()

    def commit():
        claim.commit()
        writing.leave()

    between_looks(finish)
    assert reader.try_read() is None and channel.redelivered == 0
    between_looks(commit)
    assert reader.read().bytes == b"committed" and channel.abandoned == 0


def damage(offset):
    """One of three messages is damaged: the others are handled, and the end is free."""
    channel = one.channel(offset, 256, "mpmc")
    writer, reader = channel.writer(), channel.reader()
    for _ in range(3):
        writer.write(b"8 bytes.")
    assert len(reader.batch(3)) == 3
    states = [records + 4 for records in range(960, 960 + 3 * 16, 16)]
    channel.store(states[1], 0x7FFFFFFF)
    fails(wasm_shm.LayoutError, reader.release)
    assert channel.load(states[0]) == channel.load(states[2]) == 0xA0000000
    assert channel.load(channel.reader_word) == 0
    reader.release()  # the second time does nothing
    writer.release()


def empty(offset):
    """An empty message is one, also if it is delivered again."""
    channel = one.channel(offset, 256, "mpmc")
    other = wasm_shm.attach(segment).join()
    writer, reader = channel.writer(), channel.reader()
    writer.write(b"")
    writer.write(b"next")
    assert other.channel(offset).reader().try_read()
    other.leave()
    message = reader.try_read()
    assert message and len(message) == 0 and message.redelivered
    assert reader.try_read().bytes == b"next"
    assert reader.try_read() is None and channel.used == 0


def part_of_batch(offset, mode):
    """Damage behind a message does not lose it."""
    channel = one.channel(offset, 256, mode)
    writer, reader = channel.writer(), channel.reader()
    writer.write(b"8 bytes.")
    writer.write(b"8 bytes.")
    channel.store(960 + 16, 200)
    assert [bytes(message.bytes) for message in reader.batch(2)] == [b"8 bytes."]
    fails(wasm_shm.LayoutError, reader.batch, 2)


def unlocks(offset):
    """The consumers' lock is freed by any failure, which does not lose what was found before."""
    channel = one.channel(offset, 256, "mpmc")
    writer, reader = channel.writer(), channel.reader()
    lock = channel.address + _wasm_shm_rings.CONSUMERS
    again = always(True)

    def unlock_in_vain():
        kernel.store(lock, 0)
        raise wasm_shm.LayoutError("damage")

    def unlock_and_move():
        kernel.store(lock, 0)
        return again()

    writer.write(b"found")
    message = changed(reader, "_unlock", unlock_in_vain, reader.try_read)
    assert message.bytes == b"found"
    message.release()
    assert channel.used == 0
    changed(reader, "_unlock", unlock_in_vain, fails, wasm_shm.LayoutError, reader.try_read)
    assert changed(reader, "_unlock", unlock_and_move, reader.try_read) is None
    kernel.store(lock, one.id | _wasm_shm_locks.CONTENDED)
    changed(reader, "_advance", raises(KeyboardInterrupt), fails, KeyboardInterrupt, reader._unlock)
    assert kernel.load(lock) == 0


def not_recoverable(offset):
    """What only a mutex may hold is damage in a lock of a channel, and does not keep a release."""
    channel = one.channel(offset, 256, "mpmc")
    writer, reader = channel.writer(), channel.reader()
    for _ in range(3):
        writer.write(b"8 bytes.")
    assert len(reader.batch(3)) == 3
    reader._held.reverse()  # the lock is needed for the first
    channel.store(_wasm_shm_rings.PRODUCERS, _wasm_shm_locks.NOT_RECOVERABLE)
    channel.store(_wasm_shm_rings.CONSUMERS, _wasm_shm_locks.NOT_RECOVERABLE)
    fails(wasm_shm.LayoutError, writer.write, b"")
    fails(wasm_shm.LayoutError, reader.release)
    assert [channel.load(record + 4) for record in range(960, 960 + 3 * 16, 16)] == [0xA0000000] * 3
    assert channel.load(channel.reader_word) == 0


def changes(offset):
    """What changes at each look is damage; in a topic it may be its writer."""
    channel = one.channel(offset, 256, "mpmc")
    other = wasm_shm.attach(segment).join()
    reader = channel.reader()
    other.channel(offset).writer().claim(8)
    other.leave()
    changed(_wasm_shm_readers, "compare_exchange", always(0, 2), fails, wasm_shm.LayoutError, reader.try_read)
    channel, topic = one.channel(offset + 4096, 256), one.topic(offset + 8192, 256)
    reader, subscription = channel.reader(), topic.subscribe()
    for ring, end, error in (
        (channel, reader, wasm_shm.LayoutError),
        (topic, subscription, wasm_shm.TimedOut),
    ):
        ring.writer().write(b"skipped")
        changed(end, "_published", always(_wasm_shm_readers.SKIPPED), fails, error, end.try_read)


def released(offset, mode):
    """A writer that is released gives up all that it had, also if one claim is damaged."""
    channel = one.channel(offset, 256, mode)
    with channel.writer() as writer:
        claim = writer.claim(8)
    assert claim.bytes is None
    fails(wasm_shm.NotOwner, claim.commit)
    writer = channel.writer()
    claims = [writer.claim(8) for _ in range(1 if mode == "spsc" else 3)]
    if mode != "spsc":
        assert channel.abandoned == 1
        first = next(iter(writer._claims))
        channel.store(960 + first.position + 4, 0x7FFFFFFF)
        fails(wasm_shm.LayoutError, writer.release)
        assert channel.abandoned == 3
    writer.release()
    assert channel.load(channel.writer_word) == 0
    for claim in claims:
        fails(wasm_shm.NotOwner, claim.commit)


def ends(offset):
    """The id of another participant in a word that is of this slot does not keep it out."""
    channel = one.channel(offset, 256, "mpmc")
    for word, take in ((channel.writer_word, channel.writer), (channel.reader_word, channel.reader)):
        channel.store(word, two.id)
        take()
        assert channel.load(word) == one.id
        fails(wasm_shm.NotOwner, take)


def overtaken(offset):
    """What is overwritten already is not copied."""
    topic = one.topic(offset, 256, "overwrite")
    writer, reader = topic.writer(), topic.subscribe()
    for _ in range(2):
        writer.write(b"8 bytes.")
    reader.read()
    for _ in range(40):
        writer.write(b"8 bytes.")
    positions, view = [], topic.view

    def counted(position, length):
        positions.append(position)
        return view(position, length)

    message = changed(topic, "view", counted, reader.try_read)
    assert (message.missed, len(positions)) == (25, 1)


def topics(offset, overrun):
    mine = one.topic(offset, 1024, overrun, 2)
    yours = two.topic(offset)
    assert (yours.overrun, yours.most_subscribers) == (overrun, 2)
    writer, reader, other = mine.writer(), yours.subscribe(), yours.subscribe()
    fails(wasm_shm.TooManyPeers, yours.subscribe)
    other.release()
    assert yours.subscribers == 1
    written = sum(writer.try_write(b"%4d" % number) for number in range(200))
    assert written == (200 if overrun == "overwrite" else 64)
    read, missed = 0, 0
    message = reader.try_read()
    while message is not None:
        missed += message.missed
        assert int(bytes(message.bytes)) == read + missed
        read += 1
        message = reader.try_read()
    assert (read, missed) == (64, 136 if overrun == "overwrite" else 0)
    assert writer.write(b" 200") and reader.read().missed == (136 if overrun == "drop" else 0)
    assert mine.dropped == (136 if overrun == "drop" else 0)
    mine.close()
    assert reader.read() is None and reader.ended


def services(offset):
    mine = one.service(offset, 1024, 2048, 1)
    yours = two.service(offset)
    assert (yours.answer_capacity, yours.clients) == (2048, 1)
    fails(ValueError, mine.request, bytes(600))
    fails(wasm_shm.TimedOut, mine.request, b"late", 0.005)
    fails(wasm_shm.TooManyPeers, yours.request, b"")
    with yours.server() as server:
        fails(wasm_shm.TimedOut, server.next, 0.005)
    answers = [bytes(2000), None, "text"]

    def work():
        with yours.server() as server:
            server.next().answer(b"5")
            asked = server.next()
            fails(ValueError, asked.answer, bytes(2000))
            asked.fail(KeyError("k"))
            server.next()._send(7, b"[]")
        fails(wasm_shm.Closed, yours.serve, lambda data: answers.pop(0) if answers else bytes(data))

    def failure():
        try:
            mine.request(b"2-", 10)
        except wasm_shm.HandlerFailed as error:
            return error.args
        raise AssertionError("no failure")

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert mine.request(b"2+3") == b"5"
    assert failure() == ("KeyError", "'k'", None)
    assert failure() == ("Error", "it told nothing of its failure", None)  # of a status that nobody knows
    assert [failure()[0] for _ in range(3)] == ["ValueError", "TypeError", "TypeError"]
    assert mine.request(b"still there", 10) == b"still there"
    mine.requests.close()
    thread.join()
    mine.release()
    assert _wasm_shm_services._failure(b"[" * 100000)[0] == "Error"


def ask(service):
    """A request whose client does not read its answers."""
    answers = service._answers(0)
    reader = answers.reader()
    answers.store(_wasm_shm_rings.LISTENS, 1)
    with service.requests.writer() as writer:
        writer.write(_wasm_shm_services._REQUEST.pack(0, service.domain.id, 1, 0, 0.0))
    return answers, reader


def limits(offset):
    """A server looks at its time limit also if messages keep coming, and if a client does not read."""
    service = one.service(offset, 1024, 128, 1)
    with service.server() as server:
        short = _wasm_shm_readers.Message(None, 0, b"short")
        reading = always(short, 1000000)
        changed(server._reader, "read", reading, fails, wasm_shm.TimedOut, server.next, 0.005)
    answers, reader = ask(two.service(offset))
    with answers.writer() as writer:
        while writer.try_write(bytes(24)):
            pass
    other = wasm_shm.attach(segment).join()
    other.service(offset).server().next(10)
    other.leave()
    with service.server() as server:
        fails(wasm_shm.TimedOut, server.next, 0.005)
        while reader.try_read():
            pass
        fails(wasm_shm.TimedOut, server.next, 0.005)  # there is room now for what it could not tell
        told = bytes(reader.try_read().bytes)
    assert _wasm_shm_services._ANSWER.unpack(told)[2] == _wasm_shm_services._DIED


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


def departure(offset):
    """Each call of a participant that has left fails, also when the segment is not there any more."""
    window = wasm_shm.attach(segment)
    domain = window.join()
    mutex, event, condition = domain.mutex(offset), domain.event(offset + 64), domain.condition(offset + 128)
    semaphore, barrier = domain.semaphore(offset + 256, 2), domain.barrier(offset + 512, 1)
    seqlock, lock, other = domain.seqlock(offset + 1024, 8), domain.rw_lock(offset + 2048), domain.rw_lock(offset + 4096)
    channel, topic = domain.channel(offset + 8192, 1024, "mpmc"), domain.topic(offset + 12288, 1024)
    ask(two.service(offset + 16384, 1024, 1024, 2))
    service = domain.service(offset + 16384)
    client, server = _wasm_shm_services._Client(service), service.server()
    asked = server.next()
    held, reads, writes, permit = mutex.lock(), lock.read.lock(), other.write.lock(), semaphore.acquire()
    writer, reader, subscription = channel.writer(), channel.reader(), topic.subscribe()
    writer.write(b"")
    message, claim = reader.read(), writer.claim(8)
    calls = [
        domain.peers, lambda: domain.mutex(offset), lambda: domain.channel(offset + 8192),
        mutex.lock, mutex.try_lock, held.unlock, lock.read.lock, lock.read.try_lock, lock.write.lock,
        lock.write.try_lock, reads.unlock, writes.unlock, semaphore.acquire, semaphore.try_acquire, permit.release,
        event.is_set, event.set, event.reset, event.wait, condition.notify_all, lambda: condition.wait(held),
        barrier.arrive, barrier.reset, seqlock.read, lambda: seqlock.write(bytes(8)),
        channel.writer, channel.reader, channel.close, lambda: channel.closed, lambda: channel.used,
        lambda: channel.abandoned, lambda: channel.redelivered, lambda: channel.dropped,
        lambda: writer.claim(8), lambda: writer.try_claim(8), lambda: writer.write(b""), lambda: writer.try_write(b""),
        lambda: writer.write_batch([]), writer.publish, writer.release, writer.close, claim.commit, claim.abandon,
        reader.read, reader.try_read, lambda: reader.batch(2), lambda: list(reader), reader.release, message.release,
        topic.writer, topic.subscribe, lambda: topic.subscribers, lambda: topic.dropped, lambda: topic.closed,
        topic.close, subscription.read, subscription.release,
        lambda: service.request(b""), service.server, lambda: service.serve(bytes), lambda: client.request(b"", 1),
        client.release, server.next, server.release, lambda: asked.answer(b""), lambda: asked.fail(KeyError("k")),
    ]  # fmt: skip
    domain.leave()
    for call in calls:
        fails(wasm_shm.NotOwner, call)
    window.detach()
    for call in [window.join, *calls]:
        fails(wasm_shm.NotOwner, call)


for index, (mode, overrun) in enumerate((("spsc", "block"), ("mpsc", "overwrite"), ("mpmc", "drop")), 1):
    channels(4096 * index, mode)
    deaths(32768 + 4096 * index, mode)
    topics(65536 + 4096 * index, overrun)
    part_of_batch(1048576 + 4096 * index, mode)
    released(1081344 + 4096 * index, mode)
deaths_between_looks(98304)
damage(114688)
services(131072)
for index, check in enumerate((empty, unlocks, not_recoverable, changes, ends, overtaken, limits, departure, locks)):
    check(2097152 + 65536 * index)

try:
    import numpy
except ImportError:
    numpy = None
if numpy is not None:
    channel = one.channel(200000 // 64 * 64, 65536)
    writer, reader = channel.writer(), channel.reader()
    with writer.claim(8 * 1000) as claim:
        numpy.frombuffer(claim.bytes, dtype=numpy.float64)[:] = numpy.arange(1000)  # no copy
        claim.commit()
    assert numpy.frombuffer(reader.read().bytes, dtype=numpy.float64).sum() == 499500
    writer.write(numpy.arange(3, dtype=numpy.int32))
    assert list(numpy.frombuffer(reader.read().bytes, dtype=numpy.int32)) == [0, 1, 2]
one.leave()
two.leave()
print("all as it should be")
