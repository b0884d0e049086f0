// What peer.ts asks: passes of one core's cursor, alone in this thread.
import { parentPort, workerData } from "node:worker_threads";
import { shmOf } from "../harness/window.js";
import { readUint32s, readUint32sOf } from "../suites/cursor.js";
import { type PeerData, Slot, Turn, Way } from "./core.js";

const BRIEF_BYTES = 256;
const BRIEF_PASSES = 50_000;

const { variant, id, slots, took } = workerData as PeerData;

const attachment = shmOf(variant).open(id).attach();
try {
  const cursor = attachment.cursor();
  // Short passes first. Where the first was a long one, Node 20 compiled it halfway through, with half of what it was to
  // know by then, and left it so: 6.9 instead of 3.4 ns, in about one thread of four.
  for (let count = 0; count < BRIEF_PASSES; count++) readUint32sOf(cursor, BRIEF_BYTES);
  const pass = readUint32s(cursor);
  parentPort?.postMessage("attached");
  let turn: number = Turn.asker;
  while (turn !== Turn.over) {
    Atomics.wait(slots, Slot.turn, Turn.asker);
    turn = Atomics.load(slots, Slot.turn);
    if (turn !== Turn.peer) continue;
    const passes = slots[Slot.passes] as number;
    const constant = slots[Slot.way] === Way.constant;
    let sum = 0;
    const start = process.hrtime.bigint();
    for (let count = 0; count < passes; count++) sum = constant ? pass() : readUint32sOf(cursor);
    took[0] = Number(process.hrtime.bigint() - start);
    slots[Slot.sum] = sum;
    Atomics.store(slots, Slot.turn, Turn.asker);
    Atomics.notify(slots, Slot.turn);
  }
} catch (error) {
  Atomics.store(slots, Slot.turn, Turn.failed);
  Atomics.notify(slots, Slot.turn);
  throw error;
} finally {
  attachment.detach();
}
