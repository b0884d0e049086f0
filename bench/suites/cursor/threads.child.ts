// The thread that threads.ts starts: passes of one core's cursor.
import { parentPort, workerData } from "node:worker_threads";
import { shmOf } from "../../harness/window.js";
import { readUint32s, readUint32sOf } from "./operations.js";
import { Slot, State, type ThreadData, Way } from "./threads.js";

const SHORT_BYTES = 256;
const SHORT_PASSES = 50_000;

const { variant, id, slots, took } = workerData as ThreadData;

const attachment = shmOf(variant).open(id).attach();
try {
  const cursor = attachment.cursor();
  // Short passes first. If the first pass was long, Node 20 compiled it halfway through, with half of the type
  // feedback, and kept that code: 6.9 instead of 3.4 ns, in about one thread of four.
  for (let count = 0; count < SHORT_PASSES; count++) readUint32sOf(cursor, SHORT_BYTES);
  const pass = readUint32s(cursor);
  parentPort?.postMessage("attached");
  let state: number = State.idle;
  while (state !== State.over) {
    Atomics.wait(slots, Slot.state, State.idle);
    state = Atomics.load(slots, Slot.state);
    if (state !== State.ordered) continue;
    const passes = slots[Slot.passes] as number;
    const constant = slots[Slot.way] === Way.constant;
    let sum = 0;
    const start = process.hrtime.bigint();
    for (let count = 0; count < passes; count++) sum = constant ? pass() : readUint32sOf(cursor);
    took[0] = Number(process.hrtime.bigint() - start);
    slots[Slot.sum] = sum;
    Atomics.store(slots, Slot.state, State.idle);
    Atomics.notify(slots, Slot.state);
  }
} catch (error) {
  Atomics.store(slots, Slot.state, State.failed);
  Atomics.notify(slots, Slot.state);
  throw error;
} finally {
  attachment.detach();
}
