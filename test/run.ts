// npm test: every test file, each in a process of its own, as many at once as there are cores. Fails if a test, a suite, a
// file or a process fails, or if a segment of this run is left in the system.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { type Engine, engineNames, engineOf } from "./runner/engine.js";
import { abandon, runFile } from "./runner/file.js";
import { compiledPath, inOrder, isCompiled, nearMatches, selectFiles, testFiles } from "./runner/files.js";
import { MadeSegments } from "./runner/made.js";
import { ALONE, LONGEST, QUIET } from "./runner/order.js";
import { Report } from "./runner/report.js";

const HELP = `Usage: npm test -- [options] [WORD...]

Runs the test files whose path under test/ contains one of the words, such as cursor or cli/copy; all of them if there
is no word. Prints a line for each file that passes, the whole output of each that fails, the skipped tests with their
reasons, and last "N passed, N failed, N skipped".

  --long            gives the long campaigns (random commands, mutants, many cycles) their full length
  --list            prints the names of the files, and runs none
  --engine NAME     runs the files in that engine: ${engineNames.join(", ")}
  --without WORD    leaves out the files whose path contains it; may be repeated
  --folder FOLDER   takes the files from this folder under test/
  --time-limit S    ends a file that is still running after S seconds (default 300, and 3600 with --long)
  --help            prints this

Exits with 0 if everything passed, with 1 if not, and with 2 if an argument is wrong.`;

/** A wrong argument; the message says what it must be. */
class UsageError extends Error {}

interface Settings {
  engine: Engine;
  files: string[];
  folder: string;
  timeLimitMs: number;
  isLong: boolean;
  action: "run" | "list" | "help";
}

const OPTIONS = {
  long: { type: "boolean", default: process.env["WASM_SHM_LONG"] === "1" },
  list: { type: "boolean" },
  engine: { type: "string" },
  without: { type: "string", multiple: true },
  folder: { type: "string", default: "" },
  "time-limit": { type: "string" },
  help: { type: "boolean" },
} as const;

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function settingsOf(args: string[]): Settings {
  const { values, positionals } = parsed(args);
  const seconds = Number(values["time-limit"] ?? (values.long ? 3600 : 300));
  if (!(seconds > 0 && seconds <= 86_400)) throw new UsageError("--time-limit must be a number of seconds above 0");
  const { folder, long: isLong, list, help } = values;
  const { selected, unknown } = selectFiles(testFiles(folder), positionals, values.without);
  if (unknown.length > 0 && !help)
    throw new UsageError(unknown.map((word) => noMatch(word, testFiles(folder))).join("\n"));
  if (selected.length === 0) throw new UsageError(`test/${folder} has no such test file`);
  return {
    engine: engineNamed(values.engine),
    files: selected,
    folder,
    timeLimitMs: seconds * 1000,
    isLong,
    action: help ? "help" : list ? "list" : "run",
  };
}

function engineNamed(name: string | undefined): Engine {
  try {
    return engineOf(name);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function noMatch(word: string, files: string[]): string {
  const near = nearMatches(word, files);
  return near.length === 0
    ? `no test file matches ${word}; --list prints all`
    : `no test file matches ${word}; near it: ${near.join(", ")}`;
}

async function runAll({ engine, files, folder, timeLimitMs }: Settings): Promise<boolean> {
  const made = new MadeSegments();
  const report = new Report(files, process.stdout);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => {
      abandon(made);
      made.end();
      process.kill(process.pid, signal); // ends with the signal, for the shell to see
    });
  if (made.problem !== undefined) report.problem(made.problem);

  const take = async (queue: string[]): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      report.began(file);
      report.ended(await runFile(file, compiledPath(folder, file), engine, made, timeLimitMs));
    }
  };
  const { together, quiet, alone } = inOrder(files, LONGEST, QUIET, ALONE);
  for (const stage of [together, quiet])
    await Promise.all(Array.from({ length: availableParallelism() }, () => take(stage)));
  await take(alone);
  made.end();
  return report.summarise();
}

try {
  const settings = settingsOf(process.argv.slice(2));
  if (settings.isLong) process.env["WASM_SHM_LONG"] = "1"; // for the files
  if (settings.action === "help") console.log(HELP);
  else if (settings.action === "list") console.log(settings.files.join("\n"));
  else {
    const missing = settings.files.filter((file) => !isCompiled(settings.folder, file));
    if (missing.length > 0) throw new UsageError(`not compiled: ${missing.join(", ")}; npm run build does it`);
    process.exitCode = (await runAll(settings)) ? 0 : 1;
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
