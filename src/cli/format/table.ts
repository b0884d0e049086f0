// Rows for a person: on a terminal with colours and as wide as it is, else plain text.
import Table from "cli-table3";
import pc from "picocolors";

/** Whether to colour what goes to a stream: NO_COLOR and FORCE_COLOR first, then whether it is a terminal. */
export function coloursOf(stream: NodeJS.WriteStream): ReturnType<typeof pc.createColors> {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== "0";
  const isFit = FORCE_COLOR === undefined && stream.isTTY === true && TERM !== "dumb";
  // A boolean, never undefined: picocolors would then decide, and colours every pipe where CI is set.
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

/** Cells side by side, two spaces between; a column of numbers to the right. */
export function tableText(rows: readonly (readonly string[])[], right: readonly boolean[] = []): string {
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
