// npm run test:fuzz: random commands on every core and the model, for a number of minutes.
import { Progress, runTimed, seedAfter } from "../support/timed.js";
import type { Counts } from "./property.js";

async function fuzz(minutes: number, seed: number): Promise<string> {
  const { runBatch } = await import("./property.js"); // loads oracles, which --help does not need
  const end = Date.now() + minutes * 60_000;
  const counts: Counts = new Map();
  const progress = new Progress();
  let ran = 0;
  for (let batch = 0; batch === 0 || Date.now() < end; batch++) {
    ran += runBatch(seedAfter(seed, batch), counts);
    progress.report(() => `${ran} commands, ${Math.max(0, Math.ceil((end - Date.now()) / 1000))} s left`);
  }
  progress.end();
  return `${ran} commands of ${counts.size} kinds agree, from seed ${seed}`;
}

await runTimed(
  "npm run test:fuzz",
  "Runs random commands on every core and on a model, and ends with an error if two disagree.",
  fuzz,
);
