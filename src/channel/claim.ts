// Room in a ring, to be filled in place.
import { checkInteger } from "../common/arguments.js";
import { coordinationError } from "../common/errors.js";
import type { Ground } from "./layout.js";

/** The producer that gave a claim, which takes it back in one of two ways. */
export interface Claimer {
  commit(claim: Claim, length: number): void;
  abandon(claim: Claim): void;
  describe(operation: string): string;
}

/** Room for one message: fill {@link bytes}, then {@link commit}. At the end of a `using` block it is abandoned. */
export class Claim {
  /** @internal */
  readonly claimer: Claimer;
  readonly #ground: Ground;
  /** @internal where its record is: bytes modulo 2^32 */
  readonly position: number;
  /** Bytes from the window's start: for code that has views of its own, such as a DataView or a guest. */
  readonly offset: number;
  /** How many bytes were claimed. */
  readonly length: number;
  /** @internal */
  isOpen = true;
  /** @internal its index in its producer's list, if that has one */
  place = 0;
  #bytes: Uint8Array | undefined;

  /** @internal */
  constructor(claimer: Claimer, ground: Ground, position: number, length: number) {
    this.claimer = claimer;
    this.#ground = ground;
    this.position = position;
    this.offset = ground.payloadAt(position);
    this.length = length;
  }

  /**
   * The room itself, no copy: it holds what was there before. Valid until {@link commit}, {@link abandon}, or the end of the
   * participation; after that these bytes belong to other messages.
   */
  get bytes(): Uint8Array {
    this.#checkOpen("bytes");
    this.#bytes ??= this.#ground.participant.part(this.offset, this.length);
    return this.#bytes;
  }

  /** @internal @param bytes as many as were claimed */
  fill(bytes: Uint8Array): void {
    this.#ground.participant.fill(bytes, this.length, this.offset);
  }

  /**
   * Makes it a message, which readers see at once; with `writer({ publish: "manual" })`, after `writer.publish()`.
   *
   * @param length how many of the bytes are the message (default all)
   * @throws {ShmError} `ERR_SHM_NOT_OWNER` it was committed or abandoned before; `ERR_SHM_DETACHED`
   */
  commit(length: number = this.length): void {
    this.#checkOpen("commit");
    if (length !== this.length) checkInteger("length", length, 0, this.length);
    this.isOpen = false;
    this.claimer.commit(this, length);
  }

  /** Gives the room back, without a message. */
  abandon(): void {
    this.#checkOpen("abandon");
    this.isOpen = false;
    this.claimer.abandon(this);
  }

  /** Abandons it, if it was neither committed nor abandoned, and if the participant has not left. */
  [Symbol.dispose](): void {
    if (this.isOpen && !this.#ground.participant.left) this.abandon();
  }

  #checkOpen(operation: string): void {
    if (this.isOpen) return;
    const what = `${operation}: this claim of ${this.length} bytes was committed or abandoned`;
    throw coordinationError("ERR_SHM_NOT_OWNER", `${this.claimer.describe("claim")}: ${what}`);
  }
}
