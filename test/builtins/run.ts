// npm run test:builtins: the whole test, on engines of your choice and as long as you like. The results go to
// test/builtins/results.json, and from there into docs/shared-bytes.md.
import { parseArgs } from "node:util";
import { calls } from "./calls.js";
import { engineOf } from "./engines.js";
import { knownCrash } from "./known.js";
import { type Kind, kinds } from "./outcome.js";
import { race } from "./race.js";
import { isCrash, LONG, merge, readResults, writeResults } from "./results.js";
import { writePage } from "./table.js";

const HELP = `Usage: npm run test:builtins -- [options] [WORD...]

Calls every built-in that takes a view on bytes that another process rewrites, each in a child process that may crash.
With words, only those whose name contains one of them.

  --engine PATH   a program of Node, Bun or Deno; may be given several times (default: the running Node)
  --kind KIND     shared or plain memories (default: both)
  --seconds N     for each call (default 1; from ${LONG} on, a known crash that does not happen is told)
  --docs          writes the page's table from the results there are, and runs nothing
  --help          prints this

Writes the results into test/builtins/results.json and docs/shared-bytes.md. A shorter run never replaces a longer one,
unless it crashed. Exits with 1 if a call crashed that is not known to.`;

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      engine: { type: "string", multiple: true, default: [process.execPath] },
      kind: { type: "string", multiple: true, default: [...kinds] },
      seconds: { type: "string", default: "1" },
      docs: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const results = readResults();
  if (values.docs) {
    writePage(results);
    return 0;
  }
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Error("--seconds must be a number above 0");
  const chosenKinds = values.kind.map((kind) => {
    if (!kinds.includes(kind as Kind)) throw new Error(`--kind must be ${kinds.join(" or ")}`);
    return kind as Kind;
  });
  const chosen = calls.filter(
    ({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)),
  );
  if (chosen.length === 0) throw new Error(`no call's name contains ${positionals.join(" or ")}`);

  let surprises = 0;
  for (const engine of values.engine.map(engineOf))
    for (const kind of chosenKinds) {
      console.log(`${engine.name} (${engine.version}), ${kind} memory, ${chosen.length} calls of ${seconds} s`);
      const outcomes = await race(
        {
          engine,
          kind,
          milliseconds: seconds * 1000,
          told(name, outcome) {
            const because = knownCrash(engine.name, kind, name);
            const crashed = isCrash(outcome);
            const surprise = crashed && because === undefined ? "  NOT KNOWN" : "";
            const ended =
              !crashed && because !== undefined && seconds >= LONG ? "  a known crash that did not happen" : "";
            if (surprise !== "") surprises++;
            console.log(`  ${outcome.result.padEnd(7)} ${name}  ${outcome.note ?? ""}${surprise}${ended}`);
          },
        },
        chosen,
      );
      merge(results, engine, kind, outcomes);
      writeResults(results);
    }
  writePage(results);
  return surprises > 0 ? 1 : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`test:builtins: ${(error as Error).message}`);
  process.exitCode = 2;
}
