// What a cursor's streams are, for those who may know nothing of Node; src/stream/ has them, and the Node face provides it.
import { unsupported } from "../common/errors.js";
import { FrameCursor } from "./frame.js";

/** AbortSignal, also for those who compile without a library that declares it. */
export type StopSignal = typeof globalThis extends { AbortSignal: { prototype: infer S } }
  ? S
  : { readonly aborted: boolean };

export interface CursorWritableOptions {
  /** First byte, from the window's start; the cursor then stays. Default: the stream begins at the cursor, and moves it. */
  start?: number;
  /** Byte, from the window's start, before which it ends (default the window's end). `fs` includes its `end`; this excludes it. */
  end?: number;
  /** Bytes that may wait in the stream before it asks for patience (default 65536). */
  highWaterMark?: number;
  /** Destroys the stream with an AbortError. */
  signal?: StopSignal;
}

export interface CursorReadableOptions extends CursorWritableOptions {
  /** Bytes of a chunk at most, and those that are read ahead (default 65536). */
  highWaterMark?: number;
  /**
   * Chunks are views of the window, not copies (default false). Each is valid until a detach or a grow of the memory,
   * and changes as the segment does.
   */
  zeroCopy?: boolean;
}

/** A Readable of Node's over a cursor. From {@link Cursor.readable}. */
export interface CursorReadable extends AsyncIterable<Uint8Array> {
  /** Bytes taken from the window so far, those that wait in the stream included. */
  readonly bytesRead: number;
}

/** A Writable of Node's over a cursor. From {@link Cursor.writable}. */
export interface CursorWritable {
  /** Bytes that landed in the window so far. */
  readonly bytesWritten: number;
}

/** What a stream may do with its cursor. */
export interface StreamGround {
  /** Bytes in the window. */
  readonly size: number;
  /** The cursor's: bytes from the window's start. */
  position: number;
  /** Throws where the cursor was disposed or its attachment detached; nothing else is to be used then. */
  checkOpen(): void;
  /** Throws where nothing may be written. */
  checkWritable(): void;
  /** A view of `length` bytes from `start`; whoever asks has checked that they are inside. */
  part(start: number, length: number): Uint8Array;
}

/** Who makes the streams. The arguments are the caller's, and checked there. */
export interface Streams {
  readable(ground: StreamGround, options: CursorReadableOptions | undefined): CursorReadable;
  writable(ground: StreamGround, options: CursorWritableOptions | undefined): CursorWritable;
}

function checkStreams(what: string, streams: Streams | undefined): Streams {
  if (streams) return streams;
  throw unsupported(what, 'it is in the package\'s Node face: import "wasm-shm" in Node');
}

/** Node's streams at the cursor. */
export abstract class StreamCursor extends FrameCursor {
  /**
   * A Readable of the bytes from the position, or from `start`, to `end`. In chunks of `highWaterMark` bytes, copies
   * unless `zeroCopy` is set. Without `start` it moves this cursor as it takes bytes, and goes on from wherever the
   * cursor is then.
   *
   * The stream fails with `ShmError` `ERR_SHM_DETACHED` at its next chunk after a detach, or dispose of this cursor.
   *
   * @param options.start bytes from the window's start (default: the cursor's position)
   * @param options.end bytes from the window's start, excluded (default {@link size})
   * @param options.highWaterMark bytes (default 65536)
   * @throws {RangeError} `ERR_OUT_OF_RANGE` the range is not inside the window
   * @throws {ShmError} `ERR_SHM_DETACHED`; `ERR_SHM_UNSUPPORTED` this is the portable face, which has no streams
   * @see https://nodejs.org/api/stream.html#readable-streams
   */
  readable(options?: CursorReadableOptions): CursorReadable {
    return checkStreams("readable", this.streams).readable(this.#ground("readable"), options);
  }

  /**
   * A Writable of the bytes from the position, or from `start`, to `end`. Without `start` it moves this cursor as bytes
   * land, and goes on from wherever the cursor is then.
   *
   * The stream fails with `ShmRangeError` `ERR_SHM_OUT_OF_BOUNDS` at a chunk that passes the end, whose first bytes land
   * as far as they fit; the message and `bytesWritten` say how many bytes landed. It fails with `ShmError`
   * `ERR_SHM_DETACHED` at its next chunk after a detach, or dispose of this cursor.
   *
   * @param options.start bytes from the window's start (default: the cursor's position)
   * @param options.end bytes from the window's start, excluded (default {@link size})
   * @param options.highWaterMark bytes (default 65536)
   * @throws {RangeError} `ERR_OUT_OF_RANGE` the range is not inside the window
   * @throws {ShmError} `ERR_SHM_READ_ONLY`; `ERR_SHM_DETACHED`; `ERR_SHM_UNSUPPORTED` as of {@link readable}
   * @see https://nodejs.org/api/stream.html#writable-streams
   */
  writable(options?: CursorWritableOptions): CursorWritable {
    return checkStreams("writable", this.streams).writable(this.#ground("writable"), options);
  }

  /** Holds this cursor, and so the attachment, as long as a stream is in use. */
  #ground(operation: string): StreamGround {
    const cursor = this;
    return {
      size: this.size,
      get position() {
        return cursor.position;
      },
      set position(to) {
        cursor.seek(to);
      },
      checkOpen: () => this.checkOpen(operation),
      checkWritable: () => this.checkWritable(operation),
      part: (start, length) => this.window.part(start, length),
    };
  }
}
