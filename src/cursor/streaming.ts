// What a cursor's streams are, without anything of Node's. src/stream/ makes them; src/node.ts hands them to instances.

/** AbortSignal, also for code that compiles without a library that declares it. */
export type StopSignal = typeof globalThis extends { AbortSignal: { prototype: infer S } }
  ? S
  : {
      readonly aborted: boolean;
      addEventListener(type: "abort", listener: () => void): void;
      removeEventListener(type: "abort", listener: () => void): void;
    };

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
  /** Bytes of the largest chunk, and bytes that are read ahead (default 65536; 262144 with `zeroCopy`). */
  highWaterMark?: number;
  /**
   * Chunks are views of the window, not copies (default false). Each is valid until a detach or a grow of a plain memory,
   * and changes as the segment does. So they are not for text: `setEncoding` throws `ERR_SHM_UNSUPPORTED`, and
   * `chunk.toString()`, TextDecoder and StringDecoder may end the process if another process writes meanwhile.
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
  /** Fills `target`, of `length` bytes, with those from `start`, checked as for `part`. */
  read(target: Uint8Array, start: number, length: number): void;
  /** Copies `source`, of `length` bytes, to `start`, checked as for `part`. */
  write(source: Uint8Array, start: number, length: number): void;
}

/** Makes the streams, and checks the options, which are the caller's. */
export interface Streams {
  readable(ground: StreamGround, options: CursorReadableOptions | undefined): CursorReadable;
  writable(ground: StreamGround, options: CursorWritableOptions | undefined): CursorWritable;
}
