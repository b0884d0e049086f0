import { checkInteger, checkSize } from "../common/arguments.js";
import { checkBytes, copyBytes, firstBytes } from "../common/bytes.js";
import { outOfBounds } from "../common/errors.js";
import { VarintCursor } from "./varint.js";

/** Bytes at the cursor: Go's `io.Reader` and `io.Writer`. Nothing is copied but to and from the arrays you give. */
export abstract class ByteCursor extends VarintCursor {
  /**
   * Copies bytes from the position into `target`, and moves past them.
   *
   * @returns bytes read: `target.length`, fewer at the end, 0 at or past it
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` target is not a Uint8Array
   */
  read(target: Uint8Array): number {
    const length = checkBytes("target", target);
    this.checkOpen("read");
    const start = this.running.claim(length);
    const moved = Math.min(length, this.size - start);
    if (moved > 0) copyBytes(target, this.window.part(start, moved));
    return moved;
  }

  /**
   * Copies bytes of `source` to the position, and moves past them.
   *
   * @returns bytes written: `source.length`, fewer at the end, 0 at or past it
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` source is not a Uint8Array
   */
  write(source: Uint8Array): number {
    const length = checkBytes("source", source);
    this.checkWritable("write");
    this.checkOpen("write");
    const start = this.running.claim(length);
    const moved = Math.min(length, this.size - start);
    if (moved > 0) copyBytes(this.window.current().bytes, moved === length ? source : firstBytes(source, moved), start);
    return moved;
  }

  /**
   * Fills `target`, or reads nothing.
   *
   * @throws {ShmRangeError} `ERR_SHM_OUT_OF_BOUNDS` fewer than `target.length` bytes remain
   */
  readExactly(target: Uint8Array): void {
    const length = checkBytes("target", target);
    copyBytes(target, this.window.part(this.take("readExactly", length), length));
  }

  /**
   * Writes all of `source`, or nothing.
   *
   * @throws {ShmRangeError} `ERR_SHM_OUT_OF_BOUNDS` fewer than `source.length` bytes remain
   */
  writeAll(source: Uint8Array): void {
    const length = checkBytes("source", source);
    this.checkWritable("writeAll");
    const start = this.take("writeAll", length);
    copyBytes(this.window.current().bytes, source, start);
  }

  /**
   * A copy of `length` bytes from `start`; the position plays no part and stays.
   *
   * @param length bytes; negative means to the end
   * @param start bytes from the window's start
   * @throws {ShmRangeError} `ERR_SHM_OUT_OF_BOUNDS` the chunk would pass the end
   */
  readChunk(length: number, start = 0): Uint8Array {
    checkInteger("length", length, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    checkSize("start", start);
    this.checkOpen("readChunk");
    const remain = this.size - start; // negative past the end
    if (remain < Math.max(0, length)) {
      const wanted = length < 0 ? "the bytes to the end" : `${length} bytes`;
      throw outOfBounds(`readChunk at ${start} needs ${wanted}; ${Math.max(0, remain)} remain of ${this.size}`);
    }
    return this.window.current().bytes.slice(start, length < 0 ? this.size : start + length);
  }
}
