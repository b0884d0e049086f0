// Messages by the package shared-memory-disruptor: two of its disruptors, in POSIX shared memory.
import { rmSync } from "node:fs";
import type { Absence } from "../../harness/result.js";
import { loadNative } from "../../rivals/packages.js";
import type { Payload } from "./message.js";
import type { SpinningPort } from "./port.js";

/** As its documentation has them: https://rawgit.davedoesdev.com/davedoesdev/shared-memory-disruptor/master/docs/ */
interface Disruptor {
  /** Room for one message; no bytes if there is none now. */
  produceClaimSync(): Buffer;
  produceCommitSync(): boolean;
  /** What is new, buffers of one message or several; what it gave before is free again. */
  consumeNewSync(): Buffer[];
  release(): void;
}

type DisruptorConstructor = new (
  name: string,
  elements: number,
  elementSize: number,
  consumers: number,
  consumer: number,
  init: boolean,
  spin: boolean,
) => Disruptor;

const ELEMENTS = 1024;

/** Polls between two checks of whether the other process lives. */
const LOOKS = 1 << 14;

/** Why there is none on this machine. */
export function disruptorAbsence(): Absence | undefined {
  const loaded = loadNative("shared-memory-disruptor");
  return "module" in loaded ? undefined : loaded;
}

function load(): DisruptorConstructor {
  const loaded = loadNative("shared-memory-disruptor");
  if (!("module" in loaded)) throw new Error(loaded.reason);
  return (loaded.module as { Disruptor: DisruptorConstructor }).Disruptor;
}

const nameOf = (owner: number, direction: string): string => `/wasm-shm-bench-${owner}-${direction}`;

export class DisruptorPort implements SpinningPort {
  readonly #payload: Payload;
  readonly #watch: () => void;
  readonly #out: Disruptor;
  readonly #in: Disruptor;
  readonly #names: readonly string[];
  readonly #own: Int32Array;
  readonly #bytes: Uint8Array;
  #sent = 0;
  #received = 0;
  #buffers: Buffer[] = [];
  #buffer = 0;
  #at = 0;

  constructor(payload: Payload, sends: boolean, watch: () => void) {
    const Disruptor = load();
    const owner = sends ? process.pid : process.ppid;
    const there = nameOf(owner, "there");
    const back = nameOf(owner, "back");
    this.#payload = payload;
    this.#watch = watch;
    this.#own = new Int32Array(payload.words);
    this.#bytes = new Uint8Array(this.#own.buffer);
    this.#out = new Disruptor(sends ? there : back, ELEMENTS, payload.bytes, 1, -1, sends, false);
    this.#in = new Disruptor(sends ? back : there, ELEMENTS, payload.bytes, 1, 0, sends, false);
    this.#names = [there, back];
    if (!sends) this.#unlink(); // it opens them last; from then on the memory lives as long as the two processes
  }

  send(): void {
    this.#payload.put(this.#own, 0, this.#sent++);
    let room = this.#out.produceClaimSync();
    for (let looks = 1; room.length === 0; looks++) {
      this.#idle(looks);
      room = this.#out.produceClaimSync();
    }
    room.set(this.#bytes);
    this.#out.produceCommitSync();
  }

  flush(): void {} // each message is shown at once

  receive(): void {
    const { bytes } = this.#payload;
    while (this.#buffers[this.#buffer] === undefined) this.#refill();
    const buffer = this.#buffers[this.#buffer] as Buffer;
    if (buffer.readInt32LE(this.#at) !== this.#received) throw new Error(`message ${this.#received} did not come`);
    this.#received++;
    this.#at += bytes;
    if (this.#at < buffer.length) return;
    this.#at = 0;
    this.#buffer++;
  }

  close(): void {
    this.#out.release();
    this.#in.release();
    this.#unlink(); // the receiver may not have come to it
  }

  #unlink(): void {
    for (const name of this.#names) rmSync(`/dev/shm${name}`, { force: true });
  }

  #refill(): void {
    this.#buffer = 0;
    this.#buffers = this.#in.consumeNewSync();
    for (let looks = 1; this.#buffers.length === 0; looks++) {
      this.#idle(looks);
      this.#buffers = this.#in.consumeNewSync();
    }
  }

  #idle(looks: number): void {
    if (looks % LOOKS === 0) this.#watch();
  }
}
