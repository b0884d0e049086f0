// npm run bench:report and npm run bench:docs: a result file as a page, and as docs/benchmarks.md with its pictures.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readResults } from "../harness/file.js";
import { installPeers } from "../rivals/peers.js";
import { documentOf } from "./document.js";
import { figuresOf } from "./figures.js";
import { page } from "./page.js";
import { svgOf } from "./svg.js";

const root = fileURLToPath(new URL("../../..", import.meta.url)); // this file runs from build/bench/…

const help = `Usage: npm run bench:report -- [FILE] [--node VERSION] [--out PAGE.html]
       npm run bench:docs -- [FILE] [--out FOLDER]

FILE is what npm run bench -- --json FILE wrote (default: the newest in bench/results). The report is one HTML page with
all that it needs inside, build/report.html by default, of the file's first Node or of the one named; the docs are
benchmarks.md and its pictures, in docs/.`;

/** Their names begin with their dates. */
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
      `${file} has ${results.runs.map(({ conditions }) => conditions.node).join(", ")}, and no ${version ?? "run"}`,
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
  rmSync(`${folder}/benchmarks`, { recursive: true, force: true }); // pictures that nothing shows any more
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
  if (more.length > 0) throw new Error(`one file, not ${positionals.length}`);
  if (values.help) console.log(help);
  else {
    const file = given === undefined ? newest() : resolve(given);
    installPeers();
    if (values.docs) writeDocs(file, resolve(values.out ?? `${root}docs`));
    else writePage(file, resolve(values.out ?? `${root}build/report.html`), values.node);
  }
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
