// What a cursor's streams are, without anything of Node's. src/stream/ makes them; src/node.ts hands them to instances.
import { unsupported } from "../common/errors.js";
import { Whence } from "../common/flags.js";
import { access, type Position } from "./position.js";

const { positionOf } = access;

/** AbortSignal, also for code that compiles without a library that declares it. */
export type StopSignal = typeof globalThis extends { AbortSignal: { prototype: infer S } }
  ? S
  : { readonly aborted: boolean };

export interface CursorWritableOptions {
  /**
   * First byte, from the window's start; the cursor does not move. Default: the stream begins at the cursor, and moves
   * it.
   */
  start?: number;
  /**
   * The byte after the last, from the window's start (default the window's end). Unlike `fs`, whose `end` is included.
   */
  end?: number;
  /** Bytes buffered before `write()` returns false (back-pressure; default 65536). */
  highWaterMark?: number;
  /** Destroys the stream with an AbortError. */
  signal?: StopSignal;
}

export interface CursorReadableOptions extends CursorWritableOptions {
  /** Bytes of the largest chunk, and bytes that are read ahead (default 65536). */
  highWaterMark?: number;
  /**
   * Chunks are views of the window, not copies (default false). Each is valid until a detach or a grow of the memory,
   * and changes as the segment does.
   */
  zeroCopy?: boolean;
}

/** A Readable of Node's over a cursor. From {@link Cursor.readable}. */
export interface CursorReadable extends AsyncIterable<Uint8Array> {
  /** Bytes taken from the window so far, including those buffered in the stream. */
  readonly bytesRead: number;
}

/** A Writable of Node's over a cursor. From {@link Cursor.writable}. */
export interface CursorWritable {
  /** Bytes written to the window so far. */
  readonly bytesWritten: number;
}

/** What a stream may do with its cursor. */
export interface StreamGround {
  /** Bytes in the window. */
  readonly size: number;
  /** The cursor's position: bytes from the window's start. */
  position: number;
  /** Throws if the cursor was disposed or its attachment detached. Nothing else here may be used then. */
  checkOpen(): void;
  /** Throws if the attachment is read-only. */
  checkWritable(): void;
  /** A view of `length` bytes from `start`. The caller has checked that they are inside the window. */
  part(start: number, length: number): Uint8Array;
}

/** Makes the streams, and checks the options, which are the caller's. */
export interface Streams {
  readable(ground: StreamGround, options: CursorReadableOptions | undefined): CursorReadable;
  writable(ground: StreamGround, options: CursorWritableOptions | undefined): CursorWritable;
}

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
   * @param options.highWaterMark bytes (default 65536)
   * @throws {RangeError} `ERR_OUT_OF_RANGE` the range is not inside the window
   * @throws {ShmError} `ERR_SHM_DETACHED`; `ERR_SHM_UNSUPPORTED` the portable entry point has no streams
   * @see https://nodejs.org/api/stream.html#readable-streams
   */
  readable(options?: CursorReadableOptions): CursorReadable {
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
    const at = positionOf(this);
    return checkStreams("writable", at.streams).writable(groundOf(at, "writable"), options);
  }
}
