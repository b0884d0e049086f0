// Figures as SVG, drawn by ECharts without a browser.
import { benchRequire } from "../harness/root.js";
import { light } from "./colors.js";
import { heightOf, optionOf } from "./draw.js";
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

/** The figure on a white background, so that it is readable on any page. */
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

/**
 * ECharts numbers ids and classes across figures. Here the numbers of each figure begin at 0, so that a redraw gives
 * the same file.
 */
function stable(svg: string): string {
  const names = new Map<string, string>();
  return svg.replaceAll(/zr\d+-(c|cls|g|p|s|d)-?\d+/g, (name) => {
    const known = names.get(name) ?? `zr-${names.size}`;
    names.set(name, known);
    return known;
  });
}
