"""What test/sync/workload.ts does, in Python: participant.py PRIMITIVE SEGMENT. It ends by a kill."""

import random
import sys
import time

import _wasm_shm_domain
import _wasm_shm_kernel as kernel
import wasm_shm

primitive, segment = sys.argv[1], int(sys.argv[2])
window = wasm_shm.attach(segment)
domain = window.join()
_wasm_shm_domain._CHECK = 60
print("joined", flush=True)

DATA, FIRST, SECOND, VIOLATIONS, PROGRESS, TOLD, FLAGS, STAYS = window.address + 8192, 0, 4, 8, 12, 16, 64, 128
TIMEOUT = 5


def add(word):
    kernel.add(DATA + word, 1)


def violated(what):
    add(VIOLATIONS)
    print("participant.py:", primitive, what, file=sys.stderr, flush=True)


def change(held):
    """Changes two words that are equal whenever nobody is inside."""
    if held.owner_died and held._needs_repair:
        kernel.store(DATA + SECOND, kernel.load(DATA + FIRST))
        add(TOLD)
        held.repaired()
    elif kernel.load(DATA + FIRST) != kernel.load(DATA + SECOND):
        violated("half changed")
    kernel.store(DATA + FIRST, kernel.load(DATA + FIRST) + 1)
    kernel.store(DATA + SECOND, kernel.load(DATA + SECOND) + 1)


if primitive == "mutex":
    mutex = domain.mutex(4096)

    def step():
        with mutex.lock(TIMEOUT) as held:
            change(held)

elif primitive == "rwLock":
    lock = domain.rw_lock(4608)

    def step():
        if random.random() < 0.3:
            with lock.write.lock(TIMEOUT) as held:
                change(held)
        else:
            with lock.read.lock(TIMEOUT) as held:
                if not held.owner_died and kernel.load(DATA + FIRST) != kernel.load(DATA + SECOND):
                    violated("half changed")

elif primitive == "semaphore":
    semaphore = domain.semaphore(4352, 2)

    def inside():
        """Each slot inside, with the number of its stay."""
        found = set()
        for peer in domain.peers():
            stay = kernel.load(DATA + STAYS + 4 * peer.slot)
            if peer.alive and kernel.load(DATA + FLAGS + 4 * peer.slot) == peer.generation:
                if kernel.load(DATA + STAYS + 4 * peer.slot) == stay:
                    found.add((peer.slot, stay))
        return found

    def step():
        with semaphore.acquire(timeout=TIMEOUT):
            add(STAYS + 4 * domain.slot)
            kernel.store(DATA + FLAGS + 4 * domain.slot, domain.generation)
            # During one look some leave and others enter. Stays that two looks see were all inside between the two.
            seen = inside()
            if len(seen) > 2 and len(seen & inside()) > 2:
                violated("too many inside")
            kernel.store(DATA + FLAGS + 4 * domain.slot, 0)

elif primitive == "event":
    event = domain.event(4160)

    def step():
        event.wait(TIMEOUT)
        event.reset()

elif primitive == "condition":
    mutex, condition = domain.mutex(4096), domain.condition(4224)

    def step():
        with mutex.lock(TIMEOUT) as held:
            change(held)
            condition.wait(held, TIMEOUT)
            change(held)

elif primitive == "barrier":
    barrier = domain.barrier(4480, 3)

    def step():
        try:
            barrier.arrive(TIMEOUT)
        except wasm_shm.PeerDied:
            add(TOLD)
            time.sleep(0.005)
            return False

else:
    seqlock = domain.seqlock(5760, 200)

    def step():
        if random.random() < 0.5:
            seqlock.write(bytes([random.randrange(256)]) * 200, TIMEOUT)
        if len(set(seqlock.read())) != 1:
            violated("a torn value")


while True:
    try:
        if step() is not False:
            add(PROGRESS)
    except Exception as error:
        violated(repr(error))
