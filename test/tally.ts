/** What a test file reports to the runner, on the last line of its output. */
export interface Tally {
  passed: number;
  failed: number;
  skips: Skip[];
  /** What went wrong besides failed tests. */
  problems: string[];
}

/** A test that did not run on this machine. */
export interface Skip {
  /** Suite and test. */
  title: string;
  reason: string;
}

/** Starts a line that holds a tally, as JSON: no text of a test has a NUL byte. */
const TALLY_MARK = "\u0000tally ";
const TALLY_LINES = new RegExp(`${TALLY_MARK}(.*)\\n`, "g");

export const tallyLine = (tally: Tally): string => TALLY_MARK + JSON.stringify(tally);

/**
 * Splits a test file's output. The tally is the last one, as a child whose output the file passes on may have reported, too;
 * undefined if the process ended before it could report.
 */
export function splitOutput(output: string): { text: string; tally: Tally | undefined } {
  const json = [...output.matchAll(TALLY_LINES)].at(-1)?.[1];
  return { text: output.replace(TALLY_LINES, ""), tally: json === undefined ? undefined : (JSON.parse(json) as Tally) };
}
