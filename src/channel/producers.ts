// The writing side of a ring: the algorithms, each step bounded. writer.ts waits if these cannot do what is asked.
import { coordinationError } from "../common/errors.js";
import { doAll } from "../common/steps.js";
import type { SharedObject } from "../sync/object.js";
import { Claim, type Claimer } from "./claim.js";
import type { End } from "./ends.js";
import { between, Ground, PADDING, Ring, recordBytes } from "./layout.js";

/** What a producer needs of its channel. */
export interface RingObject extends SharedObject {
  readonly capacity: number;
  /** The first word of the records, counted from the object's first. */
  readonly records: number;
  readonly writers: End;
  /** Word indices of the masks of sleepers. */
  readonly readersMask: number;
  readonly writersMask: number;
}

/** A ring whose messages are for one reader each. */
export interface QueueObject extends RingObject {
  readonly readers: End;
}

export interface Producer extends Claimer {
  /**
   * Room for a message of `length` bytes, which was checked to be possible; undefined if there is none now.
   *
   * @param sleeps the caller sleeps on the writers' mask if there is none
   * @throws {ShmError} `ERR_SHM_CLOSED`; `ERR_SHM_PEER_DIED` there is no room, and nobody left who makes some
   */
  claim(length: number, sleeps: boolean): Claim | undefined;
  /** Before a wait that blocks. @throws {ShmError} `ERR_SHM_DEADLOCK` it would wait for a claim that only this thread can end */
  checkBlocking(): void;
  /** Claims, fills and commits at once, all of `bytes`; false if there is no room now. @throws {ShmError} as {@link claim} */
  write(bytes: Uint8Array, length: number, sleeps: boolean): boolean;
  /** Shows what was committed. */
  publish(): void;
  /** Counts a message that was not written for lack of room, if that is what is done then. A claim that is open is waited for. */
  drop(): boolean;
  /** Shows what `work` commits when it is done. */
  together<T>(work: () => T): T;
  /** Abandons open claims, and gives up the end, also if the segment is damaged. @throws {ShmError} `ERR_SHM_LAYOUT` */
  release(): void;
}

export function closedError(object: SharedObject, operation: string): Error {
  return coordinationError("ERR_SHM_CLOSED", `${object.describe(operation)}: it was closed`);
}

export abstract class BaseProducer<O extends RingObject> implements Producer {
  protected readonly object: O;
  protected readonly ground: Ground;
  protected isManual: boolean;

  /** The caller has taken the end. @param isManual commits are shown by {@link publish} alone */
  constructor(object: O, isManual: boolean) {
    this.object = object;
    this.ground = new Ground(object.participant, object.base, object.capacity, object.records);
    this.isManual = isManual;
  }

  abstract claim(length: number, sleeps: boolean): Claim | undefined;
  abstract commit(claim: Claim, length: number): void;
  abstract abandon(claim: Claim): void;
  abstract publish(): void;
  /** How its open claims are abandoned. */
  protected abstract abandonAll(): (() => void)[];

  release(): void {
    doAll([...this.abandonAll(), () => this.publish(), () => this.object.writers.release()]);
  }

  write(bytes: Uint8Array, length: number, sleeps: boolean): boolean {
    const claim = this.claim(length, sleeps);
    claim?.fill(bytes);
    claim?.commit();
    return claim !== undefined;
  }

  describe(operation: string): string {
    return this.object.describe(operation);
  }

  checkBlocking(): void {}

  drop(): boolean {
    return false;
  }

  together<T>(work: () => T): T {
    const before = this.isManual;
    this.isManual = true;
    try {
      return work();
    } finally {
      this.isManual = before;
      if (!this.object.participant.left) this.publish();
    }
  }

  protected get isClosed(): boolean {
    return Atomics.load(this.object.participant.words, this.object.base + Ring.Closed) !== 0;
  }

  /**
   * By a plain load: one that misses a close came before it. {@link isClosed} is ordered after what was stored before.
   *
   * @throws {ShmError} `ERR_SHM_CLOSED`
   */
  protected checkOpen(words: Int32Array): void {
    if (words[this.object.base + Ring.Closed] !== 0) throw closedError(this.object, "claim");
  }

  /** A position that a peer may have changed. */
  protected position(word: number, isPlain = false): number {
    const position = isPlain ? this.ground.peek(word) : this.ground.load(word);
    if (position === undefined) throw this.object.damaged("claim", `word ${word} holds no position`);
    return position;
  }

  protected fill(bytes: Uint8Array, length: number, position: number): void {
    this.object.participant.fill(bytes, length, this.ground.payloadAt(position));
  }

  /** Marks the bytes before the ring's end as padding, if the record does not fit there. @returns its position */
  protected pad(words: Int32Array, position: number, need: number): number {
    const toEnd = this.object.capacity - (position & this.ground.mask);
    if (need <= toEnd) return position;
    words[this.ground.wordAt(position)] = toEnd | PADDING;
    return (position + toEnd) | 0;
  }

  /** Bytes that a record takes at a position, with the padding before it. */
  protected sizeAt(position: number, need: number): number {
    const toEnd = this.object.capacity - (position & this.ground.mask);
    return need <= toEnd ? need : toEnd + need;
  }
}

