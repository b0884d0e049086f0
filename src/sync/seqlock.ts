// A value that one writes and many read, without the readers ever waiting: two or more copies and a sequence. The writer
// fills the copy that is not current, then makes it current. A writer that is killed half-way loses only that write.
//
// The copies are stored and loaded word by word with Atomics. A plain copy would do on x86-64; on arm64 a plain store may
// pass an earlier Atomics.store.
import { checkInteger, checkNumber, checkOptions } from "../common/arguments.js";
import { checkBytes, firstBytes, sliceOf } from "../common/bytes.js";
import { coordinationError, outOfRange } from "../common/errors.js";
import { LINE } from "../host/membership.js";
import { roundUp } from "../memory/layout.js";
import { ID_BITS, Word } from "./layout.js";
import { MAKE, MOST_TRIES, SharedObject } from "./object.js";
import type { SyncWaitOptions, WaitOptions } from "./options.js";
import { CONTENDED, takeOver } from "./ownerword.js";
import type { Participant } from "./participant.js";

export interface SeqlockOptions {
  /** Size of the value: bytes, 1 to 16 MiB. Every participant must say the same. */
  bytes: number;
  /** How many copies there are: 2 (default), 4, 8 or 16. A read is tried again only if as many writes begin meanwhile. */
  copies?: number;
}

const MOST_BYTES = 1 << 24;
/** Powers of two, so that the copies stay in turn when the sequence wraps. */
const COPIES = [2, 4, 8, 16];

export const seqlockBytes = (bytes: number, copies: number): number => LINE + copies * roundUp(bytes, LINE);

/** A read is repeated until it has copied so many bytes, or so often. */
const MOST_BYTES_READ = 2 ** 26;
const LEAST_TRIES = 16;

/** A value with readers that never wait. From `domain.seqlock(offset, { bytes })`. */
export class Seqlock extends SharedObject {
  /** Size of the value: bytes. */
  readonly size: number;
  readonly #copies: number;
  /** The write whose copy is current. */
  readonly #done: number;
  /** The write that has begun last: `done`, or one more. */
  readonly #begun: number;
  readonly #writer: number;
  readonly #scratch: Int32Array;
  readonly #scratchBytes: Uint8Array;

  /** @internal */
  constructor(make: symbol, participant: Participant, offset: number, size: number, copies: number) {
    super(make, participant, "seqlock", { offset, bytes: seqlockBytes(size, copies), first: size, second: copies });
    this.size = size;
    this.#copies = copies;
    this.#done = this.base + Word.State;
    this.#begun = this.#done + 1;
    this.#writer = this.#done + 2;
    this.#scratch = new Int32Array(Math.ceil(size / 4));
    this.#scratchBytes = new Uint8Array(this.#scratch.buffer, 0, size);
  }

  /** How many writes are done, modulo 2^32: it tells whether {@link read} would return something new. */
  get sequence(): number {
    return Atomics.load(this.participant.words, this.#done) >>> 0;
  }

  /**
   * A copy of the last value that was written whole; zeros before the first write.
   *
   * @throws {ShmError} `ERR_SHM_TIMEOUT` it was overwritten during each of 1000 reads, or 16 of a large value: more copies help
   */
  read(): Uint8Array {
    const { words } = this.participant;
    const most = Math.min(MOST_TRIES, Math.max(LEAST_TRIES, MOST_BYTES_READ / this.size));
    for (let tries = 0; tries < most; tries++) {
      const done = Atomics.load(words, this.#done);
      if (this.#begunSince(done) >= this.#copies) continue;
      const from = this.#copyOf(done);
      for (let index = 0; index < this.#scratch.length; index++)
        this.#scratch[index] = Atomics.load(words, from + index);
      // Write n goes to copy n modulo the copies, so this one was whole if fewer writes than copies have begun since.
      if (this.#begunSince(done) < this.#copies) return this.#scratchBytes.slice();
    }
    throw coordinationError(
      "ERR_SHM_TIMEOUT",
      `${this.describe("read")}: it was overwritten during each of ${Math.ceil(most)} reads`,
      "make it with more copies",
    );
  }

  /**
   * Writes the value, after a write of another participant that is under way.
   *
   * @param value exactly {@link size} bytes
   * @throws {ShmError} `ERR_SHM_TIMEOUT`, `ERR_SHM_DETACHED`, `ERR_SHM_LAYOUT`
   */
  async write(value: Uint8Array, options?: WaitOptions): Promise<void> {
    const checked = sliceOf(this.#checked(value));
    await this.participant.waits.wait(this.sleepers, this.#what, () => this.#attempt(checked, true), options);
  }

  /**
   * The same, but blocks the thread.
   *
   * @throws {ShmError} as {@link write}; `ERR_SHM_UNSUPPORTED` it would have to wait on the local host
   */
  writeSync(value: Uint8Array, options?: SyncWaitOptions): void {
    const checked = this.#checked(value);
    this.participant.waits.waitSync(this.sleepers, this.#what, () => this.#attempt(checked, true), options);
  }

  /** Writes the value, unless another participant is writing: then false. */
  tryWrite(value: Uint8Array): boolean {
    return this.#attempt(this.#checked(value), false) ?? false;
  }

  #checked(value: Uint8Array): Uint8Array {
    const length = checkBytes("value", value);
    if (length !== this.size) throw outOfRange("value.length", `${this.size}, the size of the value`, length);
    return firstBytes(value, length);
  }

  #attempt(value: Uint8Array, sleeps: boolean): true | undefined {
    const { participant } = this;
    const { words, id, waits } = participant;
    const found = Atomics.compareExchange(words, this.#writer, 0, id);
    if (found !== 0) {
      const taken = takeOver(participant, this.#writer, found, id, sleeps);
      if (taken === "taken by another") return undefined;
      if (taken === "too busy" || taken === "not recoverable") throw this.tooBusy("write");
    }
    this.#store(words, value);
    // A dead writer leaves nothing to repair, so the mark that it died is dropped.
    const mine = Atomics.exchange(words, this.#writer, 0);
    if ((mine & ID_BITS) !== id) throw this.damaged("write", "another participant wrote at the same time");
    if (mine & CONTENDED) waits.ring(this.sleepers);
    return true;
  }

  /** Writes that have begun since one was done. */
  #begunSince(done: number): number {
    return (Atomics.load(this.participant.words, this.#begun) - done) >>> 0;
  }

  #store(words: Int32Array, value: Uint8Array): void {
    const next = (Atomics.load(words, this.#done) + 1) | 0;
    Atomics.store(words, this.#begun, next);
    this.#scratchBytes.set(value);
    const to = this.#copyOf(next);
    for (let index = 0; index < this.#scratch.length; index++)
      Atomics.store(words, to + index, this.#scratch[index] as number);
    Atomics.store(words, this.#done, next);
  }

  #copyOf(sequence: number): number {
    return this.base + LINE / 4 + ((sequence >>> 0) % this.#copies) * (roundUp(this.size, LINE) / 4);
  }

  readonly #what = (): string => this.describe("write");
}

export function openSeqlock(participant: Participant, offset: number, options: SeqlockOptions): Seqlock {
  const { bytes, copies = 2 } = checkOptions(options, ["bytes", "copies"]);
  checkInteger("options.bytes", bytes, 1, MOST_BYTES);
  if (!COPIES.includes(checkNumber("options.copies", copies)))
    throw outOfRange("options.copies", `one of ${COPIES.join(", ")}`, copies);
  return new Seqlock(MAKE, participant, offset, bytes as number, copies);
}
