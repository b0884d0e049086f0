// Locks that nobody waits for, two parties at one mutex, and readers on two cores.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Attachment } from "wasm-shm";
import { shorter, slower } from "../../harness/goals.js";
import { named, type Timer } from "../../harness/group.js";
import { PATH } from "../../harness/path.js";
import { expectEqual } from "../../harness/proof.js";
import { shmOf, type Variant } from "../../harness/window.js";
import { bareCalls, mutexKinds, spent } from "../../rivals/addon.js";
import { answer } from "../answer.js";
import { idle } from "./idle.js";
import { Order, Place, place, segmentBytes } from "./places.js";

const COUNT = 256;
const ROUNDS = 300_000;

/** How long another process has to answer. */
const PATIENCE_MS = 10_000;

/** How long a process that pauses is looked at. */
const PAUSE_MS = 20;

const wordsOf = ({ memory, byteOffset, byteLength }: Attachment): Int32Array =>
  new Int32Array(memory.buffer, byteOffset, byteLength / 4);

async function uncontended(attachment: Attachment, time: Timer): Promise<void> {
  const words = wordsOf(attachment);
  const domain = attachment.join();
  const mutex = domain.mutex(place.mutex);
  const lock = domain.rwLock(place.rwLock);
  const word = place.bare / 4;
  const rival = (name: string, run: () => number) => ({
    name,
    path: PATH.array,
    operations: COUNT,
    run,
    prove: () => expectEqual(run(), COUNT, name),
  });
  // Each is written out. A function with the method as an argument would time the call of that argument.
  const passes = {
    bare() {
      let locked = 0;
      for (let index = 0; index < COUNT; index++) {
        if (Atomics.compareExchange(words, word, 0, 7) === 0) locked++;
        Atomics.compareExchange(words, word, 7, 0);
      }
      return locked;
    },
    tryLock() {
      let locked = 0;
      for (let index = 0; index < COUNT; index++) {
        const held = mutex.tryLock();
        if (held) locked++;
        held?.unlock();
      }
      return locked;
    },
    lockSync() {
      let locked = 0;
      for (let index = 0; index < COUNT; index++) {
        const held = mutex.lockSync();
        if (held) locked++;
        held.unlock();
      }
      return locked;
    },
    read() {
      let locked = 0;
      for (let index = 0; index < COUNT; index++) {
        const held = lock.read.tryLock();
        if (held) locked++;
        held?.unlock();
      }
      return locked;
    },
    write() {
      let locked = 0;
      for (let index = 0; index < COUNT; index++) {
        const held = lock.write.tryLock();
        if (held) locked++;
        held?.unlock();
      }
      return locked;
    },
  };
  await time({
    ...named("lock and unlock", undefined, "alone"),
    rivals: [
      rival("two Atomics calls", passes.bare),
      { ...rival("mutex.tryLock", passes.tryLock), goals: [shorter(80)] },
      { ...rival("mutex.lockSync", passes.lockSync), goals: [shorter(80)] },
      rival("rwLock.read.tryLock", passes.read),
      rival("rwLock.write.tryLock", passes.write),
    ],
  });
  domain.leave();
}

async function contended(time: Timer): Promise<void> {
  const rival = (name: string, kind: number) => {
    const run = (): number => spent(bareCalls().contended(kind, ROUNDS));
    return { name, path: PATH.native, operations: 2 * ROUNDS, selfTimed: true, run, prove: () => void run() };
  };
  await time({
    ...named("lock and unlock", undefined, "two threads of C"),
    sampleMs: 20,
    rivals: [
      rival("glibc's pthread mutex", mutexKinds.plain),
      rival("glibc's robust mutex", mutexKinds.robust),
      {
        ...rival("wasm_shm_mutex", mutexKinds.ours),
        goals: [slower(1.5, "glibc's pthread mutex")],
      },
    ],
  });
}

/** Another process reads as fast as it can, or pauses. */
async function readers(attachment: Attachment, id: number, time: Timer): Promise<void> {
  const words = wordsOf(attachment);
  const domain = attachment.join();
  const lock = domain.rwLock(place.rwLock);
  const child = fork(fileURLToPath(new URL("./reader.child.js", import.meta.url)), [String(id)], {
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  try {
    expectEqual(await answer(child), "joined", "what the other process says");
    const give = (order: number): void => {
      if (Atomics.exchange(words, Place.order, order) === order) return;
      const limit = performance.now() + PATIENCE_MS;
      while (Atomics.load(words, Place.followed) !== order)
        if (performance.now() > limit) throw new Error("the other process does not follow an order");
    };
    const rival = (name: string, order: number) => {
      const run = (): number => {
        give(order);
        let locked = 0;
        const began = performance.now();
        for (let index = 0; index < COUNT; index++) {
          const held = lock.read.tryLock();
          if (held) locked++;
          held?.unlock();
        }
        const took = (performance.now() - began) * 1e6;
        expectEqual(locked, COUNT, name);
        return took;
      };
      const prove = (): void => {
        give(order);
        const before = Atomics.load(words, Place.reads);
        const hasRead = (): boolean => Atomics.load(words, Place.reads) !== before;
        const limit = performance.now() + (order === Order.go ? PATIENCE_MS : PAUSE_MS);
        while (!hasRead() && performance.now() < limit) run();
        expectEqual(hasRead(), order === Order.go, `whether the other process reads, ${name}`);
      };
      return { name, path: PATH.array, operations: COUNT, selfTimed: true, run, prove };
    };
    await time({
      ...named("read lock and unlock", undefined, "two processes"),
      rivals: [
        rival("alone", Order.pause),
        {
          ...rival("while another process reads", Order.go),
          goals: [slower(1.25, "alone")],
        },
      ],
    });
  } finally {
    child.kill("SIGKILL");
    await ended;
    domain.leave();
  }
}

export async function locks(variant: Variant, time: Timer): Promise<void> {
  const segment = shmOf(variant).create(segmentBytes);
  try {
    const attachment = segment.attach();
    await uncontended(attachment, time);
    await contended(time);
    await readers(attachment, segment.id, time);
    await idle(attachment, segment.id, time);
  } finally {
    segment[Symbol.dispose]();
  }
}
