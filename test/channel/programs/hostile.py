"""All calls of channels, topics and services while another process writes random words into them: SEGMENT BYTES SECONDS."""

import sys
import time

import wasm_shm

segment, size, seconds = (int(word) for word in sys.argv[1:])
ALLOWED = (
    wasm_shm.Closed, wasm_shm.LayoutError, wasm_shm.NotOwner, wasm_shm.NotRecoverable, wasm_shm.PeerDied,
    wasm_shm.TimedOut, wasm_shm.TooManyPeers,
)  # fmt: skip
done = failed = 0


def attempt(call, *arguments):
    global done, failed
    try:
        call(*arguments)
        done += 1
    except ALLOWED:
        failed += 1


def exchange(writer, reader):
    def claim(length):
        with writer.claim(100, 0.001) as claim:
            claim.bytes[:] = b"1" * 100
            claim.commit(length)

    for index in range(10):
        attempt(writer.try_write, bytes(20 * index))
        attempt(claim, index)
        attempt(lambda: [bytes(message.bytes) for message in reader.batch(8, 0.001)])
        attempt(reader.try_read)


def channel(domain, mode):
    ring = domain.channel(size - 1024 - 960, 1024, mode)
    with ring.writer() as writer, ring.reader() as reader:
        exchange(writer, reader)


def topic(domain, overrun):
    ring = domain.topic(size - 4096 - 1024 - 448, 1024, overrun, 2)
    with ring.writer() as writer, ring.subscribe() as reader:
        exchange(writer, reader)


def service(domain):
    both = domain.service(size - 16384, 256, 256, 2)
    attempt(both.request, b"1" * 40, 0.001)
    with both.server(retry=True) as server:
        attempt(lambda: server.next(0.001).answer(b"2" * 40, 0.001))
    both.release()


with wasm_shm.attach(segment) as window:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            domain = window.join(0, 4)
        except ALLOWED:
            continue
        for mode in ("spsc", "mpsc", "mpmc"):
            attempt(channel, domain, mode)
        for overrun in ("block", "overwrite", "drop"):
            attempt(topic, domain, overrun)
        attempt(service, domain)
        domain.leave()
print("all as it should be" if done > 0 else "nothing was done")
print(done, failed, file=sys.stderr)
