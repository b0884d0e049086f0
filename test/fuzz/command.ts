// npm run test:fuzz:addon: random calls at the addon for a number of minutes.
import { Progress, runTimed, seedAfter } from "../support/timed.js";
import { fuzzAddon } from "./fuzz.js";

/** Each child is short, so that a failure is near its seed. */
const CHILD_SECONDS = 10;

async function fuzz(minutes: number, seed: number): Promise<string> {
  const end = Date.now() + minutes * 60_000;
  const progress = new Progress();
  const totals = { children: 0, calls: 0, mapped: 0 };
  for (; totals.children === 0 || Date.now() < end; totals.children++) {
    const seconds = Math.min(CHILD_SECONDS, Math.max(1, (end - Date.now()) / 1000));
    const { calls, mapped } = await fuzzAddon(seconds, seedAfter(seed, totals.children));
    totals.calls += calls;
    totals.mapped += mapped;
    progress.report(() => `${totals.calls} calls, ${Math.max(0, Math.ceil((end - Date.now()) / 1000))} s left`);
  }
  progress.end();
  return `${totals.calls} calls in ${totals.children} processes, ${totals.mapped} of which mapped a window: none crashed, from seed ${seed}`;
}

await runTimed(
  "npm run test:fuzz:addon",
  `Calls the exports of the addon at random with random arguments, in child processes, and stores into the memories. Ends with
an error if a child crashes or hangs, or if a call throws.`,
  fuzz,
);
