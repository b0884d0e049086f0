// Figures as SVG, drawn by ECharts without a browser.
import { createRequire } from "node:module";
import { heightOf, light, optionOf } from "./draw.js";
import type { Figure } from "./figures.js";

interface Chart {
  setOption(option: object): void;
  renderToSVGString(): string;
  dispose(): void;
}

interface ECharts {
  init(dom: null, theme: null, options: { renderer: "svg"; ssr: true; width: number; height: number }): Chart;
}

const WIDTH = 800;

/** From bench/package.json: `npm ci` in bench/ installs it. */
export const benchRequire = createRequire(new URL("../../../bench/package.json", import.meta.url)); // this file runs from build/bench/…

/** On white, so that it is read on any page. */
export function svgOf(figure: Figure): string {
  const { init } = benchRequire("echarts") as ECharts;
  const height = heightOf(figure, WIDTH);
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  try {
    chart.setOption({ ...optionOf(figure, light, WIDTH), backgroundColor: light.background });
    return `${stable(chart.renderToSVGString())}\n`;
  } finally {
    chart.dispose();
  }
}

/** ECharts numbers its ids and classes on from figure to figure; here each begins anew, so that a redraw is the same file. */
function stable(svg: string): string {
  const names = new Map<string, string>();
  return svg.replaceAll(/zr\d+-(c|cls|g|p|s|d)-?\d+/g, (name) => {
    const known = names.get(name) ?? `zr-${names.size}`;
    names.set(name, known);
    return known;
  });
}
