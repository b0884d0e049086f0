// What every object of a domain has: its place, its words, and its name in messages.
import { coordinationError, illegalConstructor } from "../common/errors.js";
import { Uncloneable } from "../common/uncloneable.js";
import { type ObjectName, Word } from "./layout.js";
import type { Participant } from "./participant.js";

/** How often a loop over words that peers change is repeated. Among honest peers a handful is enough. */
export const MOST_TRIES = 1000;

/** Only this package makes objects: the constructors are not public. */
export const MAKE = Symbol("make");

/** A primitive at a place of a segment. All participants that open the same place share it. */
export abstract class SharedObject extends Uncloneable {
  /** @internal */
  readonly participant: Participant;
  /** @internal first word in the participant's words */
  readonly base: number;
  readonly #name: ObjectName;
  /** Bytes from the window's start. */
  readonly offset: number;
  /** Bytes that the object takes from {@link offset}. */
  readonly byteLength: number;

  /** @internal */
  protected constructor(
    make: symbol,
    participant: Participant,
    name: ObjectName,
    place: { offset: number; bytes: number; first?: number; second?: number },
  ) {
    if (make !== MAKE) throw illegalConstructor(new.target.name, `domain.${name}()`);
    super();
    const { offset, bytes, first, second } = place;
    this.base = participant.open(name, offset, bytes, first, second);
    this.participant = participant;
    this.#name = name;
    this.offset = offset;
    this.byteLength = bytes;
  }

  /** @internal the first word of the mask of sleepers */
  get sleepers(): number {
    return this.base + Word.Sleepers;
  }

  /** @internal */
  describe(operation: string): string {
    return `${operation} of the ${this.#name} at ${this.offset}`;
  }

  /** @internal a peer stored what no peer of this package stores */
  damaged(operation: string, what: string): Error {
    return this.participant.damaged(`${this.describe(operation)}: ${what}`);
  }

  /** @internal bounds a loop over words that peers change */
  tooBusy(operation: string): Error {
    return this.damaged(operation, `its words changed ${MOST_TRIES} times meanwhile`);
  }

  /** @internal */
  notRecoverable(operation: string): Error {
    return coordinationError(
      "ERR_SHM_NOT_RECOVERABLE",
      `${this.describe(operation)}: an owner died, and the next one unlocked it without repaired()`,
      "destroy the segment, or repair what it guards and make the lock at another place",
    );
  }
}
