// The command line of `npm run bench`: its help, and its words checked.
import { parseArgs } from "node:util";
import type { PaceName } from "../harness/pace.js";
import { THRESHOLD } from "./compare.js";
import { versionsIn } from "./nodes.js";
import { suites } from "./registry.js";

const suiteNames = Object.keys(suites);

/** Processes that share the rounds of a case, unless `--processes` says otherwise. */
const PROCESSES = { full: 5, quick: 1 } as const;

const MOST_PROCESSES = 100;

export const help = `Usage: npm run bench -- [options] [suite ...]
       npm run bench -- --compare OLD.json NEW.json [--threshold PERCENT]

Suites (default: all):
${suiteNames.map((name) => `  ${name.padEnd(10)} ${suites[name]?.about}`).join("\n")}

  --quick         fewer and shorter rounds, no size above 1 MiB: for a look, not for a record
  --processes N   share the rounds of each case among N new processes (default ${PROCESSES.full}; ${PROCESSES.quick} with --quick)
  --minutes M     end each Node's run by then, if need be with fewer processes
  --nodes LIST    measure with these versions of Node, such as 20,22.4,26; npm installs them
  --json FILE     also write the results to FILE; bench/harness/schema.json describes the format
  --plant P       the last rival of each group does P percent more (0, 10, 20 …), uncounted; to see that
                  --compare finds it in each suite, compare runs with --plant 0 and --plant 10 by --threshold 5
  --compare       compare two such files; exit code 1 if something became slower
  --threshold P   the least change that counts, in percent (default ${100 * THRESHOLD})
  --help          print this help

Each suite runs once for each core that it measures (wasm, auto, js), each time in new processes.
All rivals of a group first prove their answers. Then they are timed side by side, round by round.`;

export interface MeasureOptions {
  readonly kind: "measure";
  readonly suites: readonly string[];
  readonly pace: PaceName;
  readonly processes: number;
  /** Versions of Node to measure with; undefined means this Node. */
  readonly nodes: readonly string[] | undefined;
  /** The result file to write. */
  readonly json: string | undefined;
  /** Most minutes that a Node's run takes. */
  readonly minutes?: number;
  /** See `measure`. */
  readonly planted?: number;
}

export interface CompareOptions {
  readonly kind: "compare";
  readonly earlier: string;
  readonly later: string;
  /** The least change that counts, as a part: 0.1 is 10 %. */
  readonly threshold: number;
}

export type Options = MeasureOptions | CompareOptions | { readonly kind: "help" };

function chosenSuites(names: readonly string[]): readonly string[] {
  const unknown = names.find((name) => !suiteNames.includes(name));
  if (unknown !== undefined) throw new Error(`no suite ${unknown}; there are ${suiteNames.join(", ")}`);
  return suiteNames.filter((name) => (names.length > 0 ? names.includes(name) : !suites[name]?.isTable));
}

function numberIn(option: string, word: string, least: number, most: number): number {
  const value = Number(word);
  if (!/^\d+(\.\d+)?$/.test(word) || value < least || value > most)
    throw new Error(`--${option} takes a number from ${least} to ${most}, not ${word || "nothing"}`);
  return value;
}

function processesOf(word: string | undefined, pace: PaceName): number {
  const count = word === undefined ? PROCESSES[pace] : numberIn("processes", word, 1, MOST_PROCESSES);
  if (!Number.isInteger(count)) throw new Error(`--processes takes a whole number, not ${word}`);
  return count;
}

function plantedOf(word: string): number {
  const percent = numberIn("plant", word, 0, 100);
  if (percent % 10 !== 0) throw new Error(`--plant takes a multiple of 10, not ${word}`);
  return percent;
}

function compareOptions(files: readonly string[], threshold: string | undefined): CompareOptions {
  const [earlier, later, ...more] = files;
  if (earlier === undefined || later === undefined || more.length > 0)
    throw new Error(`--compare takes two files, OLD.json and NEW.json, not ${files.length}`);
  const part = threshold === undefined ? THRESHOLD : numberIn("threshold", threshold, 0, 1000) / 100;
  return { kind: "compare", earlier, later, threshold: part };
}

/** @throws {Error} an option, a suite or a number that does not exist */
export function parseOptions(): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean" },
      processes: { type: "string" },
      nodes: { type: "string" },
      json: { type: "string" },
      plant: { type: "string" },
      minutes: { type: "string" },
      compare: { type: "boolean" },
      threshold: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return { kind: "help" };
  if (values.compare) return compareOptions(positionals, values.threshold);
  if (values.threshold !== undefined) throw new Error("--threshold goes with --compare");
  const pace = values.quick ? "quick" : "full";
  return {
    kind: "measure",
    suites: chosenSuites(positionals),
    pace,
    processes: processesOf(values.processes, pace),
    nodes: values.nodes === undefined ? undefined : versionsIn(values.nodes),
    json: values.json,
    ...(values.minutes === undefined ? {} : { minutes: numberIn("minutes", values.minutes, 0, 1000) }),
    ...(values.plant === undefined ? {} : { planted: plantedOf(values.plant) }),
  };
}