/** The open claim of a producer that has one at a time, as its records are shown in their order. */
export class OneClaim {
  readonly #claimer: Claimer;
  #claim: Claim | undefined;
  #isWanted = false;

  constructor(claimer: Claimer) {
    this.#claimer = claimer;
  }

  get isOpen(): boolean {
    return this.#claim !== undefined;
  }

  /** Whether another claim must wait. @throws {ShmError} `ERR_SHM_DEADLOCK` it must, and cannot */
  blocks(sleeps: boolean): boolean {
    if (!this.#claim) return false;
    this.#isWanted ||= sleeps;
    if (sleeps) return true;
    const what = this.#claimer.describe("claim");
    throw coordinationError("ERR_SHM_DEADLOCK", `${what}: the claim before it is still open`);
  }

  begin(claim: Claim): Claim {
    this.#claim = claim;
    return claim;
  }

  /** It was committed or abandoned: claims of the same writer may wait for that. */
  end(ring: RingObject): void {
    this.#claim = undefined;
    if (!this.#isWanted) return;
    this.#isWanted = false;
    ring.participant.waits.ring(ring.writersMask);
  }

  drop(): void {
    if (this.#claim) this.#claim.isOpen = false;
    this.#claim = undefined;
  }
}

export abstract class QueueProducer extends BaseProducer<QueueObject> {
  readonly #waitsForSuccessor: boolean;

  /** @param waitsForSuccessor a reader's death is not an error: another may come */
  constructor(object: QueueObject, isManual: boolean, waitsForSuccessor: boolean) {
    super(object, isManual);
    this.#waitsForSuccessor = waitsForSuccessor;
  }

  /** There is no room. Throws if nobody will make some. */
  protected checkReaders(): undefined {
    const { readers } = this.object;
    if (this.#waitsForSuccessor || readers.look() !== "dead") return;
    throw coordinationError(
      "ERR_SHM_PEER_DIED",
      `${this.describe("claim")}: it is full, and its reader was killed: ${readers.who}`,
      "another reader can continue where it was",
    );
  }
}

/** The only producer of its ring. No step needs a lock, and nothing that it wrote is seen before the tail is stored. */
export class SingleProducer extends QueueProducer {
  #position: number;
  #published: number;
  /** The head, as it was last read. It only moves towards the position, so an old one is never too large. */
  #head: number;
  readonly #open = new OneClaim(this);

  constructor(object: QueueObject, isManual: boolean, waitsForSuccessor: boolean) {
    super(object, isManual, waitsForSuccessor);
    this.#position = this.position(Ring.Tail);
    this.#published = this.#position;
    this.#head = this.#loadHead();
  }

  claim(length: number, sleeps: boolean): Claim | undefined {
    const position = this.#place(length, sleeps);
    return position === undefined ? position : this.#open.begin(new Claim(this, this.ground, position, length));
  }

  commit(claim: Claim, length: number): void {
    this.#commit(claim.position, length);
    this.#open.end(this.object);
  }

  /** Without a Claim, which takes a quarter of the time of a message of 64 bytes. */
  override write(bytes: Uint8Array, length: number, sleeps: boolean): boolean {
    const position = this.#place(length, sleeps);
    if (position === undefined) return false;
    this.fill(bytes, length, position);
    this.#commit(position, length);
    return true;
  }

  /** Where the next record begins; undefined if there is no room for it. */
  #place(length: number, sleeps: boolean): number | undefined {
    const { words } = this.object.participant;
    this.checkOpen(words);
    if (this.#open.blocks(sleeps)) return undefined;
    const need = recordBytes(length);
    if (!this.#hasRoom(this.sizeAt(this.#position, need))) return this.checkReaders();
    return this.pad(words, this.#position, need);
  }

  #commit(position: number, length: number): void {
    this.object.participant.words[this.ground.wordAt(position)] = length;
    this.#position = (position + recordBytes(length)) | 0;
    if (!this.isManual) this.publish();
  }

  abandon(): void {
    this.#open.end(this.object);
  }

  override checkBlocking(): void {
    this.#open.blocks(false);
  }

  publish(): void {
    const { participant, base, readersMask } = this.object;
    if (this.#published === this.#position) return;
    this.#published = this.#position;
    Atomics.store(participant.words, base + Ring.Tail, this.#position);
    participant.waits.ring(readersMask);
  }

  protected abandonAll(): (() => void)[] {
    return [() => this.#open.drop()];
  }

  #hasRoom(total: number): boolean {
    const { capacity } = this.object;
    if (between(this.#head, this.#position) + total <= capacity) return true;
    this.#head = this.#loadHead();
    if (between(this.#head, this.#position) + total <= capacity) return true;
    this.publish(); // the reader makes room only by what it sees
    return false;
  }

  #loadHead(): number {
    const head = this.position(Ring.Head);
    const used = between(head, this.#position);
    if (used > this.object.capacity)
      throw this.object.damaged("claim", `${used} bytes are in use, of ${this.object.capacity}`);
    return head;
  }
}
