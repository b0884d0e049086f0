# A peer of test/peers/peers.test.ts, with sysv_ipc. Arguments: COMMAND SEGMENT [NUMBER | TEXT]...;
# SEGMENT is a key or #ID. It answers, and waits, by lines.
import sys
import zlib

import sysv_ipc


def say(value):
    print(value, flush=True)


def wait_for_line():
    if sys.stdin.readline() == "":
        sys.exit("standard input ended")


def both(memory, block, blocks):
    """Writes the second half in blocks while the test writes the first half, and checksums each block of the test."""
    say("ready")
    wait_for_line()
    for at in range(blocks):
        memory.write(bytes([ord("a") + at % 26]) * block, (blocks + at) * block)
        say("written")
        wait_for_line()
        say(zlib.adler32(memory.read(block, at * block)))
    wait_for_line()
    say(zlib.adler32(memory.read(2 * blocks * block)))


command, segment, *rest = sys.argv[1:]
if command == "create":
    # By default it fills a new segment with spaces.
    memory = sysv_ipc.SharedMemory(int(segment), sysv_ipc.IPC_CREX, 0o600, int(rest[0]), b"\0")
elif segment.startswith("#"):
    memory = sysv_ipc.attach(int(segment[1:]))
else:
    memory = sysv_ipc.SharedMemory(int(segment))

if command == "create":
    say(memory.id)
elif command == "size":
    say(memory.size)
elif command == "read":
    say(memory.read(int(rest[1]), int(rest[0])).decode())
elif command == "write":
    memory.write(rest[1].encode(), int(rest[0]))
elif command == "hold":
    say(memory.number_attached)
    wait_for_line()
    say(memory.read(int(rest[1]), int(rest[0])).decode())
elif command == "both":
    both(memory, *map(int, rest))
elif command == "remove":
    memory.remove()
else:
    sys.exit("unknown command")
memory.detach()
