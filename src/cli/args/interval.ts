import { InvalidArgumentError, Option } from "commander";

function parseInterval(text: string): number {
  const milliseconds = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (milliseconds >= 20 && milliseconds <= 3_600_000) return milliseconds;
  throw new InvalidArgumentError("An interval is 20 to 3600000 milliseconds.");
}

/** `--interval`, of commands that look again and again. */
export const intervalOption = (milliseconds: number): Option =>
  new Option("-i, --interval <ms>", "milliseconds between refreshes").argParser(parseInterval).default(milliseconds);
