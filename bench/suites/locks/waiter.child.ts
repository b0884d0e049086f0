// Waits for some of the mutexes that its parent holds, and says what that takes. idle.ts starts and ends it.
import { setTimeout as sleep } from "node:timers/promises";
import { shmOf } from "../../harness/window.js";
import { IDLE_MS, place } from "./places.js";

const [, , id, count] = process.argv;
const domain = shmOf("js").open(Number(id)).attach().join();
for (let index = 0; index < Number(count); index++)
  domain
    .mutex(place.held + 64 * index)
    .lock()
    .then(() => process.exit(1)); // it is held as long as this process lives

/** CPU time of this process, all its threads together: nanoseconds. */
process.on("message", async () => {
  const before = process.cpuUsage();
  await sleep(IDLE_MS);
  const { user, system } = process.cpuUsage(before);
  process.send?.(1000 * (user + system));
});
process.on("disconnect", () => process.exit());
process.send?.("waits");
