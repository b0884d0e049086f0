import type { MessageParts } from "../channel/codec.js";
import { extraArgument } from "../common/arguments.js";
import type { OwnUint8Array } from "../common/bytes.js";
import type { ElementArrayConstructor } from "../common/elements.js";
import { detached, illegalConstructor, readOnly, systemError } from "../common/errors.js";
import type { Access } from "../common/flags.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import type { Core, CoreName, CoreRange } from "../core/core.js";
import type { Engine } from "../core/engine.js";
import { type Cursor, openCursor } from "../cursor/cursor.js";
import type { Streams } from "../cursor/streaming.js";
import { checkJoin, type Domain, type JoinOptions, joinDomain } from "../domain/domain.js";
import type { Host, HostCall, Mapping, MapRequest } from "../host/host.js";
import type { WasmMemory } from "../memory/layout.js";
import { Window } from "../memory/window.js";
import { Ranges, type WindowBytes } from "../range/range.js";
import type { Participant, Place } from "../sync/participant.js";
import { hasCorePage, Lifetime } from "./lifetime.js";
import type { ModuleImports, ModuleSource, WasmInstance } from "./modulesource.js";
import { Views } from "./views.js";

/** What an instance of the package is made of. */
export interface Parts {
  readonly host: Host;
  readonly core: Core;
  readonly engine: Engine;
  readonly streams: Streams | undefined;
  /** What messages need of Node; undefined without it. */
  readonly messages?: MessageParts | undefined;
}

/** What an attachment knows of its segment, which is the Segment object that made it. */
interface OfSegment {
  readonly id: number;
  readonly size: number;
}

/** Of what the attach asked for, what an attachment keeps. */
type AttachRequest = Pick<MapRequest, "access" | "reserve">;

/** What the modules of this folder, and tests, may do with attachments. */
interface Internals {
  make(segment: OfSegment, parts: Parts, mapping: Mapping, request: AttachRequest): Attachment;
  /** Whether `value` is an attachment that this very Segment object made. */
  isOf(value: unknown, segment: object): value is Attachment;
  lifetimeOf(attachment: Attachment): Lifetime<Attachment>;
  /** As {@link Attachment.join}, by a participant that removes the segment unless others stay. */
  joinToLeave(attachment: Attachment): Domain;
}

const MAKE = Symbol("make");
let internals!: Internals;

/**
 * One mapping: a window of a segment inside a WebAssembly.Memory. From {@link Segment.attach}.
 * After {@link detach}, `bytes`, `address` and every method except `Symbol.dispose` throw `ERR_SHM_DETACHED`.
 */
export class Attachment extends Ranges {
  readonly #segment: OfSegment;
  readonly #host: Host;
  readonly #core: Core;
  readonly #engine: Engine;
  readonly #mapping: Mapping;
  /** Bytes behind the core's page that are for modules of the caller's. */
  readonly #reserve: number;
  readonly #window: Window;
  readonly #lifetime: Lifetime<Attachment>;
  readonly #streams: Streams | undefined;
  readonly #messages: MessageParts | undefined;
  readonly #participants = new Set<Participant>();
  #range: CoreRange | undefined; // made at first use
  readonly #views: Views;

  static {
    internals = {
      make: (segment, parts, mapping, request) => new Attachment(MAKE, segment, parts, mapping, request),
      isOf: (value, segment): value is Attachment =>
        typeof value === "object" && value !== null && #segment in value && value.#segment === segment,
      lifetimeOf: (attachment) => attachment.#lifetime,
      joinToLeave: (attachment) => attachment.#join({ ...checkJoin(undefined), leaving: true }),
    };
  }

  /** What this attachment may do. */
  readonly access: Access;

  private constructor(make: symbol, segment: OfSegment, parts: Parts, mapping: Mapping, request: AttachRequest) {
    if (make !== MAKE) throw illegalConstructor("Attachment", "segment.attach()");
    super();
    const { host, core, engine, streams, messages } = parts;
    const { memory, byteOffset, byteLength, memoryOf } = mapping;
    this.#segment = segment;
    this.#host = host;
    this.#core = hasCorePage(mapping) ? core : core.anywhere;
    this.#engine = engine;
    this.#streams = streams;
    this.#messages = messages;
    this.#mapping = mapping;
    this.access = request.access;
    this.#reserve = request.reserve ?? 0;
    // Only a memory of the caller's can be one that the engine moves.
    const isInPlace = memoryOf === "caller" ? () => host.isInPlace(mapping) : undefined;
    this.#window = new Window(memory, byteOffset, byteLength, this, isInPlace, engine);
    this.#views = new Views(this.#window);
    this.#lifetime = new Lifetime(this, mapping);
  }

  /** The memory the segment is in: of this attachment alone, or the caller's own (`into`). */
  get memory(): WasmMemory {
    this.#core.expose(this.#window);
    return this.#mapping.memory;
  }

  /** First byte of the window in {@link memory}: bytes. */
  get byteOffset(): number {
    return this.#mapping.byteOffset;
  }

