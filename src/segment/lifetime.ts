// Who keeps whom alive, and what the garbage collector does. All of it is here, as one wrong reference would either keep
// some 10 GiB of address space for each attachment that a program drops (a process holds about 13,000), or let an
// attachment go that is still in use.
//
//   attachment -> segment      so that the segment's own cursor and dispose stay reachable from what it made
//   segment    ~> attachment   weakly: a dropped attachment detaches by being collected, though its segment is held
//   cursor, range -> window -> attachment (`Window.owner`)
//                              so that dispose of the segment finds the attachment behind a cursor that is still in use
//   view -> buffer ~> attachment
//                              the same for a kept view. Also from the memory: V8 keeps a memory as long as its buffer,
//                              JavaScriptCore (Bun) does not. Only for a memory of this attachment alone, or of the caller's: the windows of a local segment share a memory,
//                              which would keep the attachments that were dropped
//   finalizers                 must not lead to the memory. A record of the wasm core (core/wasm/page.ts) holds numbers
//
// An attachment that is collected takes its memory with it. The engine unmaps that, and the kernel counts the detach; the
// local host counts it by a FinalizationRegistry of its mappings. Bun unmaps few: host/recycled.ts.
import { outOfRange } from "../common/errors.js";
import type { Mapping } from "../host/host.js";
import { roundUp, type WasmMemory, WINDOW_START } from "../memory/layout.js";

/** The attachments in each memory. Values of a WeakMap live as long as their key. */
const inMemory = new WeakMap<WasmMemory, Set<Lifetime>>();
const inBuffer = new WeakMap<ArrayBufferLike, Set<Lifetime>>();

function add<Key extends object>(map: WeakMap<Key, Set<Lifetime>>, key: Key, lifetime: Lifetime): void {
  const there = map.get(key);
  if (there) there.add(lifetime);
  else map.set(key, new Set([lifetime]));
}

/** Whether bytes 0 to 65535 of the mapping's memory are the core's, for its records. */
export function hasCorePage({ memoryOf, byteOffset }: Mapping): boolean {
  return memoryOf !== "caller" && byteOffset >= WINDOW_START;
}

/** An attachment and its mapping, as long as it is attached. */
export class Lifetime<Attached extends object = object> {
  /** Both undefined after {@link end}. */
  attachment: Attached | undefined;
  mapping: Mapping | undefined;
  /** The memory's buffer when it was attached. */
  #buffer: ArrayBufferLike | undefined;

  constructor(attachment: Attached, mapping: Mapping) {
    this.attachment = attachment;
    this.mapping = mapping;
    if (mapping.memoryOf === "segment") return;
    this.#buffer = mapping.memory.buffer;
    add(inMemory, mapping.memory, this);
    add(inBuffer, this.#buffer, this);
  }

  /** It was detached: nothing keeps the attachment from here on, and its place in the memory is free. */
  end(): void {
    if (this.mapping) inMemory.get(this.mapping.memory)?.delete(this);
    if (this.#buffer) inBuffer.get(this.#buffer)?.delete(this);
    this.#buffer = undefined;
    this.attachment = undefined;
    this.mapping = undefined;
  }
}

/**
 * The attachments that one Segment object made and that are still attached. It keeps none of them.
 *
 * A WeakRef keeps its target to the end of the job that made or read it. So it refers to a Lifetime, which forgets the
 * attachment at the detach; a WeakRef of the attachment itself would keep each memory until a loop of attaches ends.
 */
export class LiveAttachments<Attached extends object> {
  readonly #lifetimes = new Set<WeakRef<Lifetime<Attached>>>();
  #sweepAt = 64;

  /** Now and then it forgets what was detached or collected. */
  add(lifetime: Lifetime<Attached>): void {
    this.#lifetimes.add(new WeakRef(lifetime));
    if (this.#lifetimes.size < this.#sweepAt) return;
    for (const reference of this.#lifetimes) if (!reference.deref()?.attachment) this.#lifetimes.delete(reference);
    this.#sweepAt = 2 * this.#lifetimes.size + 64;
  }

  *[Symbol.iterator](): Generator<Attached> {
    for (const reference of this.#lifetimes) {
      const attachment = reference.deref()?.attachment;
      if (attachment) yield attachment;
    }
  }

  clear(): void {
    this.#lifetimes.clear();
  }
}

/** A part of a memory: bytes. */
interface Taken {
  readonly start: number;
  readonly end: number;
  readonly what: string;
}

const AN_ATTACHMENT = "an attachment";

/** The attachments in a memory, and the core's page. Windows of a local segment, which share a memory, are not among them. */
export function takenIn(memory: WasmMemory): Taken[] {
  const taken: Taken[] = [];
  for (const { mapping } of inMemory.get(memory) ?? []) {
    if (!mapping) continue;
    const { byteOffset, byteLength, pageSize } = mapping;
    if (hasCorePage(mapping)) taken.push({ start: 0, end: WINDOW_START, what: "the core's page" });
    taken.push({ start: byteOffset, end: roundUp(byteOffset + byteLength, pageSize), what: AN_ATTACHMENT });
  }
  return taken;
}

/**
 * Checks that no attachment, and no page of the core, is where a window is to lie.
 *
 * @param length bytes, whole pages
 * @throws {RangeError} `ERR_OUT_OF_RANGE` some of the bytes are taken
 */
export function checkFree(memory: WasmMemory, byteOffset: number, length: number): void {
  const other = takenIn(memory).find(({ start, end }) => byteOffset < end && byteOffset + length > start);
  if (!other) return;
  const what = other.what === AN_ATTACHMENT ? `the attachment at ${other.start}` : other.what;
  throw outOfRange("options.into.byteOffset", `a place of its own; ${what} is there`, byteOffset);
}
