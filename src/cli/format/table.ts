// Tables of plain text, and the colours of a terminal.
import { createRequire } from "node:module";
import { stripVTControlCharacters } from "node:util";
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

/** Printable ASCII, whose characters are a column wide each, and colours. */
const isPlain = (text: string): boolean => /^[ -~]*$/.test(stripVTControlCharacters(text));

/** Cells in columns, with two spaces between them. @param right the columns that are aligned to the right */
export function tableText(rows: readonly (readonly string[])[], right: readonly boolean[] = []): string {
  // cli-table3 knows the widths of all scripts. It takes 12 ms of CPU to load and to lay out a table of 4 rows.
  const lines = rows.every((row) => row.every(isPlain)) ? plainLines(rows, right) : tableLines(rows, right);
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function plainLines(rows: readonly (readonly string[])[], right: readonly boolean[]): string[] {
  const widthOf = (cell: string): number => stripVTControlCharacters(cell).length;
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
  const padded = (cell: string, column: number): string => {
    const space = " ".repeat((widths[column] as number) - widthOf(cell));
    return right[column] ? space + cell : cell + space;
  };
  return rows.map((row) => row.map(padded).join("  "));
}

const plain = Object.fromEntries(
  [
    ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
    ["left", "left-mid", "mid", "mid-mid", "right", "right-mid"],
  ]
    .flat()
    .map((name) => [name, ""]),
);

function tableLines(rows: readonly (readonly string[])[], right: readonly boolean[]): string[] {
  const Table = load("cli-table3") as typeof import("cli-table3");
  const table = new Table({
    chars: { ...plain, middle: "  " },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    colAligns: (rows[0] ?? []).map((_, column) => (right[column] ? "right" : "left")),
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString().split("\n");
}
