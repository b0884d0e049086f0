// Parts of a segment, which may be larger than one window can be.

import type { Access } from "../../common/flags.js";
import type { Attachment } from "../../segment/attachment.js";
import type { Segment } from "../../segment/segment.js";

/** Bytes of a segment, by position: `end` is the position after the last. */
export interface Range {
  start: number;
  end: number;
}

/** Bytes: a whole number of pages of any size, and small enough for a WebAssembly memory. */
const WINDOW = 2 ** 30;

/** The largest window that begins at a multiple of `unit`, for work that must see all its bytes at once. */
export const ONE_WINDOW = { bytes: 3 * WINDOW, unit: WINDOW } as const;

/**
 * The bytes from `start` to `end` of a segment, in place, one window after the other. Each window is attached while
 * `use` works on it and detached afterwards, also if `use` fails.
 *
 * @param use gets the bytes of the window that are in the range, the position of the first of them in the segment, and
 *   the attachment that they are a part of
 */
export async function eachWindow(
  segment: Segment,
  access: Access,
  start: number,
  end: number,
  use: (bytes: Uint8Array, position: number, attachment: Attachment) => void | Promise<void>,
): Promise<void> {
  for (let offset = start - (start % WINDOW); offset < end; offset += WINDOW) {
    const attachment = segment.attach({ access, offset, length: Math.min(WINDOW, segment.size - offset) });
    try {
      const from = Math.max(start, offset);
      await use(attachment.bytes.subarray(from - offset, end - offset), from, attachment);
    } finally {
      attachment.detach();
    }
  }
}