  /** Size of the window: bytes. */
  override get byteLength(): number {
    return this.#mapping.byteLength;
  }

  /** Which core this attachment's cursors run on. */
  get core(): CoreName {
    return this.#core.name;
  }

  /** The window's address in this process, as /proc/self/maps shows it; 0n on the local host. */
  get address(): bigint {
    this.#checkAttached("address");
    return this.#mapping.address;
  }

  /**
   * The window itself, no copy: every process sees what is stored here. A view is valid until {@link detach}, or a grow of
   * a plain memory of yours; after that, `bytes` is a new one. A view kept past the detach reads zeros (sysv host).
   *
   * Other processes may change the bytes during any call, and not every call of an engine survives that:
   * `new TextDecoder().decode(bytes)` and `Buffer.toString` may end the process on Node 20 and 22, and `sort` on every
   * plain memory. {@link text} and {@link toBuffer} copy first, and are safe. On a shared memory, the default on the sysv host,
   * `new Response(bytes)` has the wrong text on Node 24 and 26, `crypto.subtle` refuses the view, `postMessage` and
   * `structuredClone` share the whole memory instead of copying, `bytes.fill` is slower than {@link fill}, and
   * `Atomics.wait` blocks without hearing other processes. docs/shared-bytes.md has all of them.
   *
   * @throws {ShmError} `ERR_SHM_DETACHED`; `ERR_SHM_MEMORY_MOVED` the engine moved the caller's memory as it grew
   */
  override get bytes(): Uint8Array {
    this.#checkAttached("bytes");
    return this.#window.current().bytes;
  }

  /**
   * The window as a Buffer, no copy; a Uint8Array at the portable entry point. Valid as long as {@link bytes} is, and the
   * same object until then. Its `toString`, `utf8Slice` and the like decode live bytes, which may end the process while
   * another process writes: {@link text} and {@link toBuffer} copy first.
   *
   * @throws {ShmError} as {@link bytes}
   */
  get buffer(): WindowBytes {
    this.#checkAttached("buffer");
    return this.#window.native() as WindowBytes;
  }

  /**
   * Elements of the window themselves, no copy, in the machine's own byte order. The same array as the last time, if the
   * arguments are: so it may be called in a loop. Valid as long as {@link bytes} is.
   *
   * @param Type one of the eleven typed-array constructors
   * @param offset bytes from the window's start, a multiple of the element's size (default 0)
   * @param length elements (default: all whole ones from there)
   * @throws {ShmError} `ERR_SHM_MISALIGNED`; as {@link bytes}
   * @throws {RangeError} `ERR_OUT_OF_RANGE` they are not inside the window
   */
  view<T extends ElementArrayConstructor>(Type: T, offset = 0, length?: number): InstanceType<T> {
    if (arguments.length > 3) throw extraArgument("view", arguments, 3);
    this.#checkAttached("view");
    return this.#views.view(Type, offset, length);
  }

  /**
   * Pages of a read-only or a copy-on-write attachment that it no longer shares with the segment, because a store went
   * there: {@link discard} drops them. With read-only access it was a store through a view or from WebAssembly. 0 with
   * read-write access. The local host catches no store: it counts 0 for read-only, and all pages for copy-on-write.
   */
  get privatePages(): number {
    this.#checkAttached("privatePages");
    return this.access === "read-write" ? 0 : this.#host.privatePages(this.#mapping);
  }

