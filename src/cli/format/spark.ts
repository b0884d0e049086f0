// Numbers over time as one line of blocks.

const blocks = Array.from("▁▂▃▄▅▆▇█");

/** The last `width` values, each as a block between 0 and `most`; a space for none. */
export function sparkline(values: readonly number[], width: number, most: number): string {
  const shown = values.slice(-width);
  const line = shown.map((value) => {
    if (value <= 0 || most <= 0) return value === 0 ? (blocks[0] as string) : " ";
    return blocks[Math.min(blocks.length - 1, Math.floor((value / most) * blocks.length))] as string;
  });
  return line.join("").padStart(width);
}
