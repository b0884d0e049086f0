// Messages in a segment: a ring each way. How a side waits is what tells the ports apart: it spins; it spins and then naps; or
// it sleeps until it is woken, and others run in its thread meanwhile.
import type { Socket } from "node:net";
import type { Payload } from "./message.js";
import { now, type Port, type SpinningPort } from "./port.js";
import { RingReader, RingWriter } from "./ring.js";

/** Messages to one store of the writer's counter, in a flow. */
const BATCH = 16;

/** Messages that are heard before the event loop gets its turn. */
const TURN = 1024;

/** Looks at the ring between two looks at the clock, and at whether the other process lives. */
const LOOKS = 1 << 14;

/** Looks at the ring before the first nap: some 10 µs. */
const LOOKS_AWAKE = 1 << 10;

/** Linux adds its timer slack, 50 µs. */
const NAP_MS = 0.01;

/** Nobody ever changes it, or wakes who waits for that: it is for its time limit. */
const nap = new Int32Array(new SharedArrayBuffer(4));

const WAKE = new Uint8Array(1);

/** Where the two rings lie, and which is whose. */
export interface Rings {
  readonly out: Uint8Array;
  readonly in: Uint8Array;
  readonly slots: number;
}

const batchOf = (slots: number): number => Math.min(BATCH, slots / 2);

/** Looks at the ring until something is there: a whole core each side, for as long as it takes; or, napping, little of it. */
export class SpinningRingPort implements SpinningPort {
  readonly #payload: Payload;
  readonly #writer: RingWriter;
  readonly #reader: RingReader;
  readonly #batch: number;
  readonly #naps: boolean;
  readonly #watch: () => void;
  #sent = 0;
  #received = 0;

  /** @param watch called now and then while this side waits; throws where there is nothing to wait for any more */
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
      writer.publish(); // what the reader does not see it cannot release
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

  #idle(looks: number): void {
    if (looks % LOOKS === 0) this.#watch();
    if (this.#naps && looks > LOOKS_AWAKE) Atomics.wait(nap, 0, 0, NAP_MS);
  }
}

/** Sleeps until it is woken by a byte on a socket, which is sent to a sleeper only. */
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

  /** @param spinNs it looks for so long before it sleeps: what comes meanwhile costs no system call */
  constructor(payload: Payload, rings: Rings, bell: Socket, spinNs: number) {
    this.#payload = payload;
    this.#writer = new RingWriter(rings.out, payload.bytes, rings.slots);
    this.#reader = new RingReader(rings.in, payload.bytes, rings.slots);
    this.#batch = batchOf(rings.slots);
    this.#bell = bell;
    this.#spinNs = spinNs;
    bell.on("data", this.#look);
  }

  send(): boolean {
    const writer = this.#writer;
    this.#payload.put(writer.words, writer.claim(), this.#sent++); // there is room: the last send or `room` said so
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
    if (before === undefined) this.#later(); // who listens anew from within `heard` is in a look already
  }

  close(): void {
    this.#heard = undefined;
    this.#roomy = undefined;
    this.#bell.off("data", this.#look);
  }

  #wake(): void {
    this.#bell.write(WAKE);
  }

  #later(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#due = false;
    this.#look();
  };

  /** Hears what there is, and comes back when there is more. */
  readonly #look = (): void => {
    let heard = 0;
    try {
      while (heard < TURN && this.#hear()) heard++;
    } catch (error) {
      this.#failed?.(error);
      this.close();
    }
    if (this.#heard === undefined) return;
    if (this.#reader.giveBack()) this.#wake();
    const waitsForRoom = this.#roomy !== undefined && !this.#giveRoom();
    if (heard === TURN || !this.#reader.sleeps() || (waitsForRoom && !this.#writer.sleeps())) this.#later();
  };

  /** One message; false where there is none, not even after a while. */
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

  /** Tells who waits for room that there is some. */
  #giveRoom(): boolean {
    if (this.#roomy === undefined || this.#writer.claim() < 0) return false;
    this.#roomy();
    this.#roomy = undefined;
    return true;
  }
}
