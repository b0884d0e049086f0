// A segment as a typed array: create or open, attach and view in one call.
import { checkChoice, checkInteger, checkOptions, pickOptions } from "../common/arguments.js";
import { checkType, type ElementArray, type ElementArrayConstructor } from "../common/elements.js";
import { illegalConstructor } from "../common/errors.js";
import { type Access, accesses, type MemoryKind, memoryKinds } from "../common/flags.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { Uncloneable } from "../common/uncloneable.js";
import { MAX_WINDOW } from "../memory/layout.js";
import type { Attachment } from "./attachment.js";
import type { AttachOptions } from "./request.js";
import type { Segment } from "./segment.js";
import type { CreateOptions, SegmentKey, Shm } from "./shm.js";

/** How a typed segment is attached: {@link AttachOptions}. */
export type TypedOptions = Pick<AttachOptions, "access" | "memory">;

/** What {@link Shm.create} takes. */
export const createOptions = ["key", "mode", "exclusive", "hugePages", "noReserve", "ephemeral", "uid"] as const;

const MAKE = Symbol("make");

/** A segment, its attachment and the array over it. From `createTyped` or `openTyped`. */
export class TypedSegment<T extends ElementArray = ElementArray> extends Uncloneable {
  readonly segment: Segment;
  readonly attachment: Attachment;
  readonly #Type: ElementArrayConstructor;
  /** Elements. */
  readonly length: number;

  /** @internal */
  constructor(make: symbol, segment: Segment, attachment: Attachment, Type: ElementArrayConstructor, length: number) {
    if (make !== MAKE) throw illegalConstructor("TypedSegment", "createTyped() and openTyped()");
    super();
    this.segment = segment;
    this.attachment = attachment;
    this.#Type = Type;
    this.length = length;
  }

  /** The elements themselves: {@link Attachment.view}. A store into the array is a store into the segment. */
  get array(): T {
    return this.attachment.view(this.#Type, 0, this.length) as T;
  }

  /** The segment's id, for other processes. */
  get id(): number {
    return this.segment.id;
  }

  /** As of the {@link segment}: detaches, and destroys what `createTyped` made. */
  [Symbol.dispose](): void {
    this.segment[Symbol.dispose]();
  }

  /** @internal */
  [INSPECT](_depth: unknown, options: unknown, inspect?: Inspect): string {
    const fields = #Type in this ? { id: this.id, type: this.#Type.name, length: this.length } : {};
    return inspected("TypedSegment", fields, options, inspect);
  }
}

/** Checks how it is to be attached before anything is made. */
function checkAttach(access: Access | undefined, memory: MemoryKind | undefined): TypedOptions {
  if (access !== undefined) checkChoice("options.access", access, accesses);
  if (memory !== undefined) checkChoice("options.memory", memory, memoryKinds);
  return { ...(access !== undefined && { access }), ...(memory !== undefined && { memory }) };
}

/** Attaches a segment that was opened or made for this alone. If that fails, it is disposed of. */
function attached<T extends ElementArrayConstructor>(
  segment: Segment,
  Type: T,
  options: TypedOptions,
  length: number,
): TypedSegment<InstanceType<T>> {
  try {
    return new TypedSegment(MAKE, segment, segment.attach(options), Type, length);
  } catch (error) {
    segment[Symbol.dispose]();
    throw error;
  }
}

/** See {@link Shm.createTyped}. */
export function createTyped<T extends ElementArrayConstructor>(
  shm: Shm,
  Type: T,
  length: number,
  options: (TypedOptions & CreateOptions) | undefined,
): TypedSegment<InstanceType<T>> {
  const { width } = checkType(Type);
  const most = Math.floor(MAX_WINDOW / width); // what a memory holds
  checkInteger("length", length, 1, most);
  const checked = checkOptions(options, [...createOptions, "access", "memory"]);
  const attach = checkAttach(checked.access, checked.memory);
  return attached(shm.create(length * width, pickOptions(checked, createOptions)), Type, attach, length);
}

/** See {@link Shm.openTyped}. */
export function openTyped<T extends ElementArrayConstructor>(
  shm: Shm,
  Type: T,
  target: number | SegmentKey,
  options: TypedOptions | undefined,
): TypedSegment<InstanceType<T>> {
  const { width } = checkType(Type);
  const { access, memory } = checkOptions(options, ["access", "memory"]);
  const attach = checkAttach(access, memory);
  const segment = shm.open(target);
  return attached(segment, Type, attach, Math.floor(segment.size / width));
}
