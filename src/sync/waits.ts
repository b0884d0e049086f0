// How a participant sleeps and wakes. Everything that waits, in this room and above it, waits here.
//
// A participant that sleeps on an object sets its slot's bit in the object's mask of sleepers, and looks at the object again after that.
// One that changes the object does so first, then reads the mask, and raises the doorbell of each slot in it. Only the sleeper
// itself clears its bit, so a waker that is killed half-way has cleared nothing. Each sleeper also watches the life of every
// other participant: what a killed waker did not ring, its death does. test/sync/model checks this with a death at every step.
// A wait that polls has not begun to sleep: its bit is clear, and no peer rings for it.
import { coordinationError, unsupported } from "../common/errors.js";
import { inNextTurn } from "../common/turn.js";
import { isAlive, type Membership, Slot, slotWord } from "../host/membership.js";
import { checkSyncWait, checkWait, type SyncWaitOptions, type WaitOptions, type WaitSignal } from "./options.js";
import { Polls } from "./polls.js";
import { Signals } from "./signals.js";
import { Timers } from "./timers.js";

/**
 * One try at what is waited for. `undefined`: not yet. It must change nothing then, or only what its `cancel` takes back,
 * and must have no loop without a bound. It may throw: that ends the wait.
 */
export type Attempt<T> = () => T | undefined;

/** What a wait is called in a message: `lock of the mutex at 8256`. */
export type Describe = () => string;

/** The part of a participant that waiting needs. */
export interface Seat {
  /** The window as 32-bit words, after a check that the participant has not left. */
  readonly words: Int32Array;
  /** Whether {@link words} does not throw. */
  readonly hasWords: boolean;
  readonly slot: number;
  readonly slots: number;
  /** The domain's first word. */
  readonly base: number;
  readonly membership: Membership;
}

interface Pending {
  readonly attempt: Attempt<unknown>;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

/** The pending waits of one object in their order. */
interface Queue {
  readonly waits: Set<Pending>;
  /** When the first of them became the first. */
  began: number;
  /** It has its bit in the mask, and the doorbell is armed; else it polls. */
  sleeps: boolean;
}

/** A thread that blocks looks for its termination at least as often: V8 does when a JavaScript function is entered. */
const SLICE_MS = 50;

/** Spinning pays if the other side is about to be done; a sleep and a wake cost more than this. */
const SPIN_MS = 0.02;

/**
 * Of so many rings of own waits one is served in the next turn of the event loop. A hostile peer could let each service cause
 * the next, and no timer would run.
 */
const MOST_RINGS = 1024;

/** Participants with pending waits are held, as the promises' owner may hold nothing else. */
const busy = new Set<Waits>();

export class Waits {
  readonly #seat: Seat;
  /** The bits of all other slots, in each word of a mask of sleepers. */
  readonly #othersLow: number;
  readonly #othersHigh: number;
  /** By the first word of the mask of sleepers. */
  readonly #queues = new Map<number, Queue>();
  readonly #polls: Polls;
  readonly #polling = new Set<number>();
  readonly #signals = new Signals();
  readonly timers = new Timers();
  #sleeping = 0;
  #isTurnDue = false;
  #isRef = true;
  /** Rings of its own waits, modulo {@link MOST_RINGS}. */
  #rings = 0;
  #own: Set<number> | undefined; // masks that this participant itself rang

  constructor(seat: Seat) {
    this.#seat = seat;
    const { slot, slots } = seat;
    this.#othersLow = slot < 32 ? ~(1 << slot) : -1;
    this.#othersHigh = slots <= 32 ? 0 : slot < 32 ? -1 : ~(1 << (slot - 32));
    this.#polls = new Polls(seat.membership.polls);
  }

