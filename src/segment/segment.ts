import { checkMode, checkOptions, checkUid, extraArgument } from "../common/arguments.js";
import { detached, errnoNumbers, illegalConstructor, invalidType, systemError, unsupported } from "../common/errors.js";
import type { Whence } from "../common/flags.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { Uncloneable } from "../common/uncloneable.js";
import type { Cursor } from "../cursor/cursor.js";
import { checkCapability } from "../host/check.js";
import type { Host, HostCall, MapRequest, SegmentInfo } from "../host/host.js";
import { MAX_WINDOW } from "../memory/layout.js";
import { type Attachment, attachments, type Parts } from "./attachment.js";
import { LiveAttachments } from "./lifetime.js";
import { type AttachOptions, checkAttach } from "./request.js";

export interface Permissions {
  mode?: number;
  uid?: number;
  gid?: number;
}

const { EACCES, EIDRM, EINVAL } = errnoNumbers;

/** `"created"`: dispose destroys it. `"made"`: it stays, as Go's OpenSegment has it. `"opened"`: it was there. */
export type Origin = "created" | "made" | "opened";

/** What an ephemeral segment that is larger than a window keeps attached: whole pages of any size. */
const HELD = 2 ** 30;

/** What the modules beside this one may do with segments. */
interface Internals {
  make(parts: Parts, id: number, size: number, origin: Origin): Segment;
  /** Attaches it for as long as the object lives, and removes it: its last detach frees it. */
  makeEphemeral(segment: Segment): void;
  /** Its dispose destroys nothing from here on. */
  keep(segment: Segment): void;
  hostOf(segment: Segment): Host;
}

const MAKE = Symbol("make");
let internals!: Internals;

/**
 * A System V shared memory segment: its identity and its life. From `create`, `open` or `openSegment`.
 *
 * It has a cursor of its own (`read`, `write`, `readChunk`, `seek`, `position`, `reset`), on an attachment that the first
 * use makes, and that `destroy` and dispose detach. For more, attach it yourself; also if it is larger than a window can
 * be (4 GiB less 64 KiB).
 */
export class Segment extends Uncloneable {
  readonly #parts: Parts;
  readonly #host: Host;
  readonly #created: boolean;
  #destroyOnDispose: boolean;
  readonly #attachments = new LiveAttachments<Attachment>();
  #own: { attachment: Attachment; cursor: Cursor } | undefined;
  #held: Attachment | undefined; // keeps an ephemeral segment
  #state: "live" | "destroyed" | "disposed" = "live";

  static {
    internals = {
      make: (parts, id, size, origin) => new Segment(MAKE, parts, id, size, origin),
      makeEphemeral: (segment) => segment.#makeEphemeral(),
      keep: (segment) => {
        segment.#destroyOnDispose = false;
      },
      hostOf: (segment) => segment.#host,
    };
  }

  /** The kernel's shmid; 0 is a valid one. */
  readonly id: number;
  /** Bytes asked for at its creation, to 2^53; not the pages granted. */
  readonly size: number;

  private constructor(make: symbol, parts: Parts, id: number, size: number, origin: Origin) {
    if (make !== MAKE) throw illegalConstructor("Segment", "create(), open() and openSegment()");
    super();
    this.#parts = parts;
    this.#host = parts.host;
    this.id = id;
    this.size = size;
    this.#created = origin !== "opened";
    this.#destroyOnDispose = origin === "created";
  }

  /**
   * Whether the call that returned this object made the segment, or found it. The kernel decides that, so two processes
   * that call at once do not both have true.
   */
  get created(): boolean {
    return this.#created;
  }

  /**
   * What the kernel knows of the segment now.
   *
   * @throws {ShmError} `EIDRM` it is gone; `EACCES` its mode does not let this user read
   * @see shmctl(2), `IPC_STAT`
   */
  stat(): SegmentInfo {
    this.#checkNotDisposed("stat");
    const info = this.#host.stat(this.id);
    if (typeof info === "number") throw this.#refused(-info, "stat");
    return info;
  }

  /**
   * Changes who may use it; a permission that is left out stays as it is.
   *
   * @param permissions.mode nine permission bits, as chmod(2)
   * @throws {ShmError} `EPERM` not the owner, the creator or root; `EIDRM` it is gone; `EINVAL` this user namespace does not
   *   map the uid or gid; `EOVERFLOW` it has no number for the owner, and none was named
   * @see shmctl(2), `IPC_SET`
   */
  setPermissions(permissions: Permissions): void {
    if (arguments.length > 1) throw extraArgument("setPermissions", arguments, 1);
    const { mode, uid, gid } = checkOptions(permissions, ["mode", "uid", "gid"], "permissions");
    if (mode !== undefined) checkMode(mode);
    if (uid !== undefined) checkUid("uid", uid);
    if (gid !== undefined) checkUid("gid", gid);
    this.#checkNotDisposed("setPermissions");
    const now = this.#permissions();
    const wanted = { mode: mode ?? now.mode & 0o777, uid: uid ?? now.uid, gid: gid ?? now.gid };
    const named = { uid: uid !== undefined, gid: gid !== undefined };
    const result = this.#host.set(this.id, wanted.mode, wanted.uid, wanted.gid, named);
    if (result < 0) throw this.#refusedCall(-result, { operation: "set", ...wanted, id: this.id, size: this.size });
  }

