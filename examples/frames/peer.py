"""The peer of main.ts: inverts each frame, from one channel into the other, without a copy of its own."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../peers/python"))
import wasm_shm  # noqa: E402

try:
    import numpy
except ImportError:
    numpy = None

there, there_offset, back, back_offset = map(int, sys.argv[1:])
with wasm_shm.attach(there) as one, one.join() as source, wasm_shm.attach(back) as two, two.join() as target:
    writer = target.channel(back_offset).writer()
    for message in source.channel(there_offset).reader():
        claim = writer.claim(len(message))
        if numpy:
            numpy.subtract(255, numpy.frombuffer(message.bytes, numpy.uint8), out=numpy.frombuffer(claim.bytes, numpy.uint8))
        else:
            claim.bytes[:] = bytes(message.bytes).translate(bytes(range(255, -1, -1)))
        claim.commit()
print("python: the channel was closed", "(with NumPy)" if numpy else "(without NumPy)")
