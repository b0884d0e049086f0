// Messages in a segment, by a ring in each direction. The ports differ in how a side waits. It spins; or it spins and
// then naps; or it sleeps until it is woken, and other work runs in its thread meanwhile.
import type { Socket } from "node:net";
import type { Payload } from "./message.js";
import { now, type Port, type SpinningPort } from "./port.js";
import { RingReader, RingWriter } from "./ring.js";

/** Messages for each store of the writer's counter, if many are sent at once. */
const BATCH = 16;

/** Messages that are read before the event loop runs again. */
const MOST_AT_ONCE = 1024;

/** Polls of the ring between two checks of the clock, and of whether the other process lives. */
const LOOKS = 1 << 14;

/** Polls of the ring before the first nap: some 10 µs. */
const LOOKS_AWAKE = 1 << 10;

/** Linux adds its timer slack, 50 µs. */
const NAP_MS = 0.01;

/** Nothing ever changes this word. A wait for it ends by its time limit. */
const nap = new Int32Array(new SharedArrayBuffer(4));

const WAKE = new Uint8Array(1);

/** The two rings of one side. */
export interface Rings {
  readonly out: Uint8Array;
  readonly in: Uint8Array;
  readonly slots: number;
}

const batchOf = (slots: number): number => Math.min(BATCH, slots / 2);

/** Polls the ring until something is there. That keeps a core of each side busy; with naps, little of it. */
export class SpinningRingPort implements SpinningPort {
  readonly #payload: Payload;
  readonly #writer: RingWriter;
  readonly #reader: RingReader;
  readonly #batch: number;
  readonly #naps: boolean;
  readonly #watch: () => void;
  #sent = 0;
  #received = 0;

  /** @param watch called now and then while this side waits; it throws if it makes no sense to wait any longer */
  constructor(payload: Payload, rings: Rings, naps: boolean, watch: () => void) {
    this.#payload = payload;
    this.#writer = new RingWriter(rings.out, payload.bytes, rings.slots);
    this.#reader = new RingReader(rings.in, payload.bytes, rings.slots);
    this.#batch = batchOf(rings.slots);
    this.#naps = naps;
    this.#watch = watch;
  }

  send(): void {
    const writer = this.#writer;
    let at = writer.claim();
    if (at < 0) {
      writer.publish(); // the reader cannot release a message that it does not see
      for (let looks = 1; at < 0; looks++) {
        this.#idle(looks);
        at = writer.claim();
      }
    }
    this.#payload.put(writer.words, at, this.#sent++);
    writer.push();
    if (writer.unpublished >= this.#batch) writer.publish();
  }

  flush(): void {
    this.#writer.publish();
  }

  receive(): void {
    const reader = this.#reader;
    let at = reader.next();
    if (at < 0) {
      reader.giveBack();
      for (let looks = 1; at < 0; looks++) {
        this.#idle(looks);
        at = reader.next();
      }
    }
    this.#payload.check(reader.words, at, this.#received++);
    reader.release();
  }

  close(): void {} // nothing is held

  #idle(looks: number): void {
    if (looks % LOOKS === 0) this.#watch();
    if (this.#naps && looks > LOOKS_AWAKE) Atomics.wait(nap, 0, 0, NAP_MS);
  }
}

/** Sleeps until a byte on a socket wakes it. Such a byte is sent only to a side that sleeps. */
export class RingPort implements Port {
  readonly #payload: Payload;
  readonly #writer: RingWriter;
  readonly #reader: RingReader;
  readonly #batch: number;
  readonly #bell: Socket;
  readonly #spinNs: number;
  #sent = 0;
  #received = 0;
  #heard: (() => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;
  #roomy: (() => void) | undefined;
  #due = false;

  /** @param spinNs how long it polls before it sleeps; a message that comes meanwhile costs no system call */
  constructor(payload: Payload, rings: Rings, bell: Socket, spinNs: number) {
    this.#payload = payload;
    this.#writer = new RingWriter(rings.out, payload.bytes, rings.slots);
    this.#reader = new RingReader(rings.in, payload.bytes, rings.slots);
    this.#batch = batchOf(rings.slots);
    this.#bell = bell;
    this.#spinNs = spinNs;
  }

  send(): boolean {
    const writer = this.#writer;
    this.#payload.put(writer.words, writer.claim(), this.#sent++); // there is room, as the last `send` or `room` said
    writer.push();
    if (writer.unpublished >= this.#batch) this.flush();
    return writer.claim() >= 0;
  }

  flush(): void {
    if (this.#writer.publish()) this.#wake();
  }

  room(): Promise<void> {
    return new Promise((resolve) => {
      this.#roomy = resolve;
      this.#look();
    });
  }

  listen(heard: () => void, failed: (error: unknown) => void): void {
    const before = this.#heard;
    this.#heard = heard;
    this.#failed = failed;
    if (before !== undefined) return; // a call from within `heard` is in #look already
    this.#bell.on("data", this.#look);
    this.#later();
  }

  rest(): void {
    this.#heard = undefined;
    this.#roomy = undefined;
    this.#bell.off("data", this.#look);
  }

  close(): void {} // nothing is held

  #wake(): void {
    this.#bell.write(WAKE);
  }

  #later(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(this.#lookNow);
  }

  readonly #lookNow = (): void => {
    this.#due = false;
    this.#look();
  };

  /** Reads the messages that are there, and sleeps or comes back later. */
  readonly #look = (): void => {
    let heard = 0;
    try {
      while (heard < MOST_AT_ONCE && this.#hear()) heard++;
    } catch (error) {
      this.#failed?.(error);
      this.rest();
    }
    if (this.#heard === undefined) return;
    if (this.#reader.giveBack()) this.#wake();
    const waitsForRoom = this.#roomy !== undefined && !this.#giveRoom();
    if (heard === MOST_AT_ONCE || !this.#reader.sleeps() || (waitsForRoom && !this.#writer.sleeps())) this.#later();
  };

  /** Reads one message. False if there is none, even after polling. */
  #hear(): boolean {
    if (this.#heard === undefined) return false;
    const reader = this.#reader;
    let at = reader.next();
    if (at < 0 && this.#spinNs > 0) {
      if (reader.giveBack()) this.#wake();
      const end = now() + this.#spinNs;
      while (at < 0 && !this.#giveRoom() && now() < end) at = reader.next();
    }
    if (at < 0) return false;
    this.#payload.check(reader.words, at, this.#received++);
    if (reader.release()) this.#wake();
    this.#heard();
    return true;
  }

  /** Resolves `room` if there is room. */
  #giveRoom(): boolean {
    if (this.#roomy === undefined || this.#writer.claim() < 0) return false;
    this.#roomy();
    this.#roomy = undefined;
    return true;
  }
}
