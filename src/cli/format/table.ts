// Tables of plain text, and the colours of a terminal.
import { createRequire } from "node:module";
import pc from "picocolors";

const load = createRequire(import.meta.url);

/** The colours for a stream: NO_COLOR and FORCE_COLOR decide first, then whether the stream is a terminal. */
export function coloursOf(stream: NodeJS.WriteStream): ReturnType<typeof pc.createColors> {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== "0";
  const isFit = FORCE_COLOR === undefined && stream.isTTY === true && TERM !== "dumb";
  // A boolean, never undefined: with undefined, picocolors decides, and colours every pipe if CI is set.
  return pc.createColors(!NO_COLOR && (forced || isFit));
}

const plain = Object.fromEntries(
  [
    ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
    ["left", "left-mid", "mid", "mid-mid", "right", "right-mid"],
  ]
    .flat()
    .map((name) => [name, ""]),
);

/** Cells in columns, with two spaces between them. @param right the columns that are aligned to the right */
export function tableText(rows: readonly (readonly string[])[], right: readonly boolean[] = []): string {
  const Table = load("cli-table3") as typeof import("cli-table3"); // takes 8 ms, and help has no table
  const table = new Table({
    chars: { ...plain, middle: "  " },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    colAligns: (rows[0] ?? []).map((_, column) => (right[column] ? "right" : "left")),
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split("\n")
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
