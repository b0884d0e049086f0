import { addAbortSignal, Readable } from "node:stream";
import { copyBytes } from "../common/bytes.js";
import { detached } from "../common/errors.js";
import type { CursorReadable, CursorReadableOptions, StreamGround } from "../cursor/streams.js";
import { checkStreamOptions, readableKeys } from "./options.js";
import { Track, Turns } from "./position.js";

class WindowReadable extends Readable implements CursorReadable {
  readonly #ground: StreamGround;
  readonly #track: Track;
  readonly #end: number;
  readonly #chunkSize: number;
  readonly #zeroCopy: boolean;
  readonly #turns = new Turns();
  /** The last view that was pushed, as long as the stream may hold it. */
  #view: Uint8Array | undefined;
  bytesRead = 0;

  constructor(ground: StreamGround, options: CursorReadableOptions | undefined) {
    const { start, end, highWaterMark, signal, zeroCopy } = checkStreamOptions(options, readableKeys, ground.size);
    ground.checkOpen();
    super({ highWaterMark });
    this.#ground = ground;
    this.#track = new Track(ground, start);
    this.#end = end;
    this.#chunkSize = highWaterMark;
    this.#zeroCopy = zeroCopy;
    if (signal) addAbortSignal(signal, this); // not by super: one that is aborted destroys what has no fields yet
  }

  // Never pushes before it returns: read() would then join the chunk that waits and this one, in a copy.
  override _read(): void {
    const next = () => this.#pushNext();
    if (this.#turns.isOver) this.#turns.wait(next);
    else process.nextTick(next);
  }

  /** Views that wait in the stream are no data any more after a detach, nor after a grow of the memory. */
  override read(size?: number): Buffer | string | null {
    if (this.#view && this.readableLength > 0 && this.#orFail(() => this.#checkViews()) === undefined) return null;
    return super.read(size);
  }

  #pushNext(): void {
    if (this.destroyed) return;
    const chunk = this.#orFail(() => this.#next());
    if (chunk !== undefined) this.push(chunk); // may run a listener of the caller's, whose errors are not the stream's
  }

  /** The next chunk; null at the end. */
  #next(): Buffer | null {
    this.#ground.checkOpen();
    if (this.#view && this.readableLength > 0) this.#checkViews();
    const { position } = this.#track;
    const length = Math.min(this.#chunkSize, this.#end - position);
    if (length <= 0) return null;
    const chunk = this.#chunk(this.#ground.part(position, length));
    this.#track.moveTo(position + length);
    this.#turns.moved(length);
    this.bytesRead += length;
    return chunk;
  }

  #chunk(part: Uint8Array): Buffer {
    if (this.#zeroCopy) {
      this.#view = part;
      return Buffer.from(part.buffer, part.byteOffset, part.length);
    }
    const copy = Buffer.allocUnsafeSlow(part.length); // of no pool: whoever gets it may transfer it
    copyBytes(copy, part);
    return copy;
  }

  #checkViews(): true {
    this.#ground.checkOpen();
    if (this.#view?.length === 0)
      throw detached(
        `readable: the memory grew, and took the ${this.readableLength} bytes of views that waited in the stream`,
      );
    return true;
  }

  /** What `work` returns; undefined where it failed, and the stream with it. */
  #orFail<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.destroy(error as Error);
      return undefined;
    }
  }
}

export function readable(ground: StreamGround, options?: CursorReadableOptions): CursorReadable {
  return new WindowReadable(ground, options);
}
