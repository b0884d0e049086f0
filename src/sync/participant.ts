// A participant of a domain: its slot, its view of the words, who else is there, and the places of objects.
import { coordinationError, detached, outOfRange, systemError, unsupported } from "../common/errors.js";
import { checkCapability } from "../host/check.js";
import type { Host, Mapping } from "../host/host.js";
import {
  domainBytes,
  EUSERS,
  Header,
  isAlive,
  kinds,
  LEAVING,
  LINE,
  MAX_SLOTS,
  type Membership,
  Slot,
  slotWord,
} from "../host/membership.js";
import type { Window } from "../memory/window.js";
import { idOf, MAGIC, ObjectKind, type ObjectName, READY, slotOf, VERSION, Word } from "./layout.js";
import { type Seat, Waits } from "./waits.js";

const NOTHING = new Int32Array(0);
const DEFAULT_SLOTS = 16;

/** Where a domain is to be joined; all of it was checked but the bytes of the segment. */
export interface Place {
  readonly host: Host;
  readonly mapping: Mapping;
  readonly window: Window;
  /** The segment's id, for messages. */
  readonly segment: number;
  readonly offset: number;
  readonly slots: number | undefined;
  /** Whether it joins to remove the segment. */
  readonly leaving?: boolean;
}

/** The bytes of an object that this participant has opened. */
interface Taken {
  readonly name: ObjectName;
  readonly offset: number;
  readonly bytes: number;
}

export class Participant implements Seat {
  readonly membership: Membership;
  /** Bytes from the window's start. */
  readonly offset: number;
  readonly slots: number;
  readonly slot: number;
  /** What lock words hold while this participant owns them. */
  readonly id: number;
  /** The domain's first word in {@link words}. */
  readonly base: number;
  readonly waits: Waits;
  readonly #window: Window;
  readonly #segment: number;
  readonly #taken = new Map<number, Taken>();
  #words: Int32Array;
  #left = false;
  #changed: (() => void) | undefined;

