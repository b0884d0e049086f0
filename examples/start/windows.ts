/** Bytes: a whole number of pages of any size, small enough for a wasm memory. */
const WINDOW = 2 ** 30;

/** The attach options that cover `size` bytes, in order. One window is the rule: only past 1 GiB are there more. */
export function windowsOf(size: number): { offset: number; length: number }[] {
  const windows = [];
  for (let offset = 0; offset < size; offset += WINDOW)
    windows.push({ offset, length: Math.min(WINDOW, size - offset) });
  return windows;
}
