// Participants within one thread, for the local host. Nobody can die alone here; one that is dropped leaves when it is
// collected. A wait that blocks could never end, as the thread that would end it is the one that waits.
import type { WasmMemory } from "../memory/layout.js";
import {
  domainBytes,
  EUSERS,
  Header,
  isAlive,
  type JoinRequest,
  type Membership,
  Slot,
  slotWord,
  WAITERS,
} from "./membership.js";

/** The participants of each memory, by the first byte of their slot. They are kept by their users alone. */
const members = new WeakMap<WasmMemory, Map<number, WeakRef<LocalMembership>>>();

interface Place {
  readonly memory: WeakRef<WasmMemory>;
  readonly start: number;
  readonly slots: number;
  readonly slot: number;
  readonly generation: number;
  /** Called once it has left, or was collected. It must not hold the memory. */
  readonly left: () => void;
}

const collected = new FinalizationRegistry<Place>((place) => giveBack(place));

const wordsOf = (memory: WasmMemory, start: number, slots: number): Int32Array =>
  new Int32Array(memory.buffer, start, domainBytes(slots) / 4);

function giveBack({ memory, start, slots, slot, generation, left }: Place): void {
  left();
  const there = memory.deref();
  if (!there) return;
  const words = wordsOf(there, start, slots);
  const line = slotWord(slot);
  if (Atomics.load(words, line + Slot.Generation) !== generation) return;
  Atomics.store(words, line + Slot.Life, 0);
  members.get(there)?.delete(start + 4 * line);
  announce(there, words, start, slots);
}

/** Another participant joined or left. */
function announce(memory: WasmMemory, words: Int32Array, start: number, slots: number): void {
  Atomics.add(words, Header.Epoch, 1);
  for (let slot = 0; slot < slots; slot++) memberAt(memory, start, slot)?.notice("members");
}

const memberAt = (memory: WasmMemory, start: number, slot: number): LocalMembership | undefined =>
  members
    .get(memory)
    ?.get(start + 4 * slotWord(slot))
    ?.deref();

class LocalMembership implements Membership {
  readonly blocks = false;
  readonly polls = false;
  readonly slot: number;
  readonly generation: number;
  readonly #memory: WasmMemory;
  readonly #place: Place;
  readonly #changed: () => void;
  #armed = false;
  #watching = false;
  #noticed = false;
  #left = false;

  constructor(memory: WasmMemory, place: Place, changed: () => void) {
    this.slot = place.slot;
    this.generation = place.generation;
    this.#memory = memory;
    this.#place = place;
    this.#changed = changed;
    collected.register(this, place, this);
  }

  arm(): void {
    this.#armed = true;
  }

  disarm(): void {
    this.#armed = false;
  }

  watch(on: boolean): void {
    this.#watching = on;
  }

  hold(): void {} // nothing outside this thread could end its waits
  look(): void {}
  sleep(): void {}
  yield(): void {}

  wake(low: number, high: number): void {
    if (this.#left) return;
    const { start, slots } = this.#place;
    for (let slot = 0; slot < slots; slot++)
      if (((slot < 32 ? low : high) >>> (slot & 31)) & 1) memberAt(this.#memory, start, slot)?.notice("ring");
  }

  notice(what: "ring" | "members"): void {
    if (this.#noticed || !(this.#armed || (this.#watching && what === "members"))) return;
    this.#noticed = true;
    queueMicrotask(() => {
      this.#noticed = false;
      if (!this.#left) this.#changed();
    });
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    collected.unregister(this);
    giveBack(this.#place);
  }
}

/** Takes the first free slot. `start` is the domain's first byte in `memory`; `left` is called when it has left. */
export function joinLocally(
  memory: WasmMemory,
  start: number,
  { slots, kind, changed }: JoinRequest,
  pid: number,
  left: () => void,
): Membership | number {
  const words = wordsOf(memory, start, slots);
  for (let slot = 0; slot < slots; slot++) {
    const line = slotWord(slot);
    if (isAlive(Atomics.load(words, line + Slot.Life))) continue;
    const generation = (Atomics.load(words, line + Slot.Generation) + 2) | 0; // as the kernel's: native/wait/keeper.cc
    const joined = Date.now();
    Atomics.store(words, line + Slot.Generation, generation);
    Atomics.store(words, line + Slot.Life, WAITERS | 1);
    Atomics.store(words, line + Slot.Sleeping, 1); // a wake is a function call here
    Atomics.store(words, line + Slot.Pid, pid);
    Atomics.store(words, line + Slot.Kind, kind);
    Atomics.store(words, line + Slot.JoinedLow, joined | 0);
    Atomics.store(words, line + Slot.JoinedHigh, Math.floor(joined / 2 ** 32));
    Atomics.store(words, line + Slot.Described, generation);
    const place: Place = { memory: new WeakRef(memory), start, slots, slot, generation, left };
    const member = new LocalMembership(memory, place, changed);
    const there = members.get(memory) ?? new Map<number, WeakRef<LocalMembership>>();
    members.set(memory, there.set(start + 4 * line, new WeakRef(member)));
    announce(memory, words, start, slots);
    return member;
  }
  return -EUSERS;
}
