/** What a test file hands to test/run.ts on its last line of output. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** What went wrong beside failed tests. */
  problems: string[];
}

/** Starts that line. */
export const TALLY_MARK = "\u0000tally ";
