// npm run test:fuzz: random commands on every core and the model, for a number of minutes.
import { parseArgs } from "node:util";
import type { Counts } from "./property.js";

const HELP = `Usage: npm run test:fuzz -- [--minutes N] [--seed S]

Runs random commands on every core and on a model, and ends with an error if two disagree.

  --minutes N  how long, a number above 0 (default 1)
  --seed S     the first seed, a whole number from 0 to 2147483647; the seed of a failure repeats it (default: the clock)
  --help       prints this text`;

const MOST_SEED = 2 ** 31 - 1;

/** An invalid argument; the message says what it must be. */
class UsageError extends Error {}

interface Settings {
  minutes: number;
  seed: number;
  help: boolean;
}

function settingsOf(args: string[]): Settings {
  const options = { minutes: { type: "string" }, seed: { type: "string" }, help: { type: "boolean" } } as const;
  let values: { minutes?: string; seed?: string; help?: boolean };
  try {
    values = parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const minutes = Number(values.minutes ?? 1);
  if (!(minutes > 0 && minutes < Number.POSITIVE_INFINITY) || values.minutes?.trim() === "")
    throw new UsageError(`--minutes must be a number above 0, not ${values.minutes}`);
  const seed = Number(values.seed ?? Date.now() % MOST_SEED);
  if (!Number.isInteger(seed) || seed < 0 || seed > MOST_SEED || values.seed?.trim() === "")
    throw new UsageError(`--seed must be a whole number from 0 to ${MOST_SEED}, not ${values.seed}`);
  return { minutes, seed, help: values.help ?? false };
}

async function fuzz(minutes: number, seed: number): Promise<void> {
  const { runBatch } = await import("./property.js"); // loads oracles, which --help does not need
  const end = Date.now() + minutes * 60_000;
  const counts: Counts = new Map();
  let ran = 0;
  const report = (line: string): void => void process.stderr.write(process.stderr.isTTY ? `\r${line}` : `${line}\n`);
  let reported = 0;
  for (let batch = 0; batch === 0 || Date.now() < end; batch++) {
    ran += runBatch((seed + batch) % (MOST_SEED + 1), counts);
    if (Date.now() - reported < (process.stderr.isTTY ? 1000 : 60_000)) continue;
    reported = Date.now();
    report(`${ran} commands, ${Math.max(0, Math.ceil((end - reported) / 1000))} s left`);
  }
  if (process.stderr.isTTY) process.stderr.write("\n");
  console.log(`${ran} commands of ${counts.size} kinds agree, from seed ${seed}`);
}

try {
  const { minutes, seed, help } = settingsOf(process.argv.slice(2));
  if (help) console.log(HELP);
  else {
    console.log(`from seed ${seed}, for ${minutes} minutes`);
    await fuzz(minutes, seed);
  }
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? `${error.message}\n\n${HELP}` : (error as Error).message);
  process.exitCode = isUsage ? 2 : 1;
}
