// Repeated lines of a dump, as hexdump(1) has them: one *, in place of the lines that equal the line before.

/** The part of a piece to print, or a fold in place of it. */
export type Piece = { readonly from: number; readonly to: number } | "fold";

/** Finds repeated lines. It is given all bytes in order, in pieces of whole lines. */
export class Folder {
  readonly #lineBytes: number;
  #before: Uint8Array | undefined;
  #folding = false;

  constructor(lineBytes: number) {
    this.#lineBytes = lineBytes;
  }

  /** @param isLast whether these are the last bytes: their last line is always printed, so that the end can be seen */
  *piecesOf(bytes: Uint8Array, isLast: boolean): Generator<Piece> {
    const size = this.#lineBytes;
    const last = isLast ? Math.max(0, bytes.length - 1 - ((bytes.length - 1) % size)) : bytes.length;
    let from = 0;
    for (let at = 0; at < bytes.length; at += size) {
      const line = bytes.subarray(at, at + size);
      const repeats = at < last && this.#before !== undefined && Buffer.compare(line, this.#before) === 0;
      if (repeats && !this.#folding) {
        if (at > from) yield { from, to: at };
        yield "fold";
      }
      if (!repeats && this.#folding) from = at;
      this.#folding = repeats;
      if (!repeats) this.#before = line;
    }
    if (!this.#folding && from < bytes.length) yield { from, to: bytes.length };
    this.#before = this.#before && Uint8Array.from(this.#before); // the piece may be used again
  }
}
