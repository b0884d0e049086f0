# A peer of test/peer.test.ts, by sysv_ipc: COMMAND KEY [OFFSET [LENGTH | TEXT]].
import sys
import zlib

import sysv_ipc

command, key, *rest = sys.argv[1:]
if command == "create":
    sysv_ipc.SharedMemory(int(key), sysv_ipc.IPC_CREX, 0o600, int(rest[0]), b"\0").detach()  # its default fills with spaces
else:
    memory = sysv_ipc.SharedMemory(int(key))
    if command == "size":
        print(memory.size)
    elif command == "read":
        print(memory.read(int(rest[1]), int(rest[0])).decode())
    elif command == "write":
        memory.write(rest[1].encode(), int(rest[0]))
    elif command == "fill":
        memory.write(b"p" * int(rest[1]), int(rest[0]))
    elif command == "sum":
        print(zlib.adler32(memory.read(int(rest[1]), int(rest[0]))))
    elif command == "remove":
        memory.remove()
    else:
        sys.exit("unknown command")
    memory.detach()
