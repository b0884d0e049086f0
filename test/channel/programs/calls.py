"""Each call of the package, by participants of one process: calls.py SEGMENT."""

import os
import signal
import sys
import threading

import _wasm_shm_readers
import _wasm_shm_rings
import _wasm_shm_services
import wasm_shm
from checks import ask, fails

segment = int(sys.argv[1])
left, right = wasm_shm.attach(segment), wasm_shm.attach(segment)
one, two = left.join(), right.join()


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
    assert writer.write(b"12345678")
    reader.read().release()
    assert mine.load(_wasm_shm_rings.HEAD) == mine.load(_wasm_shm_rings.TAIL)
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
    last = mine._client._number
    mine.release()
    fails(wasm_shm.Closed, mine.request, b"again", 0.005)
    assert mine._client._number == last + 1
    assert _wasm_shm_services._failure(b"[" * 100000)[0] == "Error"


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
deaths_between_looks(98304)
services(131072)
departure(2097152)

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
