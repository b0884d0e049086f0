import { detached, readOnly, systemError } from "../common/errors.js";
import type { Access } from "../common/flags.js";
import type { Core, CoreName, CoreRange } from "../core/core.js";
import { type Cursor, openCursor } from "../cursor/cursor.js";
import type { Streams } from "../cursor/streams.js";
import type { Host, Mapping } from "../host/host.js";
import { occupy, vacate } from "../memory/occupied.js";
import type { WasmMemory } from "../memory/window.js";
import { Ranges } from "../range/range.js";

/**
 * How a segment knows an attachment without keeping it: it holds a WeakRef of this, and this forgets at the detach.
 * A WeakRef of the attachment itself would keep each memory until the job that made it ends; some 13,000 fit a process.
 */
export interface AttachmentLink {
  attachment: Attachment | undefined;
}

/** What an instance of the package is made of. */
export interface Parts {
  readonly host: Host;
  readonly core: Core;
  readonly streams: Streams | undefined;
}

/**
 * One mapping: a window of a segment inside a WebAssembly.Memory. From {@link Segment.attach}.
 * After {@link detach}, `bytes`, `address` and every method but `Symbol.dispose` throw `ERR_SHM_DETACHED`.
 */
export class Attachment extends Ranges {
  readonly #owner: { readonly id: number };
  readonly #host: Host;
  readonly #core: Core;
  readonly #mapping: Mapping;
  readonly #streams: Streams | undefined;
  #range: CoreRange | undefined; // made at first use

  /** @internal */
  readonly link: AttachmentLink = { attachment: this };

  /** What this attachment may do. */
  readonly access: Access;

  /** Attachments come from {@link Segment.attach}. */
  constructor(owner: { readonly id: number }, { host, core, streams }: Parts, mapping: Mapping, access: Access) {
    super();
    this.#owner = owner;
    this.#host = host;
    // A memory that someone else made has no page for the core's records.
    this.#core = mapping.corePage ? core : core.anywhere;
    this.#streams = streams;
    this.#mapping = mapping;
    this.access = access;
    mapping.window.owner = this;
    // Not on the in-process host: there attachments share a memory, which would keep those that were dropped.
    if (host.can("attach into a memory")) occupy(mapping, this);
    if (!mapping.corePage) mapping.window.inPlace = () => host.isInPlace(mapping);
  }

  /** The memory the segment is in: of this attachment alone, or the caller's own (`into`). */
  get memory(): WasmMemory {
    return this.#mapping.window.memory;
  }

  /** First byte of the window in {@link memory}: bytes. */
  get byteOffset(): number {
    return this.#mapping.window.byteOffset;
  }

  /** Size of the window: bytes. */
  override get byteLength(): number {
    return this.#mapping.window.byteLength;
  }

  /** Which core this attachment's cursors run on. */
  get core(): CoreName {
    return this.#core.name;
  }

  /** The window's address in this process, as /proc/self/maps shows it; 0n on the in-process host. */
  get address(): bigint {
    this.#checkAttached("address");
    return this.#mapping.address;
  }

  /**
   * The window itself, no copy: what is stored here, every process sees. Valid until {@link detach} or a grow of
   * {@link memory}; get it again after either. A view kept past the detach reads zeros (native host).
   */
  override get bytes(): Uint8Array {
    this.#checkAttached("bytes");
    return this.#mapping.window.current().bytes;
  }

  /**
   * Pages of a read-only attachment that stores have reached past the facade (through a view, or from WebAssembly). They
   * are private to this attachment since, and the segment is as it was; {@link refresh} drops them. 0 with other access,
   * and on the in-process host, which catches no store.
   */
  get violations(): number {
    this.#checkAttached("violations");
    return this.access === "read-only" ? this.#host.diverted(this.#mapping) : 0;
  }

  /** Pages that a copy-on-write attachment no longer shares with the segment, as they were written to; else 0. */
  get privatePages(): number {
    this.#checkAttached("privatePages");
    return this.access === "copy-on-write" ? this.#host.diverted(this.#mapping) : 0;
  }

  /** A new cursor at the window's start. */
  cursor(): Cursor {
    this.#checkAttached("cursor");
    const { window } = this.#mapping;
    return openCursor(this.#core.open(window), window, this.access !== "read-only", this.#streams);
  }

  /**
   * Makes `bytes` the segment as it is now: new views after a grow of the memory, and private pages of a read-only or a
   * copy-on-write attachment dropped, with what was written there.
   *
   * @throws {ShmError} `ENOMEM` no mappings are left; what was private then stays so
   */
  refresh(): void {
    this.#checkAttached("refresh");
    this.#mapping.window.current();
    if (this.access === "read-write") return;
    const result = this.#host.refresh(this.#mapping);
    if (result < 0) throw systemError("shmat", -result, `attaching segment ${this.#owner.id} anew`);
  }

  /**
   * Takes the segment out of the memory; zeros are left in its place.
   *
   * @throws {ShmError} `ERR_SHM_DETACHED` it was detached before
   */
  detach(): void {
    this.#checkAttached("detach");
    const result = this.#host.unmap(this.#mapping);
    if (result < 0) throw systemError("mmap", -result, `detaching segment ${this.#owner.id}`);
    this.link.attachment = undefined;
    vacate(this.#mapping);
    this.#range?.close();
    this.#mapping.window.close();
    this.#core.close(this.#mapping.window);
  }

  /** Detaches, where {@link detach} has not. */
  [Symbol.dispose](): void {
    if (!this.#mapping.window.detached) this.detach();
  }

  /** @internal Whether `value` is an attachment that this very Segment object made. */
  static isOf(value: unknown, segment: object): value is Attachment {
    return typeof value === "object" && value !== null && #owner in value && value.#owner === segment;
  }

  /** @internal */
  protected override range(operation: string): CoreRange {
    this.#checkAttached(operation);
    this.#range ??= this.#core.range(this.#mapping.window);
    return this.#range;
  }

  /** @internal */
  protected override writableRange(operation: string): CoreRange {
    const range = this.range(operation);
    if (this.access === "read-only")
      throw readOnly(`${operation}: this attachment of segment ${this.#owner.id} is read-only`);
    return range;
  }

  #checkAttached(operation: string): void {
    if (this.#mapping.window.detached)
      throw detached(`${operation}: this attachment of segment ${this.#owner.id} was detached`);
  }
}
