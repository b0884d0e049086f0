// A figure as an option of ECharts. bench/report/page.ts puts this file into the report, where the browser draws with
// it; bench/report/svg.ts draws the pictures of the docs with it. At run time it imports only files that the page has
// as well.
import { sizeName } from "../harness/size.js";
import type { Colors } from "./colors.js";
import type { Bars, Curve, Figure, Point } from "./figures.js";
import { pointText, valueText } from "./words.js";

const symbols = ["circle", "rect", "triangle", "diamond", "roundRect", "pin", "arrow"];

const pick = <T>(of: readonly T[], place: number): T => of[place % of.length] as T;

interface Api {
  value(dimension: number): number;
  coord(point: readonly [number, number]): [number, number];
}

/** Draws a custom series of ECharts: the interval of a value as a line with two ends, and a label behind it. */
function whisker(across: boolean, color: string, labelOf?: (index: number) => string) {
  return (_: unknown, api: Api) => {
    const [at, low, high] = [api.value(0), api.value(1), api.value(2)];
    const from = api.coord(across ? [low, at] : [at, low]);
    const to = api.coord(across ? [high, at] : [at, high]);
    const end = 4; // pixels
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: "line",
      shape: { x1, y1, x2, y2 },
      style: { stroke: color, lineWidth: 1.2 },
    });
    const ends = [from, to].map(([x, y]) => (across ? line(x, y - end, x, y + end) : line(x - end, y, x + end, y)));
    const behind = { x: to[0] + 8, y: to[1], text: labelOf?.(at) ?? "", fill: color, verticalAlign: "middle" };
    const label = labelOf ? [{ type: "text", style: behind }] : [];
    return { type: "group", children: [line(from[0], from[1], to[0], to[1]), ...ends, ...label] };
  };
}

function common(colors: Colors) {
  return {
    animation: false,
    backgroundColor: "transparent",
    textStyle: { color: colors.text, fontFamily: "system-ui, sans-serif", fontSize: 12 },
  };
}

function axis(colors: Colors, more: object): object {
  return {
    axisLine: { show: true, lineStyle: { color: colors.text } },
    axisLabel: { color: colors.text, hideOverlap: true },
    splitLine: { show: true, lineStyle: { color: colors.faint } },
    nameTextStyle: { color: colors.text },
    ...more,
  };
}

/** Rows of the legend. Each entry takes a symbol, and about seven pixels for each character. */
function legendRows(lines: Curve["lines"], width: number): number {
  const needed = lines.reduce((sum, { name }) => sum + 44 + 7 * name.length, 0);
  return Math.ceil(needed / (width - 24));
}

/** GB/s over size, on two log axes: a line for each access path, with the interval of each point. */
function curveOption({ lines, unit }: Curve, colors: Colors, width: number): object {
  const narrow = width < 560;
  const points = lines.flatMap((line) => line.points);
  const sizes = points.map(({ size }) => size);
  return {
    ...common(colors),
    grid: { left: 56, right: 20, top: 40 + 24 * legendRows(lines, width), bottom: 44 },
    legend: { top: 0, textStyle: { color: colors.text }, itemWidth: 18, itemGap: narrow ? 8 : 12 },
    tooltip: {
      trigger: "item",
      formatter: ({ seriesName, data }: { seriesName: string; data: [number, number, Point] }) =>
        `${seriesName}<br>${sizeName(data[0])}: ${pointText(data[2], unit)}`,
    },
    xAxis: axis(colors, {
      type: "log",
      logBase: 8,
      min: Math.min(...sizes),
      max: Math.max(...sizes),
      axisLabel: { color: colors.text, hideOverlap: true, formatter: sizeName },
    }),
    yAxis: axis(colors, {
      type: "log",
      name: unit,
      nameLocation: "end",
      axisLabel: { color: colors.text, formatter: (value: number) => String(value) },
    }),
    series: lines.flatMap((line) => [
      {
        type: "line",
        name: line.name,
        color: pick(colors.series, line.place),
        symbol: pick(symbols, line.place),
        symbolSize: 7,
        lineStyle: { width: 2 },
        data: line.points.map((point) => [point.size, point.value, point]),
      },
      {
        type: "custom",
        name: line.name,
        color: pick(colors.series, line.place),
        silent: true,
        renderItem: whisker(false, pick(colors.series, line.place)),
        data: line.points.map(({ size, low, high }) => [size, low, high]),
      },
    ]),
  };
}

/** A bar for each rival, with its interval. A bar is pale if its interval is too wide for a figure. */
function barsOption({ bars, unit }: Bars, colors: Colors, width: number): object {
  const shown = [...bars].reverse(); // the axis begins at the bottom
  const most = Math.max(...bars.map(({ high }) => high));
  const labels = Math.min(7 * Math.max(...bars.map(({ name }) => name.length)), width < 420 ? 120 : 200);
  return {
    ...common(colors),
    grid: { left: labels + 12, right: width < 560 ? 76 : 96, top: 8, bottom: 28 },
    tooltip: {
      trigger: "item",
      formatter: ({ name, dataIndex }: { name: string; dataIndex: number }) =>
        `${name}<br>${pointText(shown[dataIndex] as Point, unit)}`,
    },
    xAxis: axis(colors, {
      type: "value",
      min: 0,
      max: most * 1.02,
      axisLabel: {
        color: colors.text,
        hideOverlap: true,
        formatter: (value: number) => (value > most ? "" : value === 0 ? "0" : valueText(value, unit)),
      },
    }),
    yAxis: axis(colors, {
      type: "category",
      data: shown.map(({ name }) => name),
      splitLine: { show: false },
      axisLabel: { color: colors.text, width: labels, overflow: "break", lineHeight: 13 },
    }),
    series: [
      {
        type: "bar",
        barMaxWidth: 18,
        data: shown.map(({ value, place, wide }) => ({
          value,
          itemStyle: { color: pick(colors.series, place), opacity: wide ? 0.35 : 1 },
        })),
      },
      {
        type: "custom",
        silent: true,
        renderItem: whisker(true, colors.text, (index) => {
          const { value, wide } = shown[index] as Point;
          return wide ? "too wide" : valueText(value, unit);
        }),
        data: shown.map(({ low, high }, index) => [index, low, high]),
        encode: { x: [1, 2], y: 0 },
      },
    ],
  };
}

/** @param width of the figure, in pixels */
export function optionOf(figure: Figure, colors: Colors, width: number): object {
  return figure.kind === "curve" ? curveOption(figure, colors, width) : barsOption(figure, colors, width);
}

/** Height of a figure, in pixels. */
export function heightOf(figure: Figure, width: number): number {
  if (figure.kind === "bars") return 48 + 30 * figure.bars.length;
  return width < 560 ? 330 + 14 * figure.lines.length : 400;
}
