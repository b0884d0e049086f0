/** Bytes: a multiple of every page size, and small enough for a wasm memory. */
const WINDOW = 2 ** 30;

/** The attach options that cover `size` bytes, in order: one window for each GiB. */
export function windowsOf(size: number): { offset: number; length: number }[] {
  const windows = [];
  for (let offset = 0; offset < size; offset += WINDOW)
    windows.push({ offset, length: Math.min(WINDOW, size - offset) });
  return windows;
}
