// Sizes in bytes, and their names. Imports nothing: bench/report/page.ts puts this file into the report.

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;

/** A size with the largest binary unit that fits; three significant digits if it is not a whole number of them. */
export function sizeName(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const unit = Math.min(3, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  const value = bytes / 1024 ** unit;
  return `${Number.isInteger(value) ? value : value.toPrecision(3)} ${units[unit]}`;
}
