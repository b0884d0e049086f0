"""The peer of main.ts: writes numbers into the segment, and reads their sum there."""

import math
import sys

import sysv_ipc

identifier, count = int(sys.argv[1]), int(sys.argv[2])
memory = sysv_ipc.attach(identifier)
doubles = memoryview(memory).cast("B").cast("d")  # no copy: these are the segment's pages

for index in range(count):
    doubles[1 + index] = math.sin(index / 1000)
print(f"wrote {count} numbers", flush=True)

sys.stdin.readline()  # main.ts has written the sum
expected = math.fsum(doubles[1 : 1 + count])
agrees = math.isclose(doubles[0], expected, rel_tol=1e-9)
print(f"read the sum {doubles[0]:.6f}, and {'agrees' if agrees else f'has {expected:.6f}'}")

doubles.release()
memory.detach()
sys.exit(0 if agrees else 1)
