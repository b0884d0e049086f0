// Reads under the lock while it is ordered to. locks.ts starts and ends it.
import { shmOf } from "../../harness/window.js";
import { Order, Place, place } from "./places.js";

const [, , id] = process.argv;
const parent = process.ppid;
const attachment = shmOf("js").open(Number(id)).attach();
const words = new Int32Array(attachment.memory.buffer, attachment.byteOffset, attachment.byteLength / 4);
const { read } = attachment.join().rwLock(place.rwLock);
process.send?.("joined");
while (process.ppid === parent) {
  if (Atomics.load(words, Place.order) !== Order.go) continue;
  for (let count = 0; count < 10_000; count++) read.tryLock()?.unlock();
}
