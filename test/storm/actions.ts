// The actions of a storm. Each does something random with what its thread holds, and checks what it can.
import { create, limits, list, type Segment, SegmentStatus, type ShmError } from "wasm-shm";
import type { Actor, Held } from "./actor.js";
import { CANARY, SLOT_PAGES } from "./setup.js";

/** What went wrong, if an answer is not one that may be. */
export class Wrong extends Error {}

function check(isRight: boolean, what: () => string): void {
  if (!isRight) throw new Wrong(what());
}

const PAGE = 4096;
const WASM_PAGE = 65536;

/** A window of a segment: all of it, or some of its pages. */
function someWindow({ random }: Actor, { size }: Segment): { offset: number; length?: number } {
  const pages = Math.ceil(size / PAGE);
  const first = random.below(pages);
  if (random.oneIn(2)) return { offset: 0 };
  const length = (1 + random.below(pages - first)) * PAGE;
  return first * PAGE + length >= size ? { offset: first * PAGE } : { offset: first * PAGE, length };
}

/** Attaches into a memory, in pages [first, end) of WebAssembly. */
function attachInto(actor: Actor, memory: WebAssembly.Memory, first: number, end: number, isCommon: boolean): void {
  const { random } = actor;
  const { segment, access } = actor.target();
  const byteOffset = first * WASM_PAGE + random.below((end - first) * (WASM_PAGE / PAGE)) * PAGE;
  const into = { memory, byteOffset };
  actor.keep(segment.attach({ access, ...someWindow(actor, segment), into }), segment, isCommon);
}

/** After a store through any way into a window that only this thread can reach. */
function checkStored(actor: Actor, { attachment, access, segment, isCommon }: Held, at: number, value: number): void {
  if (isCommon || access === "read-write") return;
  check(attachment.bytes[at] === value, () => `a private page reads ${attachment.bytes[at]}, not ${value}`);
  check(attachment.privatePages > 0, () => "a store made no page private");
  if (segment !== actor.canary || !actor.random.oneIn(20)) return;
  const seen = actor.canary.readChunk(1, actor.random.below(segment.size))[0];
  check(seen === CANARY, () => `a store reached the segment: ${seen}`);
}

/** In the common memory another thread may have attached over the window. */
function discardCommon({ attachment }: Held): void {
  try {
    attachment.discard();
  } catch (error) {
    const { code, message } = error as ShmError;
    if (code !== "EINVAL" || !message.includes("another thread has attached over this window")) throw error;
  }
}

/** A place in a window, and its address in the memory. */
function place(actor: Actor, { attachment }: Held, bytes: number): { at: number; address: number } {
  const at = actor.random.below(Math.max(1, attachment.byteLength - bytes + 1));
  return { at, address: attachment.byteOffset + at };
}

const reads: ((held: Held, position: number) => unknown)[] = [
  ({ attachment }) => attachment.checksum("crc32c"),
  ({ attachment }) => attachment.checksum("xxh3"),
  ({ attachment }, position) => attachment.indexOf("€a", position),
  ({ attachment }, position) => attachment.isUtf8(position),
  ({ attachment }) => attachment.sum(Uint8Array),
  ({ attachment }, position) => reader(attachment, position).readString(50),
  ({ attachment }, position) => reader(attachment, position).readCString(),
  ({ attachment }, position) => reader(attachment, position).readVarString({ fatal: true }),
  ({ attachment }, position) => reader(attachment, position).readVarUintArray(10),
  ({ attachment }, position) => reader(attachment, position).readFrame(),
  ({ attachment }, position) => reader(attachment, position).readArray(Float64Array, 9, false),
  ({ attachment }, position) => attachment.bytes.slice(position).sort(),
  ({ attachment }, position) => attachment.text({ start: position }),
  ({ attachment }, position) => attachment.toBuffer(position),
];

function reader(attachment: Held["attachment"], position: number): ReturnType<Held["attachment"]["cursor"]> {
  const cursor = attachment.cursor();
  cursor.seek(position);
  return cursor;
}

const wasmStores: ((held: Held, address: number, value: number) => unknown)[] = [
  ({ stores }, address, value) => stores.store8(address, value),
  ({ stores }, address, value) => stores.store32(address, value * 0x01010101),
  ({ stores }, address, value) => stores.store128(address, value * 0x01010101),
  ({ stores }, address, value) => stores.fill(address, value, 16),
];

