"""What party.ts does, in Python: party.py ROLE SEGMENT. It ends by a kill."""

import struct
import sys
import time

import _wasm_shm_domain
import _wasm_shm_kernel as kernel
import wasm_shm

PLACE, RESULTS = 4096, 524288
role, segment = sys.argv[1], int(sys.argv[2])
window = wasm_shm.attach(segment)
domain = window.join()
_wasm_shm_domain._CHECK = 60
print("in", flush=True)


def add(index):
    kernel.add(window.address + RESULTS + 4 * index, 1)


def stamped(sender, number):
    """The sender, the number, and bytes that follow from both."""
    return struct.pack("<II", sender, number) + bytes([sender + number & 0xFF]) * (number * 37 % 300)


def write(writer):
    number = 0
    while True:
        data = stamped(domain.id, number)
        if number % 3 or writer.ring.overrun:
            writer.write(data)
        else:
            with writer.claim(len(data) + number % 40) as claim:
                claim.bytes[: len(data)] = data
                claim.commit(len(data))
        number += 1


def read(reader):
    while True:
        for message in reader.batch(5):
            add(struct.unpack_from("<I", message.bytes)[0])


def check(reader):
    """Checks what write() wrote: whole, in order, and of a topic with all that it missed told."""
    following = {}
    while True:
        try:
            message = reader.read()
        except wasm_shm.TimedOut:  # a writer in C overtook each of 1,000 tries
            continue
        data = bytes(message.bytes)
        sender, number = struct.unpack_from("<II", data)
        if data != stamped(sender, number):
            raise AssertionError(f"message {number} of {sender} is torn")
        if not message.redelivered:
            before = following.get(sender)
            if before is not None and reader.ring.overrun and number - before != message.missed:
                raise AssertionError(f"{message.missed} were missed before {number}, not {number - before}")
            if before is not None and number < before:
                raise AssertionError(f"message {number} of {sender} comes after {before - 1}")
            following[sender] = number + 1
        add(0)


def ask(service):
    number = 0
    while True:
        try:
            answer = service.request(b"%d" % number)
            if answer != b"%d" % (number + 1):
                raise AssertionError(f"{answer} answers {number}")
            add(0)
        except wasm_shm.PeerDied:
            time.sleep(0.002)
        number += 1


try:
    if role == "write":
        write(domain.channel(PLACE).writer(patient=True))
    elif role == "publish":
        write(domain.topic(PLACE).writer())
    elif role == "read":
        read(domain.channel(PLACE).reader(patient=True))
    elif role == "check":
        check(domain.channel(PLACE).reader(patient=True))
    elif role == "follow":
        check(domain.topic(PLACE).subscribe(patient=True))
    elif role == "serve":
        domain.service(PLACE).serve(lambda data: b"%d" % (int(data) + 1))
    elif role == "ask":
        ask(domain.service(PLACE))
    else:
        for message in domain.topic(PLACE).subscribe(patient=True):
            pass
except BaseException:
    add(1)
    raise
