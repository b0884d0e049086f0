"""Joins the domain of a segment, and leaves when its input ends: joined.py SEGMENT. Prints its slot."""

import sys

import wasm_shm

domain = wasm_shm.attach(int(sys.argv[1])).join()
print(domain.slot, flush=True)
sys.stdin.read()
domain.leave()
