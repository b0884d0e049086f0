// npm run bench:report makes a page of a result file. npm run bench:docs makes docs/benchmarks.md and its pictures.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readResults } from "../harness/file.js";
import { root } from "../harness/root.js";
import { installPackages } from "../rivals/packages.js";
import { documentOf } from "./document.js";
import { figuresOf } from "./figures.js";
import { page } from "./page.js";
import { svgOf } from "./svg.js";

const help = `Usage: npm run bench:report -- [FILE] [--node VERSION] [--out PAGE.html]
       npm run bench:docs -- [FILE] [--out FOLDER]

FILE is a result file of npm run bench -- --json FILE (default: the newest in bench/results).
bench:report writes one HTML page that contains all it needs (default: build/report.html). It shows
the file's first run, or the run of the Node that --node names.
bench:docs writes benchmarks.md and its pictures (default: into docs/).`;

/** The newest result file: the names begin with a date. */
function newest(): string {
  const files = readdirSync(`${root}bench/results`).filter((file) => file.endsWith(".json"));
  const last = files.sort().at(-1);
  if (last === undefined) throw new Error("bench/results has no file: npm run bench -- --json FILE makes one");
  return `${root}bench/results/${last}`;
}

function writePage(file: string, out: string, version: string | undefined): void {
  const results = readResults(file);
  const run = results.runs.find(
    ({ conditions }) => version === undefined || `${conditions.node}.`.startsWith(`v${version}.`),
  );
  if (run === undefined)
    throw new Error(
      `${file} has no run of ${version ?? "any Node"}; it has ${results.runs.map(({ conditions }) => conditions.node).join(", ")}`,
    );
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, page(run, run === results.runs[0]));
  console.log(out);
}

function writeDocs(file: string, folder: string): void {
  const results = readResults(file);
  const figures = results.runs[0] ? figuresOf(results.runs[0]) : [];
  const template = readFileSync(`${root}bench/report/benchmarks.md`, "utf8");
  const { markdown, pictures } = documentOf(template, results, figures, `bench/results/${basename(file)}`);
  const drawn = pictures.map((figure) => ({ name: `${figure.id}.svg`, svg: svgOf(figure) }));
  rmSync(`${folder}/benchmarks`, { recursive: true, force: true }); // removes pictures that the text no longer shows
  mkdirSync(`${folder}/benchmarks`, { recursive: true });
  for (const { name, svg } of drawn) writeFileSync(`${folder}/benchmarks/${name}`, svg);
  writeFileSync(`${folder}/benchmarks.md`, markdown);
  console.log(`${folder}/benchmarks.md, ${drawn.length} pictures`);
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: "string" },
      node: { type: "string" },
      docs: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  const [given, ...more] = positionals;
  if (more.length > 0) throw new Error(`give one file, not ${positionals.length}`);
  if (values.help) console.log(help);
  else {
    const file = given === undefined ? newest() : resolve(given);
    installPackages();
    if (values.docs) writeDocs(file, resolve(values.out ?? `${root}docs`));
    else writePage(file, resolve(values.out ?? `${root}build/report.html`), values.node);
  }
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
