// Copies of a part of a segment, each compared with the one before.
import type { Attachment } from "../../segment/attachment.js";
import type { Segment } from "../../segment/segment.js";
import { ONE_WINDOW } from "./windows.js";

export interface Snapshot {
  bytes: Uint8Array;
  /** 1 for each byte that differs from the last snapshot, which may have begun at another position. */
  changed: Uint8Array;
  /** How many bytes differ. */
  changes: number;
}

export class Snapshots {
  readonly #segment: Segment;
  #attachment: Attachment | undefined;
  #windowStart = -1;
  #last: { position: number; bytes: Uint8Array } | undefined;

  constructor(segment: Segment) {
    this.#segment = segment;
  }

  /** Copies `length` bytes from `position`. */
  take(position: number, length: number): Snapshot {
    const bytes = this.#windowAt(position, length).slice();
    const changed = new Uint8Array(length);
    let changes = 0;
    const last = this.#last;
    if (last)
      for (let at = 0; at < length; at++) {
        const before = last.bytes[position + at - last.position];
        if (before === undefined || before === bytes[at]) continue;
        changed[at] = 1;
        changes++;
      }
    this.#last = { position, bytes };
    return { bytes, changed, changes };
  }

  /** Keeps one attachment while it has the bytes asked for: each new one would change what ls shows of the segment. */
  #windowAt(position: number, length: number): Uint8Array {
    const end = position + length;
    if (!this.#attachment || position < this.#windowStart || end > this.#windowStart + this.#attachment.byteLength) {
      this.#attachment?.detach();
      this.#attachment = undefined;
      this.#windowStart = position - (position % ONE_WINDOW.unit);
      const rest = this.#segment.size - this.#windowStart;
      const window = { offset: this.#windowStart, length: Math.min(rest, ONE_WINDOW.bytes) };
      this.#attachment = this.#segment.attach({ access: "read-only", ...window });
    }
    return this.#attachment.bytes.subarray(position - this.#windowStart, end - this.#windowStart);
  }
}
