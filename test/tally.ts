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

/** Starts the line that holds the tally, as JSON. No test prints a NUL byte. */
const TALLY_MARK = "\u0000tally ";
/** The last one: a child whose output a file passes on may have reported, too. */
const TALLY_LINE = new RegExp(`${TALLY_MARK}(.*)\\n(?![^]*${TALLY_MARK})`);

export const tallyLine = (tally: Tally): string => TALLY_MARK + JSON.stringify(tally);

/** Splits a test file's output. The tally is undefined if the process ended before it could report. */
export function splitOutput(output: string): { text: string; tally: Tally | undefined } {
  const json = TALLY_LINE.exec(output)?.[1];
  return { text: output.replace(TALLY_LINE, ""), tally: json === undefined ? undefined : (JSON.parse(json) as Tally) };
}
