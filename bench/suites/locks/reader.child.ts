// Reads under the lock while it is ordered to. locks.ts starts and ends it.
import { shmOf } from "../../harness/window.js";
import { Order, Place, place } from "./places.js";

/** Reads that are counted at once, as a count costs time. */
const COUNTED = 64;

const [, , id] = process.argv;
const parent = process.ppid;
const attachment = shmOf("js").open(Number(id)).attach();
const words = new Int32Array(attachment.memory.buffer, attachment.byteOffset, attachment.byteLength / 4);
const { read } = attachment.join().rwLock(place.rwLock);
process.send?.("joined");
while (process.ppid === parent) {
  const order = Atomics.load(words, Place.order);
  Atomics.store(words, Place.followed, order);
  if (order !== Order.go) continue;
  for (let count = 0; count < 10_000; count++) {
    const held = read.tryLock();
    if (!held) continue;
    held.unlock();
    if (count % COUNTED === 0) Atomics.add(words, Place.reads, COUNTED);
  }
}
