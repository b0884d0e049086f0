// Messages on a Unix socket. All messages have one size, so that nothing needs to mark their ends.
import type { Socket } from "node:net";
import type { Payload } from "./message.js";
import type { Port } from "./port.js";

/** Bytes of a message's number. */
const NUMBER = 4;

export class SocketPort implements Port {
  readonly #payload: Payload;
  readonly #socket: Socket;
  /** A socket does not copy what it cannot send at once. So there is a buffer for each message that it may hold. */
  readonly #outgoing: readonly Int32Array[];
  /** Where the pieces of a message are put together. Of an untouched message only its number. */
  readonly #incoming: Int32Array;
  readonly #bytes: Uint8Array;
  #have = 0;
  #sent = 0;
  #received = 0;
  readonly #gathers: boolean;
  #isCorked = false;
  #heard: (() => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;

  /** @param gathers many messages are one writev(2); else each is a write of its own */
  constructor(payload: Payload, socket: Socket, gathers: boolean) {
    this.#payload = payload;
    this.#gathers = gathers;
    this.#socket = socket;
    const most = Math.ceil(socket.writableHighWaterMark / payload.bytes) + 1;
    this.#outgoing = Array.from({ length: most }, () => new Int32Array(payload.words));
    this.#incoming = new Int32Array(payload.words);
    this.#bytes = new Uint8Array(this.#incoming.buffer);
  }

  send(): boolean {
    const words = this.#outgoing[this.#sent % this.#outgoing.length] as Int32Array;
    this.#payload.put(words, 0, this.#sent++);
    // With a call for each message, the socket is half as fast at 64 bytes.
    if (this.#gathers && !this.#isCorked) {
      this.#socket.cork();
      this.#isCorked = true;
    }
    return this.#socket.write(new Uint8Array(words.buffer));
  }

  flush(): void {
    if (this.#isCorked) this.#socket.uncork();
    this.#isCorked = false;
  }

  room(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.writableNeedDrain) this.#socket.once("drain", resolve);
      else resolve();
    });
  }

  listen(heard: () => void, failed: (error: unknown) => void): void {
    if (this.#heard === undefined) this.#socket.on("data", this.#arrive);
    this.#heard = heard;
    this.#failed = failed;
  }

  rest(): void {
    this.#heard = undefined;
    this.#socket.off("data", this.#arrive);
  }

  close(): void {} // nothing is held

  readonly #arrive = (chunk: Buffer): void => {
    const { bytes, touch } = this.#payload;
    try {
      for (let from = 0; from < chunk.length; ) {
        const take = Math.min(bytes - this.#have, chunk.length - from);
        if (touch !== "untouched") chunk.copy(this.#bytes, this.#have, from, from + take);
        else if (this.#have < NUMBER) chunk.copy(this.#bytes, this.#have, from, from + Math.min(NUMBER, take));
        from += take;
        this.#have += take;
        if (this.#have < bytes) return;
        this.#have = 0;
        this.#payload.check(this.#incoming, 0, this.#received++);
        this.#heard?.();
      }
    } catch (error) {
      this.#failed?.(error);
      this.rest();
    }
  };
}
