import { checkInteger, checkSize, extraArgument } from "../common/arguments.js";
import { checkBytes, firstBytes } from "../common/bytes.js";
import { outOfBounds } from "../common/errors.js";
import { access } from "./position.js";

const { positionOf } = access;

/** Bytes at the cursor: Go's `io.Reader` and `io.Writer`. The only copies are to and from the arrays you give. */
export abstract class ByteCodec {
  /**
   * Copies bytes from the position into `target`, and moves past them.
   *
   * @returns bytes read: `target.length`, fewer at the end, 0 at or past it
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` target is not a Uint8Array
   */
  read(target: Uint8Array): number {
    if (arguments.length > 1) throw extraArgument("read", arguments, 1);
    const length = checkBytes("target", target);
    const at = positionOf(this);
    at.checkOpen("read");
    const window = at.window.current();
    const start = at.core.claim(length);
    const moved = Math.min(length, at.size - start);
    if (moved > 0) window.read(moved === length ? target : firstBytes(target, moved), start, moved);
    return moved;
  }

  /**
   * Copies bytes of `source` to the position, and moves past them.
   *
   * @returns bytes written: `source.length`, fewer at the end, 0 at or past it
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` source is not a Uint8Array
   */
  write(source: Uint8Array): number {
    if (arguments.length > 1) throw extraArgument("write", arguments, 1);
    const length = checkBytes("source", source);
    const at = positionOf(this);
    at.checkWritable("write");
    at.checkOpen("write");
    const window = at.window.current();
    const start = at.core.claim(length);
    const moved = Math.min(length, at.size - start);
    if (moved > 0) window.write(moved === length ? source : firstBytes(source, moved), start, moved);
    return moved;
  }

  /**
   * Fills `target`, or reads nothing.
   *
   * @throws {ShmRangeError} `ERR_SHM_OUT_OF_BOUNDS` fewer than `target.length` bytes remain
   */
  readExactly(target: Uint8Array): void {
    if (arguments.length > 1) throw extraArgument("readExactly", arguments, 1);
    const length = checkBytes("target", target);
    const at = positionOf(this);
    const window = at.window.current();
    const start = at.take("readExactly", length);
    window.read(target, start, length);
  }

  /**
   * Writes all of `source`, or nothing.
   *
   * @throws {ShmRangeError} `ERR_SHM_OUT_OF_BOUNDS` fewer than `source.length` bytes remain
   */
  writeAll(source: Uint8Array): void {
    if (arguments.length > 1) throw extraArgument("writeAll", arguments, 1);
    const length = checkBytes("source", source);
    const at = positionOf(this);
    at.checkWritable("writeAll");
    const window = at.window.current();
    const start = at.take("writeAll", length);
    window.write(source, start, length);
  }

  /**
   * A copy of `length` bytes from `start`. Neither depends on the position nor moves it.
   *
   * @param length bytes; a negative number means to the end
   * @param start bytes from the window's start
   * @throws {ShmRangeError} `ERR_SHM_OUT_OF_BOUNDS` the chunk would pass the end
   */
  readChunk(length: number, start = 0): Uint8Array {
    if (arguments.length > 2) throw extraArgument("readChunk", arguments, 2);
    checkInteger("length", length, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    checkSize("start", start);
    const at = positionOf(this);
    at.checkOpen("readChunk");
    const { size } = at;
    const remain = size - start; // negative past the end
    if (remain < Math.max(0, length)) {
      const wanted = length < 0 ? "the bytes to the end" : `${length} bytes`;
      throw outOfBounds(`readChunk at ${start} needs ${wanted}; ${Math.max(0, remain)} remain of ${size}`);
    }
    return at.window.slice(start, length < 0 ? remain : length);
  }
}
