// What a person sees of a result file: the page in a real browser, the pictures, and docs/benchmarks.md.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";

// The bench is compiled by itself: these are the parts of it that are used here.
interface Curve {
  kind: string;
  id: string;
  lines: { name: string; place: number; points: { size: number; value: number }[] }[];
}

interface Drawing {
  figuresOf(run: object): { id: string; kind: string; title: string; unit: string }[];
  documentOf(
    template: string,
    results: object,
    figures: object[],
    source: string,
  ): { markdown: string; pictures: { id: string }[] };
  optionOf(
    figure: object,
    colors: object,
    width: number,
  ): { series: { type: string; name: string; color: string; symbol: string }[] };
  light: object;
}

const load = (name: string): Promise<unknown> => import(new URL(`../../bench/${name}.js`, import.meta.url).href);
const { figuresOf, documentOf, optionOf, light } = {
  ...((await load("report/figures")) as object),
  ...((await load("report/draw")) as object),
  ...((await load("report/colors")) as object),
  ...((await load("report/document")) as object),
} as Drawing;

const publish = `${root}build/bench/report/publish.js`;
const hasPackages = existsSync(`${root}bench/node_modules/echarts`);
const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
const required = process.env["WASM_SHM_PEERS"] === "required";

const summary = (median: number, wide = false) => ({
  median,
  quartiles: [median * 0.97, median * 1.03],
  interval: wide ? [median * 0.8, median * 1.6] : [median * 0.95, median * 1.05],
  wide,
});

const rival = (name: string, path: string, median: number, wide = false) => ({
  name,
  path,
  nanoseconds: summary(median, wide),
  ratio: summary(1),
  goals: name.startsWith("cursor") ? [{ text: "as fast as <b>", holds: false }] : [],
  figures: [],
  times: [Array.from({ length: 7 }, () => median)],
});

/** Reads of five sizes by three paths on both cores, and a case of one size, whose second bar is too wide. */
function fixture(): { format: number; runs: { conditions: object; cases: object[] }[] } {
  const conditions = {
    commit: "0123456789ab",
    dirty: false,
    cpu: 'a "CPU" </script><b>',
    cores: 2,
    architecture: "x64",
    kernel: "Linux",
    node: "v20.20.2",
    v8: "11",
    date: "2026-11-24T00:00:00.000Z",
    pace: "full",
    processes: 1,
    loadAverage: 0,
    rivals: {},
  };
  const sized = ["wasm", "js"].flatMap((core) =>
    [8, 512, 65536, 1048576, 268435456].map((size) => ({
      suite: "bytes",
      core,
      name: `read (${size} B)`,
      operation: "read",
      size,
      bytes: size,
      base: "set",
      rounds: 7,
      absent: [],
      rivals: [
        rival("set", "typed array", size / 10 + 5),
        rival(`cursor.read, ${core} core`, `${core} core`, size / 10 + (core === "js" ? 9 : 15)),
      ],
    })),
  );
  const single = {
    suite: "cursor",
    core: "wasm",
    name: "readUint32 (64 KiB)",
    operation: "readUint32",
    base: "DataView",
    rounds: 7,
    absent: [{ name: "mmap-io", reason: "not here" }],
    rivals: [
      rival("DataView", "DataView", 1),
      rival("cursor, wasm core", "wasm core", 4, true),
      rival("cursor, js core", "js core", 2),
    ],
  };
  return { format: 1, runs: [{ conditions, cases: [...sized, single] }] };
}

const run0 = () => fixture().runs[0] as object;

const figures = suite("Figures of a run");

figures("are a curve if there are several sizes, with a line for each path, and bars otherwise", () => {
  const [curve, bars, ...more] = figuresOf(run0()) as unknown as [
    Curve,
    { kind: string; id: string; unit: string; bars: { name: string; wide: boolean; low: number; high: number }[] },
  ];
  assert.is(more.length, 0);
  assert.is(curve.kind, "curve");
  assert.is(curve.id, "bytes-read");
  assert.equal(
    curve.lines.map(({ name }) => name),
    ["typed array", "wasm core", "js core"],
  );
  assert.equal(
    curve.lines[0]?.points.map(({ size }) => size),
    [8, 512, 65536, 1048576, 268435456],
  );
  assert.is(curve.lines[1]?.points[0]?.value, 8 / (0.8 + 15)); // bytes over nanoseconds: GB/s
  assert.is(bars.kind, "bars");
  assert.equal(
    bars.bars.map(({ name, wide }) => `${name} ${wide}`),
    ["DataView false", "cursor, wasm core true", "cursor, js core false"],
  );
  assert.ok(bars.bars.every(({ low, high }) => low < high));
});

