// node build/examples/counter/main.js [TIMES]: two processes add to two counters in one segment at the same time. The
// counter that they change by Atomics loses nothing; the counter that they read, add to and write back loses counts.
import { fork } from "node:child_process";
import { once } from "node:events";
import { create } from "wasm-shm";
import { ATOMIC, countersOf, countUp, GO, PLAIN, STATE } from "./counters.js";

const times = Number(process.argv[2] ?? 1_000_000);
if (!Number.isSafeInteger(times) || times < 1 || times > 2 ** 30) {
  console.error(
    "Usage: node build/examples/counter/main.js [TIMES]: how often each adds 1, up to 2^30 (default 1000000)",
  );
  process.exit(2);
}

using segment = create(4096);
const counters = countersOf(segment.attach());
segment.destroy(); // it lives until the last detach, so nothing is left however this process ends

const peer = fork(new URL("./peer.js", import.meta.url), [String(segment.id), String(times)]);
const counted = once(peer, "exit").then(([code]) => {
  if (code !== 0) throw new Error("the second process ended before it had counted");
});
try {
  await Promise.race([once(peer, "message"), counted]); // the peer has attached
  Atomics.store(counters, STATE, GO); // the peer waits for this
  await Promise.all([countUp(counters, times), counted]);

  const both = 2 * times;
  const [atomic, plain] = [Atomics.load(counters, ATOMIC), Atomics.load(counters, PLAIN)];
  console.log(`processes  ${process.pid} and ${peer.pid}, each adding 1, ${times} times`);
  console.log(`atomic     ${atomic} of ${both}: ${atomic === both ? "nothing lost" : "LOST"}`);
  console.log(`plain      ${plain} of ${both}: ${both - plain} lost`);
  process.exitCode = atomic === both ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  Atomics.store(counters, STATE, 0); // stops a peer that still counts
  peer.kill();
}
