// Values and figures in words. bench/report/page.ts puts this file into the report, behind bench/harness/size.ts.
import type { GoalResult, Summary } from "../harness/result.js";
import { sizeName } from "../harness/size.js";
import type { Figure, Point } from "./figures.js";

/** Three significant digits. */
export const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** A value with its interval. If the interval is too wide, only the interval. */
export function stated(
  { median, interval, wide }: Summary,
  unit: number,
  name: string,
  form: (value: number) => string = digits,
): string {
  const [low, high] = interval.map((end) => form(end / unit)) as [string, string];
  return wide ? `too wide (${low} .. ${high}${name})` : `${form(median / unit)}${name} (${low}..${high})`;
}

/** A time in the unit that suits its median. */
export function duration(summary: Summary): string {
  const { median } = summary;
  const [unit, name] = median >= 1e6 ? [1e6, " ms"] : median >= 1e3 ? [1e3, " µs"] : [1, " ns"];
  return stated(summary, unit, name);
}

/** Three significant digits, with the unit that suits. */
export function valueText(value: number, unit: Figure["unit"]): string {
  if (unit === "GB/s") return `${digits(value)} GB/s`;
  if (value >= 1e6) return `${digits(value / 1e6)} ms`;
  return value >= 1e3 ? `${digits(value / 1e3)} µs` : `${digits(value)} ns`;
}

export function pointText({ value, low, high, wide }: Point, unit: Figure["unit"]): string {
  const interval = `${valueText(low, unit)} to ${valueText(high, unit)}`;
  return wide ? `spread too wide: ${interval}` : `${valueText(value, unit)} (${interval})`;
}

/** What a goal was judged by, with its interval; "" if a column shows it. */
export const judgedText = ({ figure = "", interval }: GoalResult): string =>
  interval === undefined ? figure : `${figure} (${interval})`;

/** "Within the noise" if the interval contains the goal's threshold. */
export const verdictText = ({ holds, withinNoise = false }: GoalResult): string =>
  `${holds ? "holds" : "falls short"}${withinNoise ? ", within the noise" : ""}`;

/** A figure in words, for readers who cannot see it. */
export function figureText(figure: Figure): string {
  const parts =
    figure.kind === "bars"
      ? figure.bars.map((bar) => `${bar.name} ${pointText(bar, figure.unit)}`)
      : figure.lines.map(
          ({ name, points }) =>
            `${name} ${points.map((point) => `${sizeName(point.size)}: ${pointText(point, figure.unit)}`).join(", ")}`,
        );
  return `${figure.title}. ${parts.join("; ")}`;
}
