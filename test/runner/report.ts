// What a run prints: a line for each file that passed, everything of a file that failed, and the summary.
import type { Skip } from "../tally.js";
import type { FileResult } from "./file.js";

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

export const isGood = ({ failed, problems }: FileResult): boolean => failed + problems.length === 0;

/** Prints the results of a run as they come. On a terminal, the last line counts along. */
export class Report {
  readonly #results: FileResult[] = [];
  readonly #running = new Set<string>();
  readonly #width: number;
  readonly #count: number;
  /** Problems of the run that belong to no file. */
  readonly #problems: string[] = [];

  constructor(
    files: string[],
    readonly out: NodeJS.WriteStream,
  ) {
    this.#count = files.length;
    this.#width = Math.max(...files.map((file) => file.length));
  }

  /** Writes lines above the one that counts along. */
  #print(text: string): void {
    this.out.write(this.out.isTTY ? `\r\x1b[K${text}\n` : `${text}\n`);
    this.#showProgress();
  }

  #showProgress(): void {
    if (!this.out.isTTY || this.#results.length === this.#count) return;
    const tests = this.#results.reduce((sum, { passed, failed }) => sum + passed + failed, 0);
    const now = `${this.#results.length} of ${plural(this.#count, "file")}, ${plural(tests, "test")}; running ${[...this.#running].join(", ")}`;
    this.out.write(`\r\x1b[K${now.slice(0, (this.out.columns || 80) - 1)}`);
  }

  began(file: string): void {
    this.#running.add(file);
    this.#showProgress();
  }

  problem(problem: string): void {
    this.#problems.push(problem);
    this.#print(`problem: ${problem}`);
  }

  ended(result: FileResult): void {
    const { file, passed, failed, skips, problems, seconds, output } = result;
    this.#running.delete(file);
    this.#results.push(result);
    const skipped = skips.length > 0 ? `${skips.length} skipped` : "";
    const counts = `${plural(passed + failed, "test").padStart(10)} ${skipped.padStart(11)} ${seconds.toFixed(1).padStart(6)} s`;
    if (isGood(result)) this.#print(`${file.padEnd(this.#width)} ${counts}`);
    else
      this.#print(
        [
          `\nFAILED ${file}: ${passed} passed, ${failed} failed, ${plural(problems.length, "problem")}, ${seconds.toFixed(1)} s`,
          ...(output === "" ? [] : [output]),
          ...problems.map((problem) => `problem: ${file}: ${problem}`),
          "",
        ].join("\n"),
      );
  }

  /** The skips by reason, the files that failed, and the counts. Returns whether all is well. */
  summarise(): boolean {
    const skips = this.#results.flatMap((result) => result.skips);
    const bad = this.#results.filter((result) => !isGood(result));
    const passed = this.#results.reduce((sum, result) => sum + result.passed, 0);
    const failed = this.#problems.length + bad.reduce((sum, result) => sum + result.failed + result.problems.length, 0);
    for (const [reason, titles] of byReason(skips)) {
      this.#print(`\nskipped: ${reason}`);
      for (const title of titles) this.#print(`  ${title}`);
    }
    if (bad.length > 0) this.#print(`\nfailed: ${bad.map(({ file }) => file).join(", ")}`);
    for (const problem of this.#problems) this.#print(`problem: ${problem}`);
    this.#print(`\n${passed} passed, ${failed} failed, ${skips.length} skipped`);
    return failed === 0;
  }
}

function byReason(skips: Skip[]): Map<string, string[]> {
  const reasons = new Map<string, string[]>();
  for (const { title, reason } of skips) reasons.set(reason, [...(reasons.get(reason) ?? []), title]);
  return reasons;
}
