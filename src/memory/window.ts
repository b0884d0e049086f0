import { memoryMoved } from "../common/errors.js";
import type { WasmMemory } from "./layout.js";

const NOTHING = new Uint8Array(0);

/**
 * The bytes of one attachment inside its memory, and the only place that makes views of them.
 *
 * `memory.grow` of a plain memory detaches every view: `bytes` is then empty, and {@link current} makes new views. A
 * closed window stays empty, so a check against `bytes.length` also finds that the window was closed.
 */
export class Window {
  buffer: ArrayBufferLike = NOTHING.buffer;
  bytes: Uint8Array = NOTHING;
  view: DataView = new DataView(NOTHING.buffer);
  detached = false;

  /**
   * @param owner the attachment. A cursor holds the window, so it keeps the attachment: see segment/lifetime.ts
   * @param isInPlace whether the window is still where it was mapped. Asked after a grow; undefined if the engine
   *   cannot have moved the memory
   */
  constructor(
    readonly memory: WasmMemory,
    readonly byteOffset: number,
    readonly byteLength: number,
    readonly owner: object,
    private readonly isInPlace?: () => boolean,
  ) {
    this.#makeViews();
  }

  /** This window, with views that work. Cheap if they did already. */
  current(): this {
    if (this.bytes.length === 0 && !this.detached) this.#renew();
    return this;
  }

  /** A view of `length` bytes from `start`. The caller has checked that they are inside. */
  part(start: number, length: number): Uint8Array {
    return new Uint8Array(this.current().buffer, this.byteOffset + start, length);
  }

  close(): void {
    this.detached = true;
    this.buffer = NOTHING.buffer;
    this.bytes = NOTHING;
    this.view = new DataView(NOTHING.buffer);
  }

  /** After a grow: what was mapped may have stayed at the memory's old address. */
  #renew(): void {
    if (this.isInPlace?.() === false)
      throw memoryMoved(
        "the engine moved the memory when it grew, and the window was left behind: detach, then attach again",
      );
    this.#makeViews();
  }

  #makeViews(): void {
    this.buffer = this.memory.buffer;
    this.bytes = new Uint8Array(this.buffer, this.byteOffset, this.byteLength);
    this.view = new DataView(this.buffer, this.byteOffset, this.byteLength);
  }
}
