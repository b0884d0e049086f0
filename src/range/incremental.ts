// Checksums of bytes that come in parts: of a segment larger than a window, or of a file as it is read.
import { checkChoice, checkOptions, extraArgument } from "../common/arguments.js";
import { bytesOf, checkBytes, type OwnUint8Array } from "../common/bytes.js";
import { illegalConstructor, invalidValue, outOfMemory, unsupported } from "../common/errors.js";
import { hints } from "../common/hints.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { Uncloneable } from "../common/uncloneable.js";
import { type Core, type CoreRange, type HashName, hashShapes } from "../core/core.js";
import { WASM_PAGE, WINDOW_START } from "../memory/layout.js";
import { Window } from "../memory/window.js";
import { type Checksum32, type Checksum64, checkStart, checksumNames, isHash } from "./checksum.js";
import { checkRange, RangeTarget } from "./target.js";

export interface CreateChecksumOptions {
  /** Of a 32-bit checksum: that of the bytes before (default that of no bytes). */
  previous?: number;
  /** Of a hash: 64 bits, unsigned (default 0n). */
  seed?: bigint;
  /** What {@link Checksum.serialize} of the same algorithm returned, in this process or another: continues there. */
  state?: Uint8Array;
}

const MAKE = Symbol("make");

/** Bytes of a window of no segment, through which other bytes reach the core. */
const ROOM = 4 * WASM_PAGE;

interface Room {
  readonly window: Window;
  readonly range: CoreRange;
}

/** One for each core of a thread: each call leaves it free again. */
const rooms = new WeakMap<Core, Room>();

function roomOf(core: Core): Room {
  let room = rooms.get(core);
  if (room) return room;
  if (typeof WebAssembly === "undefined") throw unsupported("createChecksum", "this engine runs without WebAssembly");
  const pages = (WINDOW_START + ROOM) / WASM_PAGE;
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    throw outOfMemory("a memory of 5 pages", { hint: hints.lessAddressSpace, cause });
  }
  const window = new Window(memory, WINDOW_START, ROOM, {});
  room = { window, range: core.range(window) };
  rooms.set(core, room);
  return room;
}

// The bytes of a serialized state: version, algorithm, u16 pending bytes, u32 sum, u64 total, u64 seed, state, pending.
const VERSION = 1;
const HEAD = 24;

/** A checksum to which bytes are added. From `createChecksum`. */
export class Checksum<T extends number | bigint = number | bigint> extends Uncloneable {
  readonly #algorithm: Checksum32 | Checksum64;
  readonly #room: Room;
  #seed: bigint;
  #sum: number;
  #total = 0;
  /** Of a hash: the state after the stripes, and the bytes that no stripe has had: at most 240. */
  #state: Uint8Array;
  #pending: Uint8Array = new Uint8Array(0);

  /** @internal */
  constructor(make: symbol, room: Room, algorithm: Checksum32 | Checksum64, start: number | bigint) {
    if (make !== MAKE) throw illegalConstructor("Checksum", "createChecksum()");
    super();
    this.#algorithm = algorithm;
    this.#room = room;
    this.#sum = typeof start === "number" ? start : 0;
    this.#seed = typeof start === "bigint" ? start : 0n;
    this.#state = isHash(algorithm) ? room.range.hashBegin(algorithm, this.#seed) : new Uint8Array(0);
  }

  /** What `createChecksum` was given. */
  get algorithm(): Checksum32 | Checksum64 {
    return this.#algorithm;
  }

  /** Bytes that were added. */
  get byteLength(): number {
    return this.#total;
  }