/** The actions, and how often each comes compared with the others. False: there was nothing to do it on. */
export const actions: Record<string, { weight: number; run: (actor: Actor) => boolean }> = {
  attach: {
    weight: 10,
    run: (actor) => {
      const { segment, access } = actor.target();
      const memory = actor.random.of(["shared", "shared", "plain"] as const);
      actor.keep(segment.attach({ access, memory, ...someWindow(actor, segment) }), segment, false);
      return true;
    },
  },
  "attach into a memory": {
    weight: 8,
    run: (actor) => {
      if (actor.memories.length === 0 || actor.random.oneIn(20))
        actor.keepMemory(new WebAssembly.Memory({ initial: SLOT_PAGES, maximum: 1000 }));
      const memory = actor.random.of(actor.memories);
      attachInto(actor, memory, 0, memory.buffer.byteLength / WASM_PAGE, false);
      return true;
    },
  },
  "attach into the common memory": {
    weight: 8,
    run: (actor) => {
      const first = actor.orders.index * SLOT_PAGES;
      attachInto(actor, actor.orders.memory, first, first + SLOT_PAGES, true);
      return true;
    },
  },
  detach: {
    weight: 14,
    run: (actor) => {
      const held = actor.take();
      if (!held) return false;
      const { bytes } = held.attachment;
      const at = actor.random.below(bytes.length);
      held.attachment.detach();
      // A grow of a memory of this thread's has detached the view; it is empty then.
      if (!held.isCommon) check((bytes[at] ?? 0) === 0, () => `a view reads ${bytes[at]} after the detach`);
      return true;
    },
  },
  drop: { weight: 3, run: (actor) => actor.take() !== undefined },
  discard: {
    weight: 6,
    run: (actor) => {
      const held = actor.any();
      if (held?.isCommon) discardCommon(held);
      else held?.attachment.discard();
      if (held && !held.isCommon)
        check(held.attachment.privatePages === 0, () => "private pages are left after a discard");
      return held !== undefined;
    },
  },
  destroy: {
    weight: 4,
    run: (actor) => {
      const segment = create(1 + actor.random.below(5 * PAGE));
      const attachment = segment.attach();
      segment.destroy();
      attachment.cursor().writeUint8(7);
      if (actor.random.oneIn(2)) actor.keep(attachment, segment, false);
      else attachment.detach();
      return true;
    },
  },
  stat: {
    weight: 5,
    run: (actor) => {
      const segment = actor.random.of([...actor.scribbled, actor.canary]);
      const { size, nattch } = segment.stat();
      check(size === segment.size && nattch >= 0, () => `stat of ${segment.size} bytes says ${size}, ${nattch}`);
      return true;
    },
  },
  list: {
    weight: 1,
    run: (actor) => {
      const found = list().find(({ id }) => id === actor.canary.id);
      check(found !== undefined && (found.mode & SegmentStatus.Destroyed) === 0, () => "list lacks a segment");
      check(limits().segmentsInUse >= 4, () => "limits counts too few segments");
      return true;
    },
  },
  "store by a view": {
    weight: 14,
    run: (actor) => {
      const held = actor.any();
      if (!held) return false;
      const { at } = place(actor, held, 1);
      const value = 1 + actor.random.below(255);
      held.attachment.bytes[at] = value;
      checkStored(actor, held, at, value);
      return true;
    },
  },
  "store by WebAssembly": {
    weight: 14,
    run: (actor) => {
      const held = actor.any();
      if (!held || held.attachment.byteLength < 16) return false;
      const { at, address } = place(actor, held, 16);
      const value = 1 + actor.random.below(255);
      actor.random.of(wasmStores)(held, address, value);
      checkStored(actor, held, at, value);
      return true;
    },
  },
  "store by a cursor": {
    weight: 8,
    run: (actor) => {
      const held = actor.any();
      if (!held) return false;
      reader(held.attachment, actor.random.below(held.attachment.byteLength)).write(
        new Uint8Array(1 + actor.random.below(9000)),
      );
      return true;
    },
  },
  "store anywhere in the common memory": {
    weight: 10,
    run: (actor) => {
      const bytes = new Uint8Array(actor.orders.memory.buffer);
      for (let n = 0; n < 8; n++) bytes[actor.random.below(bytes.length)] = n;
      return true;
    },
  },
  read: {
    weight: 10,
    run: (actor) => {
      const held = actor.any();
      if (!held) return false;
      actor.random.of(reads)(held, actor.random.below(held.attachment.byteLength));
      return true;
    },
  },
  trap: {
    weight: 4,
    run: (actor) => {
      const held = actor.any();
      if (!held) return false;
      let trapped = false;
      try {
        held.stores.load32(-4 - actor.random.below(1000) * 4);
      } catch (error) {
        trapped = error instanceof WebAssembly.RuntimeError;
      }
      check(trapped, () => "a load past the memory did not trap");
      return true;
    },
  },
  grow: {
    weight: 4,
    run: (actor) => {
      const { memory } = actor.orders;
      const grown = actor.random.oneIn(4) ? memory : actor.memories[actor.random.below(4)];
      if (!grown || grown.buffer.byteLength >= 500 * WASM_PAGE) return false;
      grown.grow(actor.random.below(2));
      return true;
    },
  },
  "count private pages": {
    weight: 4,
    run: (actor) => {
      const held = actor.any();
      if (!held) return false;
      const { attachment, access } = held;
      const pages = attachment.privatePages;
      const most = access === "read-write" ? 0 : Math.ceil(attachment.byteLength / PAGE);
      check(pages <= most, () => `${pages} private pages of ${most}`);
      return true;
    },
  },
};

/** What an action may be refused with: the system is out of something, the bytes are not what they should be, or no room. */
export const refusals = [
  "ENOMEM",
  "ERR_OUT_OF_RANGE", // the place in a memory is taken, or too near its end
  "ERR_SHM_OUT_OF_BOUNDS",
  "ERR_SHM_MALFORMED",
  "ERR_SHM_UNSAFE_INTEGER",
  "ERR_SHM_FRAME_TRUNCATED",
  "ERR_SHM_FRAME_DAMAGED",
  "ERR_SHM_READ_ONLY",
];