figures("draw the auto core in the js core's colour, with another marker", () => {
  const run = run0() as { cases: { core: string; rivals: { name: string; path: string }[] }[] };
  const auto = structuredClone(run.cases.filter(({ core }) => core === "js"));
  for (const one of auto)
    for (const each of one.rivals) {
      each.name = each.name.replace("js core", "auto core");
      each.path = each.path.replace("js core", "auto core");
    }
  const [{ lines }] = figuresOf({ cases: [...run.cases, ...auto] }) as unknown as [Pick<Curve, "lines">];
  const placeOf = (name: string): number => lines.find((line) => line.name === name)?.place ?? Number.NaN;
  const curve = { kind: "curve", lines, unit: "GB/s" };
  const drawn = optionOf(curve, light, 800).series.filter(({ type }) => type === "line");
  const [js, other] = ["js core", "auto core"].map((name) => drawn.find((line) => line.name === name));
  assert.is.not(placeOf("auto core"), placeOf("js core"));
  assert.is(other?.color, js?.color);
  assert.is.not(other?.symbol, js?.symbol);
});

figures("have ids of their own", () => {
  const ids = figuresOf(run0()).map(({ id }) => id);
  assert.is(new Set(ids).size, ids.length);
});
figures.run();

const docs = suite("docs/benchmarks.md");