  /**
   * Waits without blocking, in the order of the calls of this participant.
   *
   * @param sleepers word index of the object's mask of sleepers: two words, for slots 0 to 31 and 32 to 63
   * @param cancel takes back what an unsuccessful attempt left, if the wait ends without success; it may find that the
   *   wait succeeds after all, and return the value
   * @throws {ShmError} `ERR_SHM_TIMEOUT`, `ERR_SHM_DETACHED`, or what the attempt throws; the reason of the signal
   */
  wait<T>(
    sleepers: number,
    what: Describe,
    attempt: Attempt<T>,
    options?: WaitOptions,
    cancel?: Attempt<T>,
  ): Promise<T> {
    try {
      const { signal, timeoutMs } = checkWait(options);
      if (!this.#queues.has(sleepers)) {
        const value = attempt();
        if (value !== undefined) return Promise.resolve(value);
      }
      if (timeoutMs > 0) return this.#enqueue(sleepers, what, attempt, signal, timeoutMs, cancel);
      const late = cancel?.();
      if (late !== undefined) return Promise.resolve(late);
      throw timedOut(what, timeoutMs);
    } catch (error) {
      return Promise.reject(error); // not by an async function, whose promise takes three jobs more to follow another
    }
  }

  #enqueue<T>(
    sleepers: number,
    what: Describe,
    attempt: Attempt<T>,
    signal: WaitSignal | undefined,
    timeoutMs: number,
    cancel: Attempt<T> | undefined,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let endTimer: (() => void) | undefined;
      const settled = (): void => {
        endTimer?.();
        if (signal) this.#signals.ignore(signal, aborted);
      };
      const giveUp = (reason: unknown): void => {
        const queue = this.#queues.get(sleepers);
        if (!queue?.waits.has(pending)) return;
        settled();
        const wasFirst = first(queue.waits) === pending;
        try {
          const late = cancel?.();
          if (late === undefined) reject(reason);
          else resolve(late);
        } catch (error) {
          reject(error);
        }
        this.#remove(sleepers, queue, pending);
        if (wasFirst) this.#advance(sleepers); // the next may be content with less
      };
      const aborted = (): void => giveUp(signal?.reason);
      const pending: Pending = {
        attempt,
        resolve: (value) => {
          settled();
          resolve(value as T);
        },
        reject: (reason) => {
          settled();
          reject(reason);
        },
      };
      if (timeoutMs !== Number.POSITIVE_INFINITY)
        endTimer = this.timers.start(() => giveUp(timedOut(what, timeoutMs)), timeoutMs);
      if (signal) this.#signals.listen(signal, aborted);
      this.#add(sleepers, pending);
    });
  }

  /**
   * Waits and blocks the thread, as Atomics.wait does. It does not stand behind the waits that are pending.
   *
   * @throws {ShmError} `ERR_SHM_TIMEOUT`; `ERR_SHM_UNSUPPORTED` the host is one thread, so that nobody could end the wait
   */
  waitSync<T>(
    sleepers: number,
    what: Describe,
    attempt: Attempt<T>,
    options?: SyncWaitOptions,
    cancel?: Attempt<T>,
  ): T {
    const timeoutMs = checkSyncWait(options);
    const value = attempt();
    if (value !== undefined) return value;
    try {
      if (timeoutMs === 0) throw timedOut(what, timeoutMs);
      if (!this.#seat.membership.blocks)
        throw unsupported(`${what()}: a wait that blocks`, "nothing outside this thread could end it; use the promise");
      return this.#block(sleepers, what, attempt, timeoutMs);
    } catch (error) {
      const late = cancel?.();
      if (late !== undefined) return late;
      throw error;
    }
  }

  #block<T>(sleepers: number, what: Describe, attempt: Attempt<T>, timeoutMs: number): T {
    const { membership } = this.#seat;
    const began = performance.now();
    do {
      const value = attempt();
      if (value !== undefined) return value;
    } while (performance.now() - began < Math.min(SPIN_MS, timeoutMs));
    try {
      for (membership.look(); ; membership.sleep(Math.min(SLICE_MS, this.#left(began, timeoutMs, what)))) {
        this.#setBit(sleepers);
        const value = attempt();
        if (value !== undefined) return value;
      }
    } finally {
      if (!this.#queues.get(sleepers)?.sleeps) this.#clearBit(sleepers);
    }
  }

  /** What remains of a wait that blocks, above 0. */
  #left(began: number, timeoutMs: number, what: Describe): number {
    const left = timeoutMs - (performance.now() - began);
    if (left <= 0) throw timedOut(what, timeoutMs);
    return left;
  }

  /** Wakes everyone who sleeps on this mask. The change that they wait for was stored before. */
  ring(sleepers: number): void {
    const { words } = this.#seat;
    this.lookAgain(sleepers);
    const low = Atomics.load(words, sleepers) & this.#othersLow;
    // A call of Atomics takes 7 ns (Node 20, x86-64).
    const high = this.#othersHigh === 0 ? 0 : Atomics.load(words, sleepers + 1) & this.#othersHigh;
    if ((low | high) !== 0) this.#ringOthers(words, sleepers, low, high);
  }

  #ringOthers(words: Int32Array, sleepers: number, low: number, high: number): void {
    const { membership, slots } = this.#seat;
    let [wakeLow, wakeHigh] = [0, 0];
    for (let slot = 0; slot < 64; slot++) {
      const bit = 1 << (slot & 31);
      if (((slot < 32 ? low : high) & bit) === 0) continue;
      if (slot >= slots || !this.#isSlotAlive(words, slot)) {
        // Clear the bit of the dead, then look again: a successor in the slot may have set it meanwhile, and looks at the
        // object again when it is rung.
        Atomics.and(words, sleepers + (slot >> 5), ~bit);
        if (slot >= slots || !this.#isSlotAlive(words, slot)) continue;
      }
      const line = this.#seat.base + slotWord(slot);
      Atomics.add(words, line + Slot.Doorbell, 1);
      if (Atomics.load(words, line + Slot.Sleeping) === 0) continue;
      if (slot < 32) wakeLow |= bit;
      else wakeHigh |= bit;
    }
    if ((wakeLow | wakeHigh) !== 0) membership.wake(wakeLow >>> 0, wakeHigh >>> 0);
  }

  #isSlotAlive(words: Int32Array, slot: number): boolean {
    return isAlive(Atomics.load(words, this.#seat.base + slotWord(slot) + Slot.Life));
  }

  /** The same for this participant's own waits. Its doorbell need not ring: they are served after the present job. */
  lookAgain(sleepers: number): void {
    if (this.#queues.size === 0 || !this.#queues.has(sleepers)) return;
    if (this.#own) {
      this.#own.add(sleepers);
      return;
    }
    this.#own = new Set([sleepers]);
    this.#rings = (this.#rings + 1) % MOST_RINGS;
    if (this.#rings === 0) inNextTurn(this.#serveOwn);
    else queueMicrotask(this.#serveOwn);
  }

  readonly #serveOwn = (): void => {
    const own = this.#own;
    this.#own = undefined;
    for (const each of own ?? []) this.#advance(each);
  };

  /** Looks at everything that is pending: a doorbell rang, or a participant came or went. */
  changed(): void {
    for (const sleepers of [...this.#queues.keys()]) this.#advance(sleepers);
  }

  /** As a timer's: whether pending waits keep the process alive. */
  ref(on: boolean): void {
    this.#isRef = on;
    this.timers.ref(on);
    if (!on) for (const sleepers of this.#polling) this.#sleepOn(sleepers); // a turn keeps the process alive
    if (this.#sleeping > 0) this.#seat.membership.hold(on);
  }

  /** Objects that this participant waits for. */
  get pending(): number {
    return this.#queues.size;
  }

  /** Ends every pending wait with an error. The participant has left, so no word is touched. */
  end(reason: unknown): void {
    const queues = [...this.#queues.values()];
    this.#queues.clear();
    this.#polling.clear();
    this.#sleeping = 0;
    busy.delete(this);
    for (const { waits } of queues) for (const pending of waits) pending.reject(reason);
  }

  /** Serves the first waits of a queue that succeed; behind one that does not, all others stay. */
  #advance(sleepers: number): void {
    const queue = this.#queues.get(sleepers);
    if (!queue) return;
    for (const pending of queue.waits) {
      let value: unknown;
      try {
        if (queue.sleeps) this.#setBit(sleepers); // a waker may have taken it for a predecessor's
        value = pending.attempt();
      } catch (error) {
        this.#remove(sleepers, queue, pending);
        pending.reject(error);
        continue;
      }
      if (value === undefined) return;
      queue.began = this.#polls.ended(sleepers, queue.began, queue.sleeps);
      this.#remove(sleepers, queue, pending);
      pending.resolve(value);
    }
  }

  #add(sleepers: number, pending: Pending): void {
    const queue = this.#queues.get(sleepers);
    if (queue) {
      queue.waits.add(pending);
      return;
    }
    const began = performance.now();
    this.#queues.set(sleepers, { waits: new Set([pending]), began, sleeps: false });
    this.#polling.add(sleepers);
    if (this.#isRef && this.#polls.pays(sleepers, began)) this.#poll();
    else this.#sleepOn(sleepers);
  }

  #poll(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    inNextTurn(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isTurnDue = false;
    let yields = false;
    for (const sleepers of this.#polling) {
      this.#advance(sleepers);
      const queue = this.#queues.get(sleepers);
      if (!queue || queue.sleeps) continue;
      const took = performance.now() - queue.began;
      yields ||= this.#polls.isLate(took);
      if (!this.#polls.isOver(took)) continue;
      this.#polls.failed(sleepers);
      this.#sleepOn(sleepers);
    }
    if (this.#polling.size === 0) return;
    if (yields) this.#seat.membership.yield();
    this.#poll();
  };

  #sleepOn(sleepers: number): void {
    const queue = this.#queues.get(sleepers);
    if (!queue || !this.#polling.delete(sleepers)) return;
    queue.sleeps = true;
    this.#count(1);
    this.#advance(sleepers);
  }

  #remove(sleepers: number, queue: Queue, pending: Pending): void {
    queue.waits.delete(pending);
    if (queue.waits.size > 0 || this.#queues.get(sleepers) !== queue) return;
    this.#queues.delete(sleepers);
    if (!queue.sleeps) {
      this.#polling.delete(sleepers);
      return;
    }
    this.#clearBit(sleepers);
    this.#count(-1);
  }

  /** Queues that sleep. The doorbell is answered from the first to the last. */
  #count(change: 1 | -1): void {
    const { membership } = this.#seat;
    this.#sleeping += change;
    if (change === 1 && this.#sleeping === 1) {
      busy.add(this);
      membership.arm(this.#isRef);
    } else if (this.#sleeping === 0) {
      busy.delete(this);
      membership.disarm();
    }
  }

  #setBit(sleepers: number): void {
    const { words, slot } = this.#seat;
    const word = sleepers + (slot >> 5);
    const bit = 1 << (slot & 31);
    if ((Atomics.load(words, word) & bit) === 0) Atomics.or(words, word, bit);
  }

  #clearBit(sleepers: number): void {
    if (!this.#seat.hasWords) return; // what the wait ends with says so
    const { words, slot } = this.#seat;
    Atomics.and(words, sleepers + (slot >> 5), ~(1 << (slot & 31)));
  }
}

const first = <T>(set: Set<T>): T | undefined => set.values().next().value;

function timedOut(what: Describe, timeoutMs: number): Error {
  return coordinationError("ERR_SHM_TIMEOUT", `${what()} took longer than ${timeoutMs} ms`);
}
