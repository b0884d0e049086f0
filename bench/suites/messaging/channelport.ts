// Messages by Node's own calls: process.send between processes, postMessage between threads.
import type { Payload } from "./message.js";
import type { Port } from "./port.js";

/** An end of process.send or postMessage, for messages. */
export interface Channel {
  /**
   * @param done called once the message is on its way
   * @returns false if too many messages are queued
   */
  post(message: unknown, done?: () => void, transfer?: readonly ArrayBuffer[]): boolean;
  /** Sets the listener that is called with each message. */
  hear(listener: ((message: unknown) => void) | undefined): void;
}

abstract class ChannelPort implements Port {
  protected readonly payload: Payload;
  protected readonly channel: Channel;
  #received = 0;
  #sent = 0;
  #heard: (() => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;

  constructor(payload: Payload, channel: Channel) {
    this.payload = payload;
    this.channel = channel;
  }

  abstract send(): boolean;
  abstract room(): Promise<void>;
  protected abstract arrive(message: unknown): void;

  flush(): void {} // each message is sent at once

  listen(heard: () => void, failed: (error: unknown) => void): void {
    this.#heard = heard;
    this.#failed = failed;
    this.channel.hear(this.#arrived);
  }

  rest(): void {
    this.#heard = undefined;
    this.channel.hear(undefined);
  }

  close(): void {} // nothing is held

  protected next(): number {
    return this.#sent++;
  }

  protected take(words: Int32Array): void {
    try {
      this.payload.check(words, 0, this.#received++);
      this.#heard?.();
    } catch (error) {
      this.#failed?.(error);
      this.rest();
    }
  }

  readonly #arrived = (message: unknown): void => this.arrive(message);
}

/** process.send, which copies a message when it is called. */
export class SendPort extends ChannelPort {
  protected readonly words: Int32Array;
  #underway = 0;
  #roomy: (() => void) | undefined;

  constructor(payload: Payload, channel: Channel) {
    super(payload, channel);
    this.words = new Int32Array(payload.words);
  }

  send(): boolean {
    const number = this.next();
    this.payload.put(this.words, 0, number);
    this.#underway++;
    return this.channel.post(this.message(number), this.#done);
  }

  room(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#underway === 0) resolve();
      else this.#roomy = resolve;
    });
  }

  protected message(_number: number): unknown {
    return this.words;
  }

  protected arrive(message: unknown): void {
    this.take(message as Int32Array);
  }

  readonly #done = (): void => {
    if (--this.#underway > 0) return;
    this.#roomy?.();
    this.#roomy = undefined;
  };
}

/** JSON has no bytes. They are sent as base64, which is a third of the size of an array of numbers. */
export class JsonPort extends SendPort {
  readonly #outgoing: Buffer;
  readonly #incoming: Int32Array;
  readonly #bytes: Buffer;
  /** The base64 text of an untouched message, made once. */
  readonly #text: string;

  constructor(payload: Payload, channel: Channel) {
    super(payload, channel);
    this.#outgoing = Buffer.from(this.words.buffer);
    this.#incoming = new Int32Array(payload.words);
    this.#bytes = Buffer.from(this.#incoming.buffer);
    this.#text = this.#outgoing.toString("base64");
  }

  protected override message(number: number): unknown {
    const untouched = this.payload.touch === "untouched";
    return { number, text: untouched ? this.#text : this.#outgoing.toString("base64") };
  }

  protected override arrive(message: unknown): void {
    const { number, text } = message as { number: number; text: string };
    if (this.payload.touch === "untouched") this.#incoming[0] = text.length === this.#text.length ? number : -1;
    else this.#bytes.write(text, "base64");
    this.take(this.#incoming);
  }
}

/**
 * postMessage. It does not tell the sender what the receiver has taken. So the receiver reports it, each time that it
 * has taken half of the messages that may be on their way. A transferred message is gone from its sender, which needs
 * memory for the next one: that of a message from the other side, or new memory.
 */
export class PostPort extends ChannelPort {
  readonly #transfers: boolean;
  readonly #most: number;
  #words: Int32Array | undefined;
  #underway = 0;
  #taken = 0;
  #roomy: (() => void) | undefined;

  constructor(payload: Payload, channel: Channel, most: number, transfers: boolean) {
    super(payload, channel);
    this.#most = most;
    this.#transfers = transfers;
  }

  send(): boolean {
    const words = this.#words ?? new Int32Array(this.payload.words);
    this.payload.put(words, 0, this.next());
    this.#words = this.#transfers ? undefined : words;
    this.channel.post(words, undefined, this.#transfers ? [words.buffer as ArrayBuffer] : undefined);
    return ++this.#underway < this.#most;
  }

  room(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#underway < this.#most) resolve();
      else this.#roomy = resolve;
    });
  }

  /** By then all messages are taken, but a report of the last ones may still be on its way, and is not heard. */
  override rest(): void {
    super.rest();
    this.#underway = 0;
    this.#taken = 0;
  }

  protected arrive(message: unknown): void {
    if (typeof message === "number") {
      this.#underway -= message;
      this.#roomy?.();
      this.#roomy = undefined;
      return;
    }
    const words = message as Int32Array;
    if (this.#transfers) this.#words = words; // free again once it is checked, which is before the next send
    this.take(words);
    if (++this.#taken * 2 < this.#most) return;
    this.channel.post(this.#taken);
    this.#taken = 0;
  }
}
