"""The peer of main.ts: frames are arrays of NumPy in the channel's own bytes; what it makes of them goes back in another."""

import sys

import numpy
import wasm_shm

identifier, width, height = map(int, sys.argv[1:])
with wasm_shm.attach(identifier) as window, window.join() as domain:
    frames, edges = domain.channel(4096).reader(), domain.channel(2 << 20).writer()
    for message in frames:
        frame = numpy.frombuffer(message.bytes, numpy.uint8).reshape(height, width)
        with edges.claim(width * height) as claim:
            out = numpy.frombuffer(claim.bytes, numpy.uint8).reshape(height, width)
            numpy.absolute(numpy.gradient(frame.astype(numpy.float32), axis=1), out=out, casting="unsafe")
            claim.commit()
            del out
        del frame
    edges.close()
