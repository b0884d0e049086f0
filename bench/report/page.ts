// The report: one HTML page that contains all it needs, so that it can be sent and kept. It makes no network request.
import { readFileSync } from "node:fs";
import type { Case, Run } from "../harness/result.js";
import { benchRequire } from "../harness/root.js";
import { sizeName } from "../harness/size.js";
import { confidence } from "../harness/statistics.js";
import { conditionRows } from "./conditions.js";
import { heightOf } from "./draw.js";
import { type Figure, figuresOf } from "./figures.js";
import { digits, figureText, judgedText, pointText, verdictText } from "./words.js";

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const html = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => entities[character] as string);

/** JSON for a script element, in which nothing may look like the element's end. */
const data = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

/** The modules of the page's script. The files that one of them imports stand before it. */
const modules = ["../harness/size.js", "./colors.js", "./words.js", "./draw.js", "./client.js"];

/** A module as a part of one script. Names at the top level must differ from module to module. */
function inlined(file: string): string {
  const source = readFileSync(new URL(file, import.meta.url), "utf8");
  return source
    .replaceAll(/^import .*;$|^\/\/# sourceMappingURL.*$/gm, "")
    .replaceAll(/^export (?=const|function)/gm, "");
}

const style = `
:root { color-scheme: light dark; --text: #1b1f24; --soft: #57606a; --back: #ffffff; --panel: #f6f8fa; --line: #d0d7de; --link: #0550ae; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --soft: #9aa4ae; --back: #0d1117; --panel: #161b22; --line: #3d444d; --link: #79b8ff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 16px; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
a { color: var(--link); }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); } h3 { font-size: 1rem; margin: 1.5rem 0 0.5rem; overflow-wrap: anywhere; }
p, dd { color: var(--soft); }
nav ul { columns: 14rem; padding-left: 1.2rem; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 480px), 1fr)); gap: 0 24px; }
.curve { grid-column: 1 / -1; }
figure { margin: 0; min-width: 0; } .scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; } th, td { text-align: left; padding: 2px 12px 2px 0; vertical-align: top; }
tbody tr { border-top: 1px solid var(--line); }
details { font-size: 0.9rem; color: var(--soft); } summary { cursor: pointer; }
.short { color: var(--text); font-weight: 600; }
`;

function rows(head: readonly string[], body: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${html(cell)}</${tag}>`).join("")}</tr>`;
  const top = head.length > 0 ? `<thead>${cells("th", head)}</thead>` : "";
  return `<div class="scroll"><table>${top}<tbody>${body.map((row) => cells("td", row)).join("")}</tbody></table></div>`;
}

function asTable(figure: Figure): string {
  if (figure.kind === "bars")
    return rows(
      ["", figure.unit === "ns" ? "time" : "speed"],
      figure.bars.map((bar) => [bar.name, pointText(bar, figure.unit)]),
    );
  const sizes = [...new Set(figure.lines.flatMap(({ points }) => points.map(({ size }) => size)))].sort(
    (a, b) => a - b,
  );
  const cell = (line: (typeof figure.lines)[number], size: number): string => {
    const point = line.points.find((one) => one.size === size);
    return point ? pointText(point, figure.unit) : "";
  };
  return rows(
    ["", ...sizes.map(sizeName)],
    figure.lines.map((line) => [line.name, ...sizes.map((size) => cell(line, size))]),
  );
}

function figureHtml(figure: Figure): string {
  return `<figure class="${figure.kind}" id="${figure.id}">
<h3>${html(figure.title)}</h3>
<div data-figure="${figure.id}" role="img" aria-label="${html(figureText(figure))}" style="height: ${heightOf(figure, 480)}px"></div>
<details><summary>as a table</summary>${asTable(figure)}</details>
</figure>`;
}

/** The goals, and whether they hold. */
function goals(cases: readonly Case[]): string {
  const body = cases.flatMap(({ suite, name, rivals }) =>
    rivals.flatMap((rival) =>
      rival.goals.map((goal) => [suite, name, rival.name, goal.text, judgedText(goal), verdictText(goal)]),
    ),
  );
  if (body.length === 0) return "";
  const short = body.filter((row) => !row.at(-1)?.startsWith("holds")).length;
  return `<h2 id="goals">Goals</h2><p>${body.length - short} of ${body.length} hold.</p>${rows(["suite", "case", "rival", "goal", "measured", ""], body)}`;
}

/** The rivals that were absent, and the further figures of the others. */
function remarks(cases: readonly Case[]): string {
  const absent = new Map(
    cases.flatMap((one) => one.absent.map(({ name, reason }) => [`${name}\0${reason}`, [name, reason]] as const)),
  );
  const further = cases.flatMap(({ name, rivals }) =>
    rivals.flatMap((rival) =>
      rival.figures.map((figure) => [name, rival.name, figure.name, `${digits(figure.value)} ${figure.unit}`]),
    ),
  );
  const missing = absent.size === 0 ? "" : `<h3>Absent</h3>${rows(["rival", "reason"], [...absent.values()])}`;
  return (
    missing +
    (further.length === 0
      ? ""
      : `<details><summary>further figures</summary>${rows(["case", "rival", "", ""], further)}</details>`)
  );
}

function suiteHtml(suite: string, figures: readonly Figure[], cases: readonly Case[]): string {
  return `<section><h2 id="suite-${suite}">${html(suite)}</h2>
<div class="grid">${figures.map(figureHtml).join("\n")}</div>${remarks(cases)}</section>`;
}

/** @throws {Error} bench/node_modules has no echarts: npm ci in bench/ installs it */
export function page(run: Run, first: boolean): string {
  const figures = figuresOf(run);
  const suites = [...new Set(run.cases.map(({ suite }) => suite))];
  const library = readFileSync(benchRequire.resolve("echarts/dist/echarts.min.js"), "utf8").replaceAll(
    "</script",
    "<\\/script",
  );
  const { commit, date, node, processes } = run.conditions;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>wasm-shm: benchmark of ${html(commit)}, Node ${html(node)}</title>
<style>${style}</style>
</head>
<body>
<h1>wasm-shm: access to a shared segment, measured</h1>
<p>Commit ${html(commit)}, Node ${html(node)}, ${html(date.slice(0, 10))}. A figure is the median over all rounds. Whiskers show
an interval that covers the 95 % confidence interval of the rounds and that of the processes' medians (with ${100 * confidence(processes)} %).
If it spans more than a fifth, or there were fewer than six rounds, it is too wide for a figure, and the bar is pale. The rivals of a case were timed in turn, round by
round. Lower is better in ns, higher in GB/s.</p>
<nav><ul>${suites.map((suite) => `<li><a href="#suite-${suite}">${html(suite)}</a></li>`).join("")}<li><a href="#goals">goals</a></li></ul></nav>
<h2 id="conditions">Conditions</h2>
${rows([], conditionRows(run.conditions, first))}
${suites
  .map((suite) =>
    suiteHtml(
      suite,
      figures.filter((figure) => figure.suite === suite),
      run.cases.filter((one) => one.suite === suite),
    ),
  )
  .join("\n")}
${goals(run.cases)}
<script type="application/json" id="figures">${data(figures)}</script>
<script>${library}</script>
<script type="module">${modules.map(inlined).join("\n")}</script>
</body>
</html>
`;
}