  /** @throws {ShmError} `ERR_SHM_LAYOUT`, `ERR_SHM_TOO_MANY_PEERS`, `ERR_SHM_UNSUPPORTED`, or what the system says */
  constructor(place: Place) {
    const { host, mapping, window, segment, offset } = place;
    checkCapability(host, "join", "join");
    // Its thread needs the pages a second time, which the kernel refuses of huge ones.
    if (mapping.pageSize > host.pageSize) throw unsupported(`join of segment ${segment}`, "it has huge pages");
    this.#window = window;
    this.#segment = segment;
    this.#words = wordsOf(window);
    this.offset = offset;
    this.base = offset / 4;
    this.slots = prepare(this.#words, this.base, window.byteLength - offset, place.slots, `segment ${segment}`);
    const kind = kinds.indexOf("node") | (place.leaving ? LEAVING : 0);
    const request = { offset, slots: this.slots, kind, changed: weakly(this) };
    const membership = host.join?.(mapping, request) ?? -1;
    if (membership === -EUSERS)
      throw coordinationError(
        "ERR_SHM_TOO_MANY_PEERS",
        `the domain at ${offset} of segment ${segment} has ${this.slots} slots, and a living participant in each`,
      );
    if (typeof membership === "number") {
      const call = { operation: "join", id: segment, size: undefined } as const;
      throw systemError(-membership, host.explain(-membership, call));
    }
    this.membership = membership;
    this.slot = membership.slot;
    this.id = idOf(membership.slot, membership.generation);
    this.waits = new Waits(this);
  }

  /**
   * The window as 32-bit words. Valid until the next call of anything; take it again then.
   * @throws {ShmError} `ERR_SHM_DETACHED` the participant has left; `ERR_SHM_MEMORY_MOVED`
   */
  get words(): Int32Array {
    return this.#words.length === 0 ? this.#renew() : this.#words;
  }

  /** Whether it has not left, and the memory has not moved. */
  get hasWords(): boolean {
    try {
      return this.words.length > 0;
    } catch {
      return false;
    }
  }

  /** A view of the window's bytes from `start`; the caller has checked that they are inside. */
  part(start: number, length: number): Uint8Array {
    if (this.#left) throw this.hasLeft();
    return this.#window.part(start, length);
  }

  /** Copies `source`, of `length` bytes, to the window's byte `start`; the caller has checked that it fits. */
  fill(source: Uint8Array, length: number, start: number): void {
    if (this.#left) throw this.hasLeft();
    this.#window.write(source, start, length);
  }

  /** A copy of the window's bytes from `start`; the caller has checked that they are inside. */
  slice(start: number, length: number): Uint8Array {
    if (this.#left) throw this.hasLeft();
    return this.#window.slice(start, length);
  }

  /**
   * Whether the participant that an id names is alive. The life word is read before the generation, so that a successor in
   * the slot is never taken for it.
   *
   * @throws {ShmError} `ERR_SHM_LAYOUT` no participant can have this id
   */
  isAlive(id: number): boolean {
    if (!this.isKnown(id)) throw this.damaged(`a lock is owned by slot ${slotOf(id)} of ${this.slots}`);
    const slot = slotOf(id);
    const { words } = this;
    const line = this.base + slotWord(slot);
    if (!isAlive(Atomics.load(words, line + Slot.Life))) return false;
    return idOf(slot, Atomics.load(words, line + Slot.Generation)) === id;
  }

  /** Whether an id can name a participant of this domain. */
  isKnown(id: number): boolean {
    const slot = slotOf(id);
    return slot >= 0 && slot < this.slots;
  }

  /** A word of a slot, such as Slot.Deaths. */
  wordOf(slot: number, word: number): number {
    return Atomics.load(this.words, this.base + slotWord(slot) + word);
  }

  /**
   * Opens the object at `offset`, and makes it first if these bytes are still zeros. Its arguments are stored one by one,
   * each only over a zero: of two openers with different arguments one is refused, whenever either is killed.
   *
   * @param bytes of the whole object
   * @param first above 0, or 0 for none
   * @returns the object's first word in {@link words}
   */
  open(name: ObjectName, offset: number, bytes: number, first = 0, second = 0): number {
    this.#checkPlace(name, offset, bytes);
    const { words } = this;
    const base = offset / 4;
    const kind = ObjectKind[name];
    const found = Atomics.load(words, base + Word.Kind);
    if (found !== 0 && found !== kind) throw this.damaged(`${name} at ${offset}: ${nameOfKind(found)} is there`);
    for (const [word, value] of [
      [Word.First, first],
      [Word.Second, second],
    ] as const) {
      const there = Atomics.compareExchange(words, base + word, 0, value);
      if (there !== 0 && there !== value)
        throw this.damaged(`${name} at ${offset}: it was made with the argument ${there}, and ${value} was asked for`);
    }
    const before = Atomics.compareExchange(words, base + Word.Kind, 0, kind);
    if (before !== 0 && before !== kind) throw this.damaged(`${name} at ${offset}: ${nameOfKind(before)} is there`);
    this.#taken.set(offset, { name, offset, bytes });
    return base;
  }

  #checkPlace(name: ObjectName, offset: number, bytes: number): void {
    const { byteLength } = this.#window;
    if (this.#left) throw this.hasLeft();
    if (offset % LINE !== 0) throw outOfRange("offset", `a multiple of ${LINE}`, offset);
    if (bytes > byteLength || offset > byteLength - bytes)
      throw outOfRange("offset", `<= ${byteLength - bytes}, so that ${bytes} bytes of the ${name} fit`, offset);
    const same = this.#taken.get(offset);
    if (same?.name === name && same.bytes === bytes) return;
    const domain = { name: "domain", offset: this.offset, bytes: domainBytes(this.slots) };
    for (const other of [domain, ...this.#taken.values()]) {
      if (offset + bytes <= other.offset || offset >= other.offset + other.bytes) continue;
      const isInside = offset >= other.offset && offset + bytes <= other.offset + other.bytes;
      if (other.name === "service" && name === "channel" && isInside) continue; // a service consists of channels
      const where = `the ${other.name} there is at ${other.offset}, ${other.bytes} bytes long`;
      throw outOfRange("offset", `a place of its own; ${where}`, offset);
    }
  }

  /** What is called after each change of a participant, or undefined for nothing. */
  watch(changed: (() => void) | undefined): void {
    this.#changed = changed;
    this.membership.watch(changed !== undefined);
    if (changed) watched.add(this);
    else watched.delete(this);
  }

  /** @internal the host's `changed` */
  onChange(): void {
    if (this.#left) return;
    this.waits.changed();
    if (this.hasWords) this.#changed?.();
  }

  get left(): boolean {
    return this.#left;
  }

  /** Gives the slot back. Pending waits are rejected; what is held is held by a dead participant from here on. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    watched.delete(this);
    this.membership.hold(false);
    this.membership.leave();
    this.#words = NOTHING;
    this.waits.end(this.hasLeft());
  }

  hasLeft(): Error {
    return detached(`this participant of the domain at ${this.offset} of segment ${this.#segment} has left`);
  }

  /** Bytes of the segment that no participant of this package leaves behind. */
  damaged(what: string): Error {
    return coordinationError("ERR_SHM_LAYOUT", `segment ${this.#segment}: ${what}`);
  }

  #renew(): Int32Array {
    if (this.#left) throw this.hasLeft();
    this.#words = wordsOf(this.#window.current());
    return this.#words;
  }
}

/** Participants with listeners are held: their owner may hold nothing else. */
const watched = new Set<Participant>();

function weakly(participant: Participant): () => void {
  const reference = new WeakRef(participant);
  return () => reference.deref()?.onChange();
}

const wordsOf = ({ buffer, byteOffset, byteLength }: Window): Int32Array =>
  new Int32Array(buffer, byteOffset, Math.floor(byteLength / 4));

function nameOfKind(found: number): string {
  const name = Object.entries(ObjectKind).find(([, kind]) => kind === found)?.[0];
  return name === undefined ? `0x${(found >>> 0).toString(16)}` : `a ${name}`;
}

/**
 * Makes the header, or checks the one that is there. All that is stored follows from the arguments, so a joiner that is
 * killed here leaves nothing to repair: the next stores the same.
 *
 * @returns the slots
 */
function prepare(words: Int32Array, base: number, room: number, asked: number | undefined, where: string): number {
  const word = (index: number): number => Atomics.load(words, base + index);
  const refused = (what: string): Error =>
    coordinationError("ERR_SHM_LAYOUT", `${where}: no domain can be joined at ${base * 4}: ${what}`);
  if (room < domainBytes(1)) throw outOfRange("options.offset", `${domainBytes(1)} bytes before the end`, base * 4);
  const isReady = word(Header.State) === READY && word(Header.Magic) === MAGIC;
  const slots = isReady ? word(Header.Slots) : (asked ?? DEFAULT_SLOTS);
  if (slots < 1 || slots > MAX_SLOTS) throw refused(`it has ${slots} slots`);
  const bytes = domainBytes(slots);
  if (bytes > room && isReady) throw refused(`its ${slots} slots need ${bytes} bytes, and ${room} follow`);
  if (bytes > room) throw outOfRange("options.slots", `fewer: ${slots} need ${bytes} bytes, and ${room} follow`, slots);
  if (asked !== undefined && asked !== slots) throw refused(`it has ${slots} slots, and ${asked} were asked for`);
  for (const [index, value] of [
    [Header.Magic, MAGIC],
    [Header.Version, VERSION],
    [Header.Bytes, bytes],
    [Header.Slots, slots],
    [Header.State, READY],
  ] as const) {
    const found = isReady ? word(index) : Atomics.compareExchange(words, base + index, 0, value);
    if (found === value || (found === 0 && !isReady)) continue;
    if (index === Header.Version && found >>> 16 === VERSION >>> 16) continue;
    throw refused(
      `word ${index} is 0x${(found >>> 0).toString(16)}, not 0x${value.toString(16)}; other bytes are there`,
    );
  }
  return slots;
}