docs("is filled from the file", () => {
  const results = fixture();
  const text = `{{time cursor | wasm | readUint32 (64 KiB) | DataView}};
{{faster cursor | wasm | readUint32 (64 KiB) | DataView | cursor, js core}}
{{table cursor | wasm | readUint32 (64 KiB)}}
{{picture bytes-read}}
{{goals}}`;
  const { markdown, pictures } = documentOf(text, results, figuresOf(run0()), "x.json");
  assert.match(markdown, /^<!-- Made by .* x\.json\. Do not edit\. -->/);
  assert.match(markdown, /1\.00 ns \(0\.950\.\.1\.05\);/);
  assert.match(markdown, /^(too wide \()?2\.00/m);
  assert.match(markdown, /\| cursor, wasm core \| too wide \(3\.20 \.\. 6\.40 ns\) \|/);
  assert.match(markdown, /!\[read: GB\/s\]\(benchmarks\/bytes-read\.svg\)/);
  assert.match(markdown, /\*\*falls short\*\*/);
  assert.equal(
    pictures.map(({ id }) => id),
    ["bytes-read"],
  );
});

docs("has a column for each Node, and claims only what holds with all of them", () => {
  const results = fixture();
  const [first] = results.runs as [{ conditions: object; cases: object[] }];
  const second = structuredClone(first);
  Object.assign(second.conditions, { node: "v26.1.0" });
  type Judged = { goals: object[]; times: number[][] };
  const [, , js] = (second.cases.at(-1) as { rivals: Judged[] }).rivals as [Judged, Judged, Judged];
  Object.assign(js.goals[0] as object, { holds: true, figure: "1.5" });
  const both = { ...results, runs: [first, second] };
  const make = (text: string): string => documentOf(text, both as never, figuresOf(first), "x.json").markdown;
  assert.match(make("{{table cursor | wasm | readUint32 (64 KiB)}}"), /\| Node 20\.\S+ \| Node 26\.1\.0 \|/);
  assert.match(make("{{goals}}"), /\| \*\*falls short\*\* \| 1\.5, holds \|/);
  assert.match(make("{{conditions}}"), /\| node \| v20\.\S+ [^|]* \| v26\.1\.0 [^|]* \|/);
  assert.match(make("{{conditions}}"), /load 0\.00 at the start \| governor unknown, SMT unknown \|/);
  assert.match(make("{{node}}"), /Node 20\./);
  const claim = "{{faster cursor | wasm | readUint32 (64 KiB) | DataView | cursor, js core}}";
  assert.match(make(claim), /2\.00/);
  js.times = js.times.map((times) => times.map((time) => time / 100));
  assert.throws(() => make(claim), /is not faster than cursor, js core/);
});

docs("has the cases, rivals and goals of every Node, with a dash for a Node that lacks them", () => {
  const [first] = fixture().runs as [{ conditions: object; cases: { name: string; rivals: object[] }[] }];
  const second = structuredClone(first);
  Object.assign(second.conditions, { node: "v26.1.0" });
  const fresh = second.cases.at(-1) as { name: string; rivals: object[] };
  fresh.rivals.push(rival("zlib", "native", 3));
  second.cases.push({ ...structuredClone(fresh), name: "readHex" });
  const make = (text: string): string => documentOf(text, { runs: [first, second] }, [], "x.json").markdown;
  assert.match(make("{{table cursor | wasm | readUint32 (64 KiB)}}"), /\| zlib \| absent \| 3\.00 ns \S+ \|/);
  assert.match(make("{{table cursor | wasm | readHex}}"), /\| DataView \| - \| 1\.00 ns \S+ \|/);
  assert.match(make("{{goals}}"), /\| readHex \| cursor, wasm core \| as fast as <b> \| - \| \*\*falls short\*\* \|/);
});

docs(
  "states the interval of what was judged, the range of a figure, its Node, and the confidence of few processes",
  () => {
    const results = fixture();
    const [{ conditions, cases }] = results.runs as [{ conditions: object; cases: object[] }];
    const [base, other, wasm] = (cases.at(-1) as { rivals: object[] }).rivals as [object, object, object];
    Object.assign(base, { figures: [{ name: "p99", unit: "µs", value: 2, values: [1, 2, 5] }] });
    Object.assign(wasm, { figures: [{ name: "p99", unit: "µs", value: 3 }] });
    Object.assign(other, {
      goals: [{ text: "fast", figure: "1.50", interval: "0.90..1.60", holds: true, withinNoise: true }],
    });
    Object.assign(conditions, { processes: 5 });
    const make = (text: string): string => documentOf(text, results, [], "x.json").markdown;
    assert.match(make("{{goals}}"), /\| fast \| 1\.50 \(0\.90\.\.1\.60\), holds, within the noise \|/);
    const figures = make("{{figures cursor | wasm | readUint32 (64 KiB)}}");
    assert.match(figures, /\| readUint32 \(64 KiB\), Node 20\.20\.2 \| p99, µs \|/);
    assert.match(figures, /\| DataView \| 2\.00 \(1\.00\.\.5\.00\) \|\n.* \| - \|\n.* \| 3\.00 \|/);
    assert.match(make("{{confidence}}"), /^93\.75 %$/m);
  },
);

docs("is refused if its text claims what the file does not show", () => {
  const refused: [text: string, words: RegExp][] = [
    [
      "{{faster cursor | wasm | readUint32 (64 KiB) | cursor, js core | DataView}}",
      /is not faster than DataView: 0\.5/,
    ],
    ["{{time cursor | js | readUint32 (64 KiB) | DataView}}", /no case cursor \| js/],
    ["{{time cursor | wasm | readUint32 (64 KiB) | Dataview}}", /no rival Dataview; there are DataView/],
    ["{{picture nothing}}", /no picture nothing; there are bytes-read/],
    ["{{sum}}", /not a word/],
  ];
  for (const [text, words] of refused)
    assert.throws(
      () => documentOf(text, fixture(), figuresOf(run0()), "x.json"),
      ({ message }: Error) => words.test(message),
    );
});

if (!hasPackages && !required)
  docs.skip("is made of the newest file and its template", "bench/node_modules has no echarts: npm ci in bench/");
else
  docs("is made of bench/report/benchmarks.md and the newest file, and so are its pictures", () => {
    const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
    try {
      const ended = run(process.execPath, [publish, "--docs", "--out", folder]);
      assert.is(ended.code, 0, ended.stderr);
      assert.is(readFileSync(`${root}docs/benchmarks.md`, "utf8"), readFileSync(join(folder, "benchmarks.md"), "utf8"));
      const made = readdirSync(join(folder, "benchmarks")).sort();
      assert.ok(made.length > 3);
      assert.equal(readdirSync(`${root}docs/benchmarks`).sort(), made);
      for (const file of made)
        assert.is(
          readFileSync(`${root}docs/benchmarks/${file}`, "utf8"),
          readFileSync(join(folder, "benchmarks", file), "utf8"),
          file,
        );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
docs.run();

interface Page {
  goto(url: string): Promise<unknown>;
  evaluate<T>(use: () => T): Promise<T>;
  waitForFunction(use: () => boolean): Promise<unknown>;
  on(
    event: string,
    use: (what: { text?: () => string; url?: () => string; type?: () => string; message?: string }) => void,
  ): void;
  screenshot(options: { path: string }): Promise<unknown>;
}

interface Browser {
  newContext(options: object): Promise<{ newPage(): Promise<Page>; close(): Promise<void> }>;
  close(): Promise<void>;
}

const browser = suite("The report, in headless Chromium");
const missing = !hasPackages
  ? "bench/node_modules is not installed: npm ci in bench/"
  : chromium === undefined
    ? "there is no Chromium"
    : undefined;

if (missing !== undefined && !required) browser.skip("shows every figure", missing);
else
  for (const [title, options] of [
    ["on a desk, in the light", { viewport: { width: 1200, height: 800 }, colorScheme: "light" }],
    ["on a desk, in the dark", { viewport: { width: 1200, height: 800 }, colorScheme: "dark" }],
    ["on a phone, in the dark", { viewport: { width: 360, height: 740 }, colorScheme: "dark", isMobile: true }],
  ] as const)
    browser(`shows every figure, in its colours, and asks no network: ${title}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
      const { chromium: engine } = createRequire(`${root}bench/package.json`)("playwright-core") as {
        chromium: { launch(options: object): Promise<Browser> };
      };
      let opened: Browser | undefined;
      try {
        const file = join(folder, "result.json");
        writeFileSync(file, JSON.stringify(fixture()));
        const ended = run(process.execPath, [publish, file, "--out", join(folder, "report.html")]);
        assert.is(ended.code, 0, ended.stderr);
        opened = await engine.launch({
          executablePath: chromium,
          args: [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
          ],
        });
        const page = await (await opened.newContext(options)).newPage();
        const troubles: string[] = [];
        page.on("pageerror", ({ message }) => troubles.push(message ?? "an error"));
        page.on("console", (said) => said.type?.() === "error" && troubles.push(said.text?.() ?? ""));
        page.on(
          "request",
          (request) => !request.url?.().startsWith("file:") && troubles.push(`asks ${request.url?.()}`),
        );
        await page.goto(pathToFileURL(join(folder, "report.html")).href);
        // A figure is drawn when it is scrolled near.
        await page.waitForFunction(() => {
          const figures = [...document.querySelectorAll("[data-figure]")];
          const waiting = figures.find((element) => !element.querySelector("svg path"));
          waiting?.scrollIntoView();
          return waiting === undefined;
        });
        const seen = await page.evaluate(() => ({
          figures: document.querySelectorAll("[data-figure] svg").length,
          words: [...document.querySelectorAll("[data-figure] svg text")].map((text) => text.textContent),
          ink: getComputedStyle(document.querySelector("[data-figure] svg text") as Element).fill,
          paper: getComputedStyle(document.body).backgroundColor,
          overflow: document.documentElement.scrollWidth - innerWidth,
          cpu: document.querySelector("table")?.textContent ?? "",
          bold: document.querySelectorAll("td b").length,
        }));
        assert.is(seen.figures, 2);
        for (const word of ["typed array", "wasm core", "js core", "DataView", "too wide"])
          assert.ok(seen.words.includes(word), word);
        assert.is(seen.paper, options.colorScheme === "dark" ? "rgb(13, 17, 23)" : "rgb(255, 255, 255)");
        assert.is(seen.ink, options.colorScheme === "dark" ? "rgb(230, 237, 243)" : "rgb(27, 31, 36)");
        assert.ok(seen.overflow <= 0, `${seen.overflow} pixels stick out`);
        assert.ok(seen.cpu.includes('a "CPU" </script><b>'));
        assert.is(seen.bold, 0);
        assert.equal(troubles, []);
      } finally {
        await opened?.close();
        rmSync(folder, { recursive: true });
      }
    });
browser.run();
