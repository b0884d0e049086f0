// Commands that repeat something for a number of minutes, from a seed that they print: the arguments, the usage, the exit code.
import { parseArgs } from "node:util";

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
  const seed = Number(values.seed ?? seedOfClock());
  if (!Number.isInteger(seed) || seed < 0 || seed > MOST_SEED || values.seed?.trim() === "")
    throw new UsageError(`--seed must be a whole number from 0 to ${MOST_SEED}, not ${values.seed}`);
  return { minutes, seed, help: values.help ?? false };
}

/** A seed that no earlier run had. */
export const seedOfClock = (): number => Date.now() % MOST_SEED;

/** The seed of the n-th part of a run. */
export const seedAfter = (seed: number, n: number): number => (seed + n) % (MOST_SEED + 1);

/** Shows how far a run is: on a terminal each second, in place; elsewhere a line each minute. */
export class Progress {
  #reported = 0;

  report(line: () => string): void {
    const { isTTY } = process.stderr;
    if (Date.now() - this.#reported < (isTTY ? 1000 : 60_000)) return;
    this.#reported = Date.now();
    process.stderr.write(isTTY ? `\r${line()}\x1b[K` : `${line()}\n`);
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write("\n");
  }
}

/**
 * Runs such a command with the arguments of this process.
 *
 * @param name how it is started, such as `npm run test:fuzz`
 * @param purpose what it does: a sentence or more
 * @param work returns the line to print at the end; what it throws makes the exit code 1
 */
export async function runTimed(
  name: string,
  purpose: string,
  work: (minutes: number, seed: number) => Promise<string>,
): Promise<void> {
  const help = `Usage: ${name} -- [--minutes N] [--seed S]

${purpose}

  --minutes N  how long, a number above 0 (default 1)
  --seed S     the first seed, a whole number from 0 to ${MOST_SEED}; the seed of a failure repeats it (default: the clock)
  --help       prints this text`;
  try {
    const { minutes, seed, help: wantsHelp } = settingsOf(process.argv.slice(2));
    if (wantsHelp) return console.log(help);
    console.log(`from seed ${seed}, for ${minutes} minutes`);
    console.log(await work(minutes, seed));
  } catch (error) {
    const isUsage = error instanceof UsageError;
    console.error(isUsage ? `${error.message}\n\n${help}` : (error as Error).message);
    process.exitCode = isUsage ? 2 : 1;
  }
}
