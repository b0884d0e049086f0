"""The two sides of a door, in Python: door.py listen SEGMENT DOOR LISTENERS | wake SEGMENT ROUNDS FUTEX | flood SEGMENT KNOCKS.

`listen` sleeps as an event loop of Node does, and tells by which way it was woken. `wake` sets an event for each that is set
here. `flood` knocks as a stranger does, at every door of the domain. Events are at 16384 and 16448."""

import json
import os
import socket
import sys
import time

import _wasm_shm_domain as domains
import _wasm_shm_kernel as kernel
import wasm_shm

mode, segment = sys.argv[1], int(sys.argv[2])
domains._CHECK = 60  # a look for the vanished would end a sleep that nobody ends
window = wasm_shm.attach(segment)
domain = window.join()
SLEEPING, DOOR, NAMESPACE = 68, 72, 80


def tell(**told):
    print(json.dumps(told), flush=True)


def listen(door, listeners):
    """door: "open"; "closed": nobody has the name; "full": its queue is; "elsewhere": in another network namespace. listeners: as in
    the word sleeping."""
    line = domain.line(domain.slot, 0)
    number = int.from_bytes(os.urandom(8), "little")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as ear:
        if door != "closed":
            ear.bind(b"\0wasm-shm/%016x" % number)
        filled = fill(number) if door == "full" else 0
        kernel.store(line + DOOR, number & 0xFFFFFFFF)
        kernel.store(line + DOOR + 4, number >> 32)
        kernel.store(line + NAMESPACE, kernel.namespace("net") + (door == "elsewhere"))
        kernel.add(line + SLEEPING, listeners)
        tell(slot=domain.slot)
        indices = []
        wait_any = kernel.wait_any
        kernel.wait_any = lambda words, deadline: indices.append(wait_any(words, deadline))
        domain.event(16384).wait(timeout=30)
        knocks = 0
        try:
            while ear.recv(16):
                knocks += 1
        except BlockingIOError:
            pass
        tell(woken=0 in indices, knocks=knocks - filled)  # the doorbell is the first word


def fill(number):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as stranger:
        for sent in range(1 << 20):
            try:
                stranger.sendto(b"knock", b"\0wasm-shm/%016x" % number)
            except BlockingIOError:
                return sent


def wake(rounds, has_futex):
    asked, answer = domain.event(16384), domain.event(16448)
    wake_all = kernel.wake_all
    tell(slot=domain.slot)
    for _ in range(rounds):
        asked.wait(timeout=30)
        asked.reset()
        if not has_futex:
            kernel.wake_all = lambda _: None
        answer.set()
        kernel.wake_all = wake_all
    tell(rounds=rounds)


def flood(knocks):
    sent, failure = 0, None
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as stranger:
        for slot in range(domain.slots):
            line = domain.line(slot, 0)
            if not kernel.load(line + NAMESPACE):
                continue
            number = kernel.load(line + DOOR) | kernel.load(line + DOOR + 4) << 32
            try:
                while sent < knocks:
                    try:
                        stranger.sendto(b"knock", b"\0wasm-shm/%016x" % number)
                        sent += 1
                    except BlockingIOError:  # the queue is full
                        time.sleep(0.0001)
            except OSError as error:
                failure = type(error).__name__
    tell(sent=sent, failure=failure)


if mode == "listen":
    listen(sys.argv[3], int(sys.argv[4], 0))
elif mode == "wake":
    wake(int(sys.argv[3]), sys.argv[4] == "futex")
else:
    flood(int(sys.argv[3]))
domain.leave()
