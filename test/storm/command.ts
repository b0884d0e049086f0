// npm run test:storm: storms for a number of minutes.
import { Progress, runTimed, seedAfter } from "../support/timed.js";
import { runStorm } from "./storm.js";

/** Each storm is a new process, so that a failure is near its seed. */
const STORM_SECONDS = 30;

async function storms(minutes: number, seed: number): Promise<string> {
  const end = Date.now() + minutes * 60_000;
  const progress = new Progress();
  const totals = { storms: 0, terminations: 0, errorsAtEnd: 0, actions: 0, refused: 0 };
  for (; totals.storms === 0 || Date.now() < end; totals.storms++) {
    const seconds = Math.min(STORM_SECONDS, Math.max(1, (end - Date.now()) / 1000));
    const { terminations, errorsAtEnd, left, results } = await runStorm(seconds, seedAfter(seed, totals.storms));
    if (left?.some((count) => count > 0))
      throw new Error(`seed ${seedAfter(seed, totals.storms)}: attachments are left: ${left}`);
    totals.terminations += terminations;
    totals.errorsAtEnd += errorsAtEnd;
    for (const [, done, refused] of results) {
      totals.actions += done;
      totals.refused += refused;
    }
    progress.report(() => `${totals.actions} actions, ${Math.max(0, Math.ceil((end - Date.now()) / 1000))} s left`);
  }
  progress.end();
  return `${totals.storms} storms passed on Node ${process.version.slice(1)}: ${totals.actions} actions, ${totals.refused} refused, ${totals.terminations} threads terminated, ${totals.errorsAtEnd} of them with an error`;
}

await runTimed(
  "npm run test:storm",
  `Runs storms: a process of five threads that attach, detach, discard, destroy, stat, list, store, grow and trap at random,
and are terminated at random, while a second process rewrites the bytes. Ends with an error if a process crashes, hangs,
keeps an attachment, gives a wrong answer or an error without a code, or if a store passes the write guard.`,
  storms,
);