  /**
   * Adds bytes: of an array, or of an attachment, in place.
   *
   * @param start bytes from the start of the array, or of the window (default 0)
   * @param end excluded (default all)
   * @throws {RangeError} `ERR_OUT_OF_RANGE` the range is not inside
   * @throws {ShmError} `ERR_SHM_DETACHED`
   */
  update(source: Uint8Array | RangeTarget, start = 0, end?: number): this {
    if (arguments.length > 3) throw extraArgument("update", arguments, 3);
    if (RangeTarget.isTarget(source)) {
      const stop = end === undefined ? source.byteLength : end;
      checkRange(source, start, stop);
      const range = RangeTarget.rangeOf(source, "update");
      this.#add(source.bytes, start, stop, (use, from, to) => use(range, from, to));
    } else {
      const byteLength = checkBytes("source", source, "an instance of Uint8Array or Attachment");
      const stop = end === undefined ? byteLength : end;
      checkRange({ byteLength }, start, stop);
      const bytes = bytesOf(source);
      this.#add(bytes, start, stop, (use, from, to) => this.#through(bytes, use, from, to));
    }
    return this;
  }

  /** The checksum of all bytes that were added. More may be added afterwards. */
  digest(): T {
    const algorithm = this.#algorithm;
    if (!isHash(algorithm)) return this.#sum as T;
    const { window, range } = this.#room;
    const { stripe, last, short } = hashShapes[algorithm];
    const pending = this.#pending;
    window.write(pending, 0, pending.length);
    if (algorithm === "xxh3" && this.#total <= short) return range.xxh3(0, pending.length, this.#seed) as T;
    const state = this.#state.slice();
    // Of xxh3, the last 64 bytes are hashed as a whole, whether a stripe has had some of them or not.
    const whole = last > 0 ? pending.length - 1 - ((pending.length - 1) % stripe) : 0;
    range.hashStripes(algorithm, state, this.#seed, 0, whole);
    const from = last > 0 ? pending.length - last : 0;
    return range.hashEnd(algorithm, state, this.#seed, from, pending.length, BigInt(this.#total)) as T;
  }

  /** What is known so far, as bytes for the `state` of another `createChecksum`: the same on every core and machine. */
  serialize(): OwnUint8Array {
    const bytes: OwnUint8Array = new Uint8Array(HEAD + this.#state.length + this.#pending.length);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, VERSION);
    view.setUint8(1, checksumNames.indexOf(this.#algorithm));
    view.setUint16(2, this.#pending.length, true);
    view.setUint32(4, this.#sum, true);
    view.setBigUint64(8, BigInt(this.#total), true);
    view.setBigUint64(16, this.#seed, true);
    bytes.set(this.#state, HEAD);
    bytes.set(this.#pending, HEAD + this.#state.length);
    return bytes;
  }

  /** @internal The inverse of serialize. The bytes are a copy, and may be anything. */
  static restore(checksum: Checksum, bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const bad = (why: string): Error => invalidValue("options.state", why, bytes);
    const algorithm = checksum.#algorithm;
    if (bytes.length < HEAD || view.getUint8(0) !== VERSION) throw bad("serialize() did not make it.");
    const name = checksumNames[view.getUint8(1)];
    if (name !== algorithm) throw bad(`It is of ${name === undefined ? "no algorithm" : `'${name}'`}.`);
    const size = checksum.#state.length;
    const pending = bytes.slice(HEAD + size);
    const total = view.getBigUint64(8, true);
    const state = bytes.slice(HEAD, HEAD + size);
    if (
      bytes.length < HEAD + size ||
      pending.length !== view.getUint16(2, true) ||
      !isState(algorithm, state, pending.length, total)
    )
      throw bad("It is damaged.");
    checksum.#sum = view.getUint32(4, true);
    checksum.#seed = view.getBigUint64(16, true);
    checksum.#total = Number(total);
    checksum.#state = state;
    checksum.#pending = pending;
  }

  /** @internal */
  [INSPECT](_depth: unknown, options: unknown, inspect?: Inspect): string {
    const fields = #total in this ? { algorithm: this.#algorithm, byteLength: this.#total } : {};
    return inspected("Checksum", fields, options, inspect);
  }

  /** @param inPlace calls its function for the bytes from `from` to `to`, or for each part of them */
  #add(
    bytes: Uint8Array,
    start: number,
    end: number,
    inPlace: (use: (range: CoreRange, from: number, to: number) => void, from: number, to: number) => void,
  ): void {
    const algorithm = this.#algorithm;
    const total = this.#total + end - start;
    // Nothing is assigned before the last step that may fail.
    if (!isHash(algorithm)) {
      let sum = this.#sum;
      inPlace(
        (range, from, to) => {
          sum = range[algorithm](from, to, sum);
        },
        start,
        end,
      );
      this.#sum = sum;
      this.#total = total;
      return;
    }
    const { stripe, last, short } = hashShapes[algorithm];
    let pending = this.#pending;
    const before = pending.length;
    const whole = total <= short ? 0 : Math.max(0, Math.floor((before + end - start - last) / stripe) * stripe);
    const state = this.#state.slice();
    const take = (range: CoreRange, from: number, to: number): void =>
      range.hashStripes(algorithm, state, this.#seed, from, to);
    let at = start;
    if (whole > 0 && before > 0) {
      // The pending bytes, with as many of the new ones as make them whole stripes.
      const first = Math.min(whole, Math.ceil(before / stripe) * stripe);
      at += Math.max(0, first - before);
      pending = joined(pending, bytes.subarray(start, at));
      this.#room.window.write(pending.subarray(0, first), 0, first);
      take(this.#room.range, 0, first);
      pending = pending.slice(first);
    }
    const rest = whole === 0 ? at : Math.max(at, start + whole - before);
    inPlace(take, at, rest);
    this.#pending = joined(pending, bytes.subarray(rest, end));
    this.#state = state;
    this.#total = total;
  }

  /** Bytes outside every window, in parts that are whole stripes, except for the last. */
  #through(
    bytes: Uint8Array,
    use: (range: CoreRange, from: number, to: number) => void,
    start: number,
    end: number,
  ): void {
    const { window, range } = this.#room;
    for (let from = start; from < end; from += ROOM) {
      const part = bytes.subarray(from, Math.min(from + ROOM, end));
      window.write(part, 0, part.length);
      use(range, 0, part.length);
    }
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** Whether the parts of a state fit together. A wrong ninth word would have a core read beside the secret. */
function isState(algorithm: Checksum32 | Checksum64, state: Uint8Array, pending: number, total: bigint): boolean {
  if (total > BigInt(Number.MAX_SAFE_INTEGER)) return false;
  if (!isHash(algorithm)) return pending === 0;
  const { stripe, last, short } = hashShapes[algorithm as HashName];
  const taken = total - BigInt(pending);
  if (taken < 0n || taken % BigInt(stripe) !== 0n) return false;
  if (total <= short ? taken > 0n : pending < last || pending >= last + stripe) return false;
  if (algorithm === "xxh64") return true;
  const seen = new DataView(state.buffer).getBigUint64(state.length - 8, true);
  return seen === (taken / BigInt(stripe)) % 16n;
}

/** See {@link Shm.createChecksum}. */
export function createChecksum(
  core: Core,
  algorithm: Checksum32 | Checksum64,
  options: CreateChecksumOptions | undefined,
): Checksum {
  checkChoice("algorithm", algorithm, checksumNames);
  const { previous, seed, state } = checkOptions<CreateChecksumOptions>(options, ["previous", "seed", "state"]);
  const start = checkStart(algorithm, previous, seed);
  if (state !== undefined) {
    checkBytes("options.state", state);
    for (const [name, value] of Object.entries({ previous, seed }))
      if (value !== undefined) throw invalidValue(`options.${name}`, "The state has it already: leave it out.", value);
  }
  const checksum = new Checksum(MAKE, roomOf(core), algorithm, start);
  if (state !== undefined) Checksum.restore(checksum, bytesOf(state).slice());
  return checksum;
}
