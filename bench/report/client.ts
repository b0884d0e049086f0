// The script of the report. bench/report/page.ts puts it into the page, behind ECharts and the files that it imports.
import { dark, light } from "./colors.js";
import { heightOf, optionOf } from "./draw.js";
import type { Figure } from "./figures.js";

interface Chart {
  setOption(option: object, notMerge: boolean): void;
  resize(size: { height: number }): void;
}

declare const echarts: { init(element: Element, theme: null, options: { renderer: "svg" }): Chart };

const figures = JSON.parse(document.getElementById("figures")?.textContent ?? "[]") as Figure[];
const scheme = matchMedia("(prefers-color-scheme: dark)");
const charts = new Map<HTMLElement, { chart: Chart; figure: Figure }>();

function draw(element: HTMLElement): void {
  const drawn = charts.get(element);
  if (drawn === undefined) return;
  const width = element.clientWidth;
  const height = heightOf(drawn.figure, width);
  element.style.height = `${height}px`;
  drawn.chart.resize({ height });
  drawn.chart.setOption(optionOf(drawn.figure, scheme.matches ? dark : light, width), true);
}

function begin(element: HTMLElement): void {
  const figure = figures.find(({ id }) => id === element.dataset["figure"]);
  if (figure === undefined || charts.has(element)) return;
  charts.set(element, { chart: echarts.init(element, null, { renderer: "svg" }), figure });
  draw(element);
}

// There are over a hundred figures. Each is drawn when it comes near the visible part.
const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) begin(target as HTMLElement);
  },
  { rootMargin: "600px" },
);

const all = [...document.querySelectorAll<HTMLElement>("[data-figure]")];
for (const element of all) near.observe(element);

const redraw = (): void => {
  for (const element of charts.keys()) draw(element);
};
scheme.addEventListener("change", redraw);
addEventListener("resize", redraw);
addEventListener("beforeprint", () => {
  for (const element of all) begin(element);
});
