// The codec of streams. streaming.ts has the contract with src/stream/, which makes them.
import { extraArgument } from "../common/arguments.js";
import { unsupported } from "../common/errors.js";
import { Whence } from "../common/flags.js";
import { access, type Position } from "./position.js";
import type {
  CursorReadable,
  CursorReadableOptions,
  CursorWritable,
  CursorWritableOptions,
  StreamGround,
  Streams,
} from "./streaming.js";

const { positionOf } = access;

function checkStreams(operation: string, streams: Streams | undefined): Streams {
  if (streams) return streams;
  const hint = 'import "wasm-shm" in Node';
  throw unsupported(operation, `it is in the package's Node entry point: ${hint}`, { hint });
}

/** Holds the position, and through its window the attachment, as long as a stream is in use. */
function groundOf(at: Position, operation: string): StreamGround {
  return {
    size: at.size,
    get position() {
      return at.position;
    },
    set position(to) {
      at.seek(to, Whence.Start);
    },
    checkOpen: () => at.checkOpen(operation),
    checkWritable: () => at.checkWritable(operation),
    part: (start, length) => at.window.part(start, length),
    read: (target, start, length) => at.window.read(target, start, length),
    write: (source, start, length) => at.window.write(source, start, length),
  };
}

/** Node's streams at the cursor. */
export abstract class StreamCodec {
  /**
   * A Readable of the bytes from the position, or from `start`, to `end`. In chunks of `highWaterMark` bytes, which are
   * copies unless `zeroCopy` is set. Without `start` the stream moves this cursor as it takes bytes; if the cursor is
   * moved meanwhile, the stream continues from there.
   *
   * The stream fails with `ShmError` `ERR_SHM_DETACHED` at its next chunk after a detach, or dispose of this cursor.
   *
   * @param options.start bytes from the window's start (default: the cursor's position)
   * @param options.end bytes from the window's start, excluded (default {@link Cursor.size})
   * @param options.highWaterMark bytes (default 65536; 262144 with `zeroCopy`)
   * @param options.zeroCopy views instead of copies, which are not for text (default false)
   * @throws {RangeError} `ERR_OUT_OF_RANGE` the range is not inside the window
   * @throws {ShmError} `ERR_SHM_DETACHED`; `ERR_SHM_UNSUPPORTED` the portable entry point has no streams
   * @see https://nodejs.org/api/stream.html#readable-streams
   */
  readable(options?: CursorReadableOptions): CursorReadable {
    if (arguments.length > 1) throw extraArgument("readable", arguments, 1);
    const at = positionOf(this);
    return checkStreams("readable", at.streams).readable(groundOf(at, "readable"), options);
  }

  /**
   * A Writable of the bytes from the position, or from `start`, to `end`. Without `start` the stream moves this cursor
   * as it writes bytes; if the cursor is moved meanwhile, the stream continues from there.
   *
   * The stream fails with `ShmRangeError` `ERR_SHM_OUT_OF_BOUNDS` at a chunk that passes the end, after it has written
   * the bytes of the chunk that fit; the message and `bytesWritten` say how many bytes were written. It fails with
   * `ShmError` `ERR_SHM_DETACHED` at its next chunk after a detach, or dispose of this cursor.
   *
   * @param options.start bytes from the window's start (default: the cursor's position)
   * @param options.end bytes from the window's start, excluded (default {@link Cursor.size})
   * @param options.highWaterMark bytes (default 65536)
   * @throws {RangeError} `ERR_OUT_OF_RANGE` the range is not inside the window
   * @throws {ShmError} `ERR_SHM_READ_ONLY`; `ERR_SHM_DETACHED`; `ERR_SHM_UNSUPPORTED` as of {@link readable}
   * @see https://nodejs.org/api/stream.html#writable-streams
   */
  writable(options?: CursorWritableOptions): CursorWritable {
    if (arguments.length > 1) throw extraArgument("writable", arguments, 1);
    const at = positionOf(this);
    return checkStreams("writable", at.streams).writable(groundOf(at, "writable"), options);
  }
}
