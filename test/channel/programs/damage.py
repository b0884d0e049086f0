"""Channels, topics and services of the package whose words a peer damages, and steps that a failure interrupts: damage.py SEGMENT."""

import sys

import _wasm_shm_kernel as kernel
import _wasm_shm_locks
import _wasm_shm_readers
import _wasm_shm_rings
import _wasm_shm_services
import wasm_shm
from checks import always, ask, changed, fails, raises

segment = int(sys.argv[1])
left, right = wasm_shm.attach(segment), wasm_shm.attach(segment)
one, two = left.join(), right.join()


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


def hostile_client(offset):
    """A client that damages what is its own: its request is passed over, or its answer goes nowhere."""
    service = one.service(offset, 1024, 1024, 1)
    answers, reader = ask(two.service(offset))
    kind = answers.load(0)
    answers.store(0, 0x7FFFFFFF)
    with service.server() as server:
        fails(wasm_shm.TimedOut, server.next, 0.005)
    answers.store(0, kind)
    reader.release()
    ask(two.service(offset))
    with service.server() as server:
        asked = server.next(10)
        answers.store(_wasm_shm_rings.TAIL, 3)
        asked.answer(b"hello")


for index, mode in enumerate(("spsc", "mpsc", "mpmc"), 1):
    part_of_batch(4096 * index, mode)
    released(32768 + 4096 * index, mode)
for index, check in enumerate((damage, empty, unlocks, not_recoverable, changes, ends, overtaken, limits, hostile_client), 1):
    check(65536 * index)
one.leave()
two.leave()
print("all as it should be")
