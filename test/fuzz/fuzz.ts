// Fuzzes the addon in child processes, so that a crash is seen.
import { runProgram } from "../support/program.js";

export interface Fuzzed {
  calls: number;
  /** Calls that mapped a window. */
  mapped: number;
  /** The first byte that changed of the segment that is only mapped guarded; -1 if none did. */
  changed: number;
}

/** Makes random calls in a new process. @throws {Error} it crashed, hung, or found something wrong; names the seed */
export async function fuzzAddon(seconds: number, seed: number): Promise<Fuzzed> {
  try {
    const fuzzed = JSON.parse(await runProgram("fuzz/calls", [String(seed), String(seconds)], seconds)) as Fuzzed;
    if (fuzzed.changed !== -1)
      throw new Error(`byte ${fuzzed.changed} of the segment that is only mapped guarded was changed`);
    return fuzzed;
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`);
  }
}
