// The second process: attaches by the segment's id, reports it, waits until STATE in the segment is GO, and counts.
import { setImmediate } from "node:timers/promises";
import { open } from "wasm-shm";
import { countersOf, countUp, GO, STATE } from "./counters.js";

const [id, times] = process.argv.slice(2).map(Number) as [number, number];
using attachment = open(id).attach();
const counters = countersOf(attachment);

process.once("disconnect", () => process.exit(1)); // the first process is gone
process.send?.("attached");
while (Atomics.load(counters, STATE) !== GO) await setImmediate();
await countUp(counters, times);
process.exit(0);
