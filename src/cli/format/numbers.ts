// Numbers as a person reads them.

const units = ["", "K", "M", "G", "T", "P", "E"];

/** Bytes in about three digits: `100`, `3.3K`, `64K`, `1.5G`. */
export function formatSize(bytes: number): string {
  let unit = 0;
  let value = bytes;
  // Above bytes, 999.5 would round to four digits.
  while (value >= (unit === 0 ? 1024 : 999.5) && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const rounded = value < 9.95 ? Math.round(value * 10) / 10 : Math.round(value);
  return `${rounded}${units[unit]}`;
}

const spans: readonly (readonly [seconds: number, unit: string])[] = [
  [365 * 86400, "y"],
  [86400, "d"],
  [3600, "h"],
  [60, "m"],
];

/** How long ago: `40 s`, `3 m`, `2 d`. `-` means never. */
export function formatAge(date: Date | undefined, now: number): string {
  if (!date) return "-";
  const seconds = Math.max(0, Math.floor((now - date.getTime()) / 1000)); // the clock may have been set back
  const [span, unit] = spans.find(([length]) => seconds >= length) ?? [1, "s"];
  return `${Math.floor(seconds / span)} ${unit}`;
}

/** Nine permission bits as ls(1) writes them: `rw-r-----`. */
export function formatMode(mode: number): string {
  return Array.from("rwxrwxrwx", (letter, index) => (mode & (0o400 >> index) ? letter : "-")).join("");
}

/** Nine permission bits as ipcs(1) writes them: `640`. */
export function formatOctalMode(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, "0");
}

/** A key as ipcs(1) writes it: `0x00000051`. */
export function formatKey(key: number): string {
  return `0x${(key >>> 0).toString(16).padStart(8, "0")}`;
}
