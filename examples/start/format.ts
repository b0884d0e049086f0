const number = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

export function bytes(size: number): string {
  const units = size < 2 ** 20 ? `${number.format(size / 2 ** 10)} KiB` : `${number.format(size / 2 ** 20)} MiB`;
  return `${number.format(size)} (${units})`;
}

export const hexadecimal = (value: number | bigint): string => `0x${value.toString(16).padStart(8, "0")}`;

/** The cells of a step: its time, and GB/s (10^9 bytes per second) if it moved bytes. */
export function speed(seconds: number, size?: number): string[] {
  const time = `${(seconds * 1000).toFixed(seconds < 0.01 ? 3 : 1)} ms`.padStart(10);
  return size === undefined ? [time] : [time, `${(size / seconds / 1e9).toFixed(2)} GB/s`.padStart(12)];
}

/** Prints rows of a label and cells; the labels are aligned. */
export function printRows(rows: string[][]): void {
  const width = Math.max(...rows.map(([label = ""]) => label.length));
  for (const [label = "", ...cells] of rows) console.log(`${label.padEnd(width)}  ${cells.join("  ")}`.trimEnd());
}