  /**
   * Keeps its pages in memory, never swapped.
   *
   * @throws {ShmError} `EPERM` or `ENOMEM` past what this user may lock; `ERR_SHM_UNSUPPORTED` local host
   * @see shmctl(2), `SHM_LOCK`
   */
  lock(): void {
    this.#control("lock");
  }

  /** Takes back {@link lock}. @see shmctl(2), `SHM_UNLOCK` */
  unlock(): void {
    this.#control("unlock");
  }

  /**
   * Marks the segment to be removed: no key finds it from now on, and it lives until the last process has detached it.
   * Attachments you made stay, as long as you refer to them; the one behind `read` and `write` is detached.
   *
   * @throws {ShmError} `EPERM` not the owner, the creator or root; `EIDRM` it is gone already
   * @see shmctl(2), `IPC_RMID`
   */
  destroy(): void {
    this.#checkNotDisposed("destroy");
    if (this.#state === "destroyed") throw this.#removed({ operation: "remove", id: this.id, size: this.size });
    const result = this.#host.remove(this.id);
    if (result < 0) throw this.#refused(-result, "remove");
    this.#state = "destroyed";
    this.#own?.attachment[Symbol.dispose]();
    this.#held?.[Symbol.dispose]();
    this.#own = undefined;
    this.#held = undefined;
  }

  /**
   * Maps `length` bytes of this segment, from `offset`, into a memory of its own.
   * Nothing is copied: the window is the segment until {@link Attachment.detach}.
   *
   * @param options.offset bytes from the segment's start, a multiple of the page size (default 0)
   * @param options.length bytes, a multiple of the page size unless it reaches the end (default: to the end)
   * @param options.into maps over bytes of a memory of yours instead; they are lost, and are zeros after the detach
   * @throws {ShmError} `EACCES` the mode refuses this access; `EIDRM` the segment is gone; `ENOMEM` no address space
   * @throws {RangeError} `ERR_OUT_OF_RANGE` the window would pass the end of the segment, or of your memory
   * @see shmop(2), `SHM_REMAP`
   */
  attach(options?: AttachOptions): Attachment {
    if (arguments.length > 1) throw extraArgument("attach", arguments, 1);
    const request = checkAttach(this, this.#host.pageSize, options);
    this.#checkNotDisposed("attach");
    if (typeof WebAssembly === "undefined")
      throw unsupported("attaching", "this engine runs without WebAssembly (node --jitless?)");
    if (request.into) checkCapability(this.#host, "attach into a memory", "attaching into a memory");
    if (request.memory === "shared") checkCapability(this.#host, "shared memory", "attaching with a shared memory");
    if (request.reserve) checkCapability(this.#host, "reserve", "attaching with a reserve");
    const mapping = this.#host.map(request);
    if (typeof mapping === "number")
      throw this.#refusedCall(-mapping, { operation: "map", size: this.size, ...request });
    const attachment = attachments.make(this, this.#parts, mapping, request);
    this.#attachments.add(attachments.lifetimeOf(attachment));
    return attachment;
  }

  /**
   * Detaches an attachment that {@link attach} of this object returned; the same as its own `detach()`.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` not an attachment of this segment
   * @throws {ShmError} `ERR_SHM_DETACHED` it was detached before
   */
  detach(attachment: Attachment): void {
    if (!attachments.isOf(attachment, this))
      throw invalidType("attachment", `an Attachment that this Segment (${this.id}) made`, attachment);
    attachment.detach();
  }

  /** {@link Cursor.read} of the segment's own cursor. */
  read(target: Uint8Array): number {
    if (arguments.length > 1) throw extraArgument("read", arguments, 1);
    return this.#cursor("read").read(target);
  }

  /** {@link Cursor.write} of the segment's own cursor. */
  write(source: Uint8Array): number {
    if (arguments.length > 1) throw extraArgument("write", arguments, 1);
    return this.#cursor("write").write(source);
  }

  /** {@link Cursor.readChunk} of the segment's own cursor. */
  readChunk(length: number, start = 0): Uint8Array {
    if (arguments.length > 2) throw extraArgument("readChunk", arguments, 2);
    return this.#cursor("readChunk").readChunk(length, start);
  }

  /** {@link Cursor.seek} of the segment's own cursor. */
  seek(offset: number, whence?: Whence): number {
    if (arguments.length > 2) throw extraArgument("seek", arguments, 2);
    return this.#cursor("seek").seek(offset, whence);
  }

  /** {@link Cursor.reset} of the segment's own cursor. */
  reset(): void {
    this.#cursor("reset").reset();
  }

  /** {@link Cursor.position} of the segment's own cursor. */
  get position(): number {
    return this.#cursor("position").position;
  }

  /**
   * Detaches what this object attached and, if `create` made the segment, destroys it. May be called twice; an opened
   * segment stays in the system.
   *
   * @throws {ShmError} a detach or the destroy was refused; all others are done
   */
  [Symbol.dispose](): void {
    if (this.#state === "disposed") return;
    const destroy = this.#destroyOnDispose && this.#state === "live";
    const failures: unknown[] = []; // none stops the rest
    for (const attachment of this.#attachments)
      try {
        attachment[Symbol.dispose]();
      } catch (error) {
        failures.push(error);
      }
    this.#attachments.clear();
    this.#own = undefined;
    this.#held = undefined;
    this.#state = "disposed";
    const result = destroy ? this.#host.remove(this.id) : 0;
    // Another process may have destroyed it before: then there is nothing left to do.
    if (result < 0 && !this.#isGone(-result)) failures.push(this.#refused(-result, "remove"));
    if (failures.length > 0) throw failures[0];
  }

  /** @internal */
  [INSPECT](_depth: unknown, options: unknown, inspect?: Inspect): string {
    return inspected("Segment", #state in this ? this.#shown() : {}, options, inspect);
  }

  #shown(): object {
    return { id: this.id, size: this.size, state: this.#state, attachments: [...this.#attachments].length };
  }

  /** A process that is killed between the two system calls leaves the segment: the kernel has no call that does both. */
  #makeEphemeral(): void {
    const isWhole = this.size <= MAX_WINDOW;
    this.#held = isWhole ? this.#attachOwn() : this.attach({ length: HELD });
    const result = this.#host.remove(this.id);
    if (result < 0) throw this.#refused(-result, "remove");
    this.#destroyOnDispose = false;
    if (isWhole) this.#own = { attachment: this.#held, cursor: this.#held.cursor() }; // which may compile the core first
  }

  #cursor(operation: string): Cursor {
    this.#checkNotDisposed(operation);
    if (this.#state === "destroyed") throw this.#removed({ operation: "map", ...this.#whole() });
    if (!this.#own) {
      const attachment = this.#attachOwn();
      this.#own = { attachment, cursor: attachment.cursor() };
    }
    return this.#own.cursor;
  }

  /** As much as the segment's mode lets this user do. */
  #attachOwn(): Attachment {
    try {
      return this.attach();
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EACCES") throw error;
      return this.attach({ access: "read-only" });
    }
  }

  #whole(): MapRequest & { size: number } {
    const { id, size } = this;
    return {
      id,
      size,
      offset: 0,
      length: size,
      access: "read-write",
      into: undefined,
      memory: undefined,
      reserve: undefined,
    };
  }

  #control(operation: "lock" | "unlock"): void {
    this.#checkNotDisposed(operation);
    checkCapability(this.#host, "lock", operation);
    const result = this.#host[operation](this.id);
    if (result < 0) throw this.#refused(-result, operation);
  }

  /** An owner may change a mode that does not let it read: then `list` has what `stat` refuses to show. */
  #permissions(): SegmentInfo {
    const info = this.#host.stat(this.id);
    if (typeof info !== "number") return info;
    const list = info === -EACCES ? this.#host.list() : [];
    const found = typeof list === "number" ? undefined : list.find(({ id }) => id === this.id);
    if (!found) throw this.#refused(-info, "stat");
    return found;
  }

  #checkNotDisposed(operation: string): void {
    if (this.#state === "disposed") throw detached(`${operation}: this object of segment ${this.id} was disposed`);
  }

  /** EINVAL is the answer for the id of a removed segment, and for much else. */
  #isGone(errno: number): boolean {
    if (errno === EIDRM) return true;
    const info = errno === EINVAL ? this.#host.stat(this.id) : 0;
    return info === -EINVAL || info === -EIDRM;
  }

  #refused(errno: number, operation: "stat" | "remove" | "lock" | "unlock"): Error {
    return this.#refusedCall(errno, { operation, id: this.id, size: this.size });
  }

  #refusedCall(errno: number, call: HostCall): Error {
    return this.#isGone(errno) ? this.#removed(call) : systemError(errno, this.#host.explain(errno, call));
  }

  #removed(call: HostCall): Error {
    return systemError(EIDRM, this.#host.explain(EIDRM, call));
  }
}

export const segments = internals;
