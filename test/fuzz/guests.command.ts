// npm run test:fuzz:guests: random guests in processes for a number of minutes.
import { Progress, runTimed } from "../support/timed.js";
import { fuzzGuests, noCounts } from "./guests.js";

async function fuzz(minutes: number, seed: number): Promise<string> {
  const end = Date.now() + minutes * 60_000;
  const progress = new Progress();
  const counts = noCounts();
  await fuzzGuests(seed, counts, () => {
    progress.report(() => `${counts.guests} guests, ${Math.max(0, Math.ceil((end - Date.now()) / 1000))} s left`);
    return Date.now() < end;
  });
  progress.end();
  const ends = [...counts.ends].map(([code, count]) => `${count} ${code}`).join(", ");
  return `${counts.guests} guests, ${counts.returned} of ${counts.calls} calls returned; ${ends}; from seed ${seed}`;
}

await runTimed(
  "npm run test:fuzz:guests",
  `Runs random WebAssembly modules, some of them damaged, in sandboxes with a process of their own over a read-only window. Ends
with an error if the segment changes, or if an error has a code that is not documented.`,
  fuzz,
);
