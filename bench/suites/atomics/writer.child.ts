// The process that writer.ts starts. It ends when it is ordered to, or when its parent ends.
import { shmOf } from "../../harness/window.js";
import { Order, Place, State } from "./writer.js";

/** Additions between two looks at the order. */
const ADDITIONS = 10_000;

const [, , id, index] = process.argv;
const parent = process.ppid;
const attachment = shmOf("js").open(Number(id)).attach();
try {
  const { bytes } = attachment;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const at = Number(index);
  process.send?.("attached");
  for (;;) {
    const order = Atomics.load(words, Place.order);
    if (order === Order.end || process.ppid !== parent) break;
    Atomics.store(words, Place.state, order === Order.pause ? State.paused : State.going);
    if (order === Order.pause) continue;
    for (let count = 0; count < ADDITIONS; count++) Atomics.add(words, at, 1);
    Atomics.add(words, Place.count, ADDITIONS);
  }
} finally {
  attachment.detach();
  process.disconnect?.();
}