  /** A new cursor at the window's start. */
  cursor(): Cursor {
    if (arguments.length > 0) throw extraArgument("cursor", arguments, 0);
    this.#checkAttached("cursor");
    return openCursor(this.#core.open(this.#window), this.#window, this.access !== "read-only", this.#streams);
  }

  /**
   * Joins the domain at `options.offset` of the window, and makes it first if these bytes are zeros: processes that join it
   * share locks. It counts as one more attachment of the segment until it leaves.
   *
   * @throws {ShmError} `ERR_SHM_LAYOUT` other bytes are there, or a domain with other slots; `ERR_SHM_TOO_MANY_PEERS` each
   *   slot has a living participant; `ERR_SHM_READ_ONLY`; `ERR_SHM_DETACHED`; `ERR_SHM_UNSUPPORTED` by this host; `EAGAIN`
   *   no thread can be started; `ENOMEM`
   * @throws {RangeError} `ERR_OUT_OF_RANGE` the domain does not fit the window
   */
  join(options?: JoinOptions): Domain {
    if (arguments.length > 1) throw extraArgument("join", arguments, 1);
    this.#checkAttached("join");
    return this.#join(checkJoin(options));
  }

  #join(where: Pick<Place, "offset" | "slots" | "leaving">): Domain {
    if (this.access !== "read-write")
      throw readOnly(
        `join: a participant stores, and this attachment of segment ${this.#segment.id} is ${this.access}`,
      );
    const window = this.#window.current();
    const place = { host: this.#host, mapping: this.#mapping, window, segment: this.#segment.id, ...where };
    const { domain, participant } = joinDomain(place, this.#messages);
    for (const other of this.#participants) if (other.left) this.#participants.delete(other);
    this.#participants.add(participant);
    return domain;
  }

  /**
   * An instance of a module of yours that works in {@link memory}, beside the window. The memory that it imports or defines
   * becomes this one, plain or shared; its stack is moved, if it must be; and the heap that it may have ends where the
   * window, or another part of the memory, begins. A module whose static data would lie over the window, the core's page or
   * another instance is refused. docs/memory-map.md has how to link one.
   *
   * Not prevented is what a module does as it runs: a store to a wrong address, `memory.init` to a place that it computes.
   * Of a compiled WebAssembly.Module only the imports are checked, as it has no bytes.
   *
   * @param module its bytes, a URL, a Response of fetch, or a WebAssembly.Module
   * @param imports by module and name; the memory is not among them
   * @throws {ShmError} `ERR_SHM_MODULE_LAYOUT` it does not fit: the message has the addresses, `error.hint` the flag that
   *   cures it; `ERR_SHM_MODULE_IMPORT` imports that are missing, ten at most; `ERR_SHM_MODULE_INVALID` it is not a module, or
   *   has a memory that cannot be replaced; `ERR_SHM_DETACHED`
   */
  async instantiate(module: ModuleSource, imports?: ModuleImports): Promise<WasmInstance> {
    const check = (): void => this.#checkAttached("instantiate");
    check();
    if (arguments.length > 2) throw extraArgument("instantiate", arguments, 2);
    this.#core.expose(this.#window);
    const { instantiate } = await import("./instantiate.js"); // many programs have no module of their own
    return instantiate(module, imports, {
      mapping: this.#mapping,
      reserve: this.#reserve,
      engine: this.#engine,
      check,
    });
  }

  /**
   * Drops the private pages of a read-only or a copy-on-write attachment, with what was stored there: `bytes` is the
   * segment as it is now. Does nothing with read-write access.
   *
   * @throws {ShmError} `ENOMEM` no mappings are left, and the pages stay private; `ERR_SHM_DETACHED`;
   *   `ERR_SHM_MEMORY_MOVED`
   */
  discard(): void {
    this.#checkAttached("discard");
    this.#window.current();
    if (this.access === "read-write") return;
    const result = this.#host.discard(this.#mapping);
    if (result < 0) throw this.#refused(-result, "discard");
  }

  /**
   * Takes the segment out of the memory, and leaves zeros in its place.
   *
   * @throws {ShmError} `ERR_SHM_DETACHED` it was detached before; `ENOMEM` the system has no pages for the zeros, and it is
   *   still attached
   */
  detach(): void {
    this.#checkAttached("detach");
    const result = this.#host.unmap(this.#mapping);
    if (result < 0) throw this.#refused(-result, "unmap");
    // After it, as the unmap may be refused. None needs this mapping to leave.
    for (const participant of this.#participants) participant.leave();
    this.#participants.clear();
    this.#lifetime.end();
    this.#range?.close();
    this.#window.close();
    this.#core.close(this.#window);
  }

  /** Detaches, if {@link detach} has not. */
  [Symbol.dispose](): void {
    if (!this.#window.detached) this.detach();
  }

  /** @internal */
  [INSPECT](_depth: unknown, options: unknown, inspect?: Inspect): string {
    return inspected("Attachment", #window in this ? this.#shown() : {}, options, inspect);
  }

  /** @internal */
  protected override range(operation: string): CoreRange {
    this.#checkAttached(operation);
    this.#range ??= this.#core.range(this.#window);
    return this.#range;
  }

  /** @internal */
  protected override writableRange(operation: string): CoreRange {
    const range = this.range(operation);
    if (this.access === "read-only")
      throw readOnly(`${operation}: this attachment of segment ${this.#segment.id} is read-only`);
    return range;
  }

  /** @internal */
  protected override get engine(): Engine {
    return this.#engine;
  }

  /** @internal */
  protected override copyOf(
    operation: string,
    start: number,
    end: number,
    allocate?: Engine["allocate"],
  ): OwnUint8Array {
    this.#checkAttached(operation);
    return this.#window.slice(start, end - start, allocate);
  }

  #checkAttached(operation: string): void {
    if (this.#window.detached)
      throw detached(`${operation}: this attachment of segment ${this.#segment.id} was detached`);
  }

  #refused(errno: number, operation: "unmap" | "discard"): Error {
    const { id, size } = this.#segment;
    const call: HostCall = { operation, id, size };
    return systemError(errno, this.#host.explain(errno, call));
  }

  /** Never throws, also if the host does. */
  #shown(): object {
    const { access, byteOffset, byteLength, core } = this;
    const fields = { segment: this.#segment.id, access, byteOffset, byteLength, core };
    if (this.#window.detached) return { ...fields, state: "detached" };
    try {
      return { ...fields, state: "attached", privatePages: this.privatePages };
    } catch {
      return { ...fields, state: "attached" };
    }
  }
}

export const attachments = internals;
