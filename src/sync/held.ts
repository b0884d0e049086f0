// What a lock gives to the one that has it.
import { coordinationError } from "../common/errors.js";

/** The side of a lock that takes back what it gave. */
export interface Lender {
  /** The object that its users see. */
  readonly of: object;
  /** Frees the word. Throws if this participant does not own it. */
  give(held: Held): void;
  /** Marks what the lock guards as whole again. */
  repair(held: Held): void;
  /** Whether there is nothing to give back any more, as the participant has left. */
  readonly isGone: boolean;
  describe(operation: string): string;
}

/** A lock that is held, until {@link unlock} or the end of a `using` block. */
export class Held {
  /** @internal */
  readonly lender: Lender;
  /** @internal */
  state: "held" | "needs repair" | "given back";
  /** The owner before was killed, or left, while it held the lock: what the lock guards may be half changed. */
  readonly ownerDied: boolean;

  /** @internal */
  constructor(lender: Lender, ownerDied: boolean) {
    this.lender = lender;
    this.ownerDied = ownerDied;
    this.state = ownerDied ? "needs repair" : "held";
  }

  /**
   * Says that what the lock guards is whole again. Without it, the unlock after an owner's death is final: each later lock
   * is `ERR_SHM_NOT_RECOVERABLE`.
   *
   * @throws {ShmError} `ERR_SHM_NOT_OWNER` the lock is not held any more
   */
  repaired(): void {
    if (this.state === "given back") throw notHeld(this.lender.describe("repaired"));
    if (this.state === "held") return;
    this.lender.repair(this);
    this.state = "held";
  }

  /** @throws {ShmError} `ERR_SHM_NOT_OWNER` it was unlocked before; `ERR_SHM_DETACHED` the participant has left */
  unlock(): void {
    if (this.state === "given back") throw notHeld(this.lender.describe("unlock"));
    this.lender.give(this);
    this.state = "given back";
  }

  /** Unlocks, if {@link unlock} has not, and if the participant has not left. */
  [Symbol.dispose](): void {
    if (this.state !== "given back" && !this.lender.isGone) this.unlock();
  }

  /** The same, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
  }

  /** @internal a condition has locked it again */
  takenAgain(ownerDied: boolean): void {
    (this as { ownerDied: boolean }).ownerDied ||= ownerDied;
    this.state = ownerDied ? "needs repair" : "held";
  }
}

export function notHeld(what: string): Error {
  return coordinationError("ERR_SHM_NOT_OWNER", `${what}: this participant does not hold it`);
}
