import { checkChoice, checkInteger, checkMode, checkOptions, checkSize } from "../common/arguments.js";
import { detached, errnoNumbers, invalidType, outOfRange, systemError, unsupported } from "../common/errors.js";
import { type Access, accesses, type Whence } from "../common/flags.js";
import type { Cursor } from "../cursor/cursor.js";
import { attachAdvice, controlAdvice, octal } from "../host/explain.js";
import type { Host, MapRequest, SegmentInfo } from "../host/host.js";
import { checkFree } from "../memory/occupied.js";
import { MAX_WINDOW, memoryByteLength, roundUp, type WasmMemory } from "../memory/window.js";
import { Attachment, type AttachmentLink, type Parts } from "./attachment.js";

export interface AttachOptions {
  /**
   * What may be done to the segment through the attachment (default `"read-write"`).
   * `"read-only"`: writes by the facade are ERR_SHM_READ_ONLY; a store past it lands in a private page, which
   * {@link Attachment.violations} counts. `"copy-on-write"`: the same pages on purpose, {@link Attachment.privatePages};
   * no other process sees what is written.
   */
  access?: Access;
  /** Bytes from the segment's start, a multiple of the page size (default 0). */
  offset?: number;
  /** Bytes, a multiple of the page size or up to the segment's end (default: to the end). */
  length?: number;
  /** A memory of yours and a page-aligned place in it; what is there is lost. Default: a memory of its own. */
  into?: { memory: WasmMemory; byteOffset: number };
}

export interface Permissions {
  mode?: number;
  uid?: number;
  gid?: number;
}

export type { Parts };

const { EACCES, EIDRM, EINVAL } = errnoNumbers;

/**
 * A System V shared memory segment: its identity and its life. From `create`, `open` or `openSegment`.
 *
 * It has a cursor of its own (`read`, `write`, `readChunk`, `seek`, `position`, `reset`), on an attachment made at
 * the first use and let go by `destroy` and dispose. Attach it yourself for more, and where it is larger than a window
 * can be (4 GiB less 64 KiB).
 */
export class Segment {
  readonly #parts: Parts;
  readonly #host: Host;
  readonly #destroyOnDispose: boolean;
  readonly #attachments = new Set<WeakRef<AttachmentLink>>(); // one that is dropped detaches by being collected
  #sweepAt = 64;
  #own: { attachment: Attachment; cursor: Cursor } | undefined;
  #state: "live" | "destroyed" | "disposed" = "live";

  /** The kernel's shmid; 0 is a valid one. */
  readonly id: number;
  /** Bytes asked for at its creation, to 2^53; not the pages granted. */
  readonly size: number;

  /** Segments come from `create`, `open` and `openSegment`. */
  constructor(parts: Parts, id: number, size: number, destroyOnDispose: boolean) {
    this.#parts = parts;
    this.#host = parts.host;
    this.id = id;
    this.size = size;
    this.#destroyOnDispose = destroyOnDispose;
  }

  /** @internal Whether a sandbox can be given it. */
  get canAttachInto(): boolean {
    return this.#host.can("attach into a memory");
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
    if (typeof info === "number") throw this.#refused("shmctl", -info, "IPC_STAT");
    return info;
  }

  /**
   * Changes who may use it; what is left out stays.
   *
   * @param permissions.mode nine permission bits, as chmod(2)
   * @throws {ShmError} `EPERM` not the owner, the creator or root; `EIDRM` it is gone
   * @see shmctl(2), `IPC_SET`
   */
  setPermissions(permissions: Permissions): void {
    const { mode, uid, gid } = checkOptions(permissions, ["mode", "uid", "gid"], "permissions");
    if (mode !== undefined) checkMode(mode);
    if (uid !== undefined) checkInteger("uid", uid, 0, 0xffffffff);
    if (gid !== undefined) checkInteger("gid", gid, 0, 0xffffffff);
    this.#checkNotDisposed("setPermissions");
    const now = this.#permissions();
    const result = this.#host.set(this.id, mode ?? now.mode & 0o777, uid ?? now.uid, gid ?? now.gid);
    if (result < 0) throw this.#refused("shmctl", -result, `IPC_SET of mode ${octal(mode ?? now.mode & 0o777)}`);
  }

  /**
   * Keeps its pages in memory, never swapped.
   *
   * @throws {ShmError} `EPERM` or `ENOMEM` past what this user may lock; `ERR_SHM_UNSUPPORTED` in-process host
   * @see shmctl(2), `SHM_LOCK`
   */
  lock(): void {
    this.#control("lock", "SHM_LOCK");
  }

  /** Takes back {@link lock}. @see shmctl(2), `SHM_UNLOCK` */
  unlock(): void {
    this.#control("unlock", "SHM_UNLOCK");
  }

  /**
   * Marks the segment to be removed: nobody finds it by key any more, and it lives until its last detach, in
   * whichever process. Attachments you made stay, as long as you refer to them; the one behind `read` and `write` is let go.
   *
   * @throws {ShmError} `EPERM` not the owner, the creator or root; `EIDRM` it is gone already
   * @see shmctl(2), `IPC_RMID`
   */
  destroy(): void {
    this.#checkNotDisposed("destroy");
    if (this.#state === "destroyed") throw this.#removed("shmctl", "IPC_RMID");
    const result = this.#host.remove(this.id);
    if (result < 0) throw this.#refused("shmctl", -result, "IPC_RMID");
    this.#state = "destroyed";
    this.#own?.attachment[Symbol.dispose]();
    this.#own = undefined;
  }

  /**
   * Maps `length` bytes of this segment, from `offset`, into a memory of its own.
   * Nothing is copied: the window is the segment until {@link Attachment.detach}.
   *
   * @param options.offset bytes from the segment's start, a multiple of the page size (default 0)
   * @param options.length bytes, a multiple of the page size unless it reaches the end (default: to the end)
   * @param options.into maps over bytes of a memory of yours instead; they are lost, and zeros after the detach
   * @throws {ShmError} `EACCES` the mode refuses this access; `EIDRM` the segment is gone; `ENOMEM` no address space
   * @throws {RangeError} `ERR_OUT_OF_RANGE` the window would pass the end of the segment, or of your memory
   * @see shmop(2), `SHM_REMAP`
   */
  attach(options?: AttachOptions): Attachment {
    const {
      access = "read-write",
      offset = 0,
      length,
      into,
    } = checkOptions(options, ["access", "offset", "length", "into"]);
    checkChoice("options.access", access, accesses);
    const request = { ...this.#window(offset, length, into), access };
    this.#checkNotDisposed("attach");
    if (typeof WebAssembly === "undefined")
      throw unsupported("attaching", "this engine runs without WebAssembly (node --jitless?)");
    if (request.into && !this.#host.can("attach into a memory"))
      throw unsupported(`attaching into a memory by the ${this.#host.name} host`, 'use host: "sysv" on Linux');
    const mapping = this.#host.map(request);
    if (typeof mapping === "number") {
      const asked = `${request.length} bytes from ${request.offset}`;
      throw this.#refused("shmat", -mapping, asked, attachAdvice(this.#host, -mapping, request));
    }
    const attachment = new Attachment(this, this.#parts, mapping, access);
    this.#remember(attachment);
    return attachment;
  }

  /**
   * Detaches an attachment that {@link attach} of this object returned; the same as its own `detach()`.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` not an attachment of this segment
   * @throws {ShmError} `ERR_SHM_DETACHED` it was detached before
   */
  detach(attachment: Attachment): void {
    if (!Attachment.isOf(attachment, this))
      throw invalidType("attachment", `an Attachment that this Segment (${this.id}) made`, attachment);
    attachment.detach();
  }

  /** {@link Cursor.read} of the segment's own cursor. */
  read(target: Uint8Array): number {
    return this.#cursor("read").read(target);
  }

  /** {@link Cursor.write} of the segment's own cursor. */
  write(source: Uint8Array): number {
    return this.#cursor("write").write(source);
  }

  /** {@link Cursor.readChunk} of the segment's own cursor. */
  readChunk(length: number, start = 0): Uint8Array {
    return this.#cursor("readChunk").readChunk(length, start);
  }

  /** {@link Cursor.seek} of the segment's own cursor. */
  seek(offset: number, whence?: Whence): number {
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
   * Detaches what this object attached and, where `create` made the segment, destroys it. May be called twice; an
   * opened segment stays in the system.
   */
  [Symbol.dispose](): void {
    if (this.#state === "disposed") return;
    const destroy = this.#destroyOnDispose && this.#state === "live";
    const failures: unknown[] = []; // none stops the rest
    for (const link of this.#attachments)
      try {
        link.deref()?.attachment?.[Symbol.dispose]();
      } catch (error) {
        failures.push(error);
      }
    this.#attachments.clear();
    this.#own = undefined;
    this.#state = "disposed";
    const result = destroy ? this.#host.remove(this.id) : 0;
    // Gone already, by another process: then there is nothing left to do.
    if (result < 0 && !this.#isGone(-result)) failures.push(this.#refused("shmctl", -result, "IPC_RMID"));
    if (failures.length > 0) throw failures[0];
  }

  #cursor(operation: string): Cursor {
    this.#checkNotDisposed(operation);
    if (this.#state === "destroyed") throw this.#removed("shmat", operation);
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

  /** Remembers what dispose must detach; now and then forgets what is detached or collected. */
  #remember(attachment: Attachment): void {
    this.#attachments.add(new WeakRef(attachment.link));
    if (this.#attachments.size < this.#sweepAt) return;
    for (const link of this.#attachments) if (!link.deref()?.attachment) this.#attachments.delete(link);
    this.#sweepAt = 2 * this.#attachments.size + 64;
  }

  /** The checked window of an attach. */
  #window(offset: number, length: number | undefined, into: AttachOptions["into"]): Omit<MapRequest, "access"> {
    const { pageSize } = this.#host;
    checkSize("options.offset", offset);
    if (offset % pageSize !== 0) throw outOfRange("options.offset", `a multiple of the page size, ${pageSize}`, offset);
    if (offset >= this.size) throw outOfRange("options.offset", `< ${this.size}, the segment's size`, offset);
    const rest = this.size - offset;
    const wanted = length === undefined ? rest : checkSize("options.length", length, 1);
    if (wanted > rest) throw outOfRange("options.length", `<= ${rest}, what the segment has from ${offset}`, wanted);
    if (wanted !== rest && wanted % pageSize !== 0)
      throw outOfRange("options.length", `a multiple of the page size, ${pageSize}, or ${rest}, to the end`, wanted);
    if (wanted > MAX_WINDOW)
      throw outOfRange(
        "options.length",
        `<= ${MAX_WINDOW}, what a memory holds; attach windows of the segment`,
        wanted,
      );
    return { id: this.id, offset, length: wanted, into: into === undefined ? undefined : this.#place(into, wanted) };
  }

  /** The checked place of a window in a memory of the caller's. */
  #place(into: NonNullable<AttachOptions["into"]>, length: number): MapRequest["into"] {
    const { pageSize } = this.#host;
    const { memory, byteOffset } = checkOptions(into, ["memory", "byteOffset"], "options.into");
    const memoryLength = memoryByteLength(memory);
    if (memory === undefined || memoryLength === undefined)
      throw invalidType("options.into.memory", "an instance of WebAssembly.Memory", memory);
    const place = checkSize("options.into.byteOffset", byteOffset);
    if (place % pageSize !== 0)
      throw outOfRange("options.into.byteOffset", `a multiple of the page size, ${pageSize}`, place);
    const room = memoryLength - roundUp(length, pageSize);
    if (place > room)
      throw outOfRange("options.into.byteOffset", `<= ${room}, so that ${length} bytes fit the memory`, place);
    checkFree(memory, place, roundUp(length, pageSize), pageSize);
    return { memory, byteOffset: place };
  }

  #control(command: "lock" | "unlock", name: string): void {
    this.#checkNotDisposed(command);
    if (!this.#host.can("lock"))
      throw unsupported(`${command} by the ${this.#host.name} host`, 'use host: "sysv" on Linux');
    const result = this.#host[command](this.id);
    if (result < 0) throw this.#refused("shmctl", -result, name);
  }

  /** An owner may change a mode that does not let it read; the list shows it all the same. */
  #permissions(): SegmentInfo {
    const info = this.#host.stat(this.id);
    if (typeof info !== "number") return info;
    const list = info === -EACCES ? this.#host.list() : [];
    const found = typeof list === "number" ? undefined : list.find(({ id }) => id === this.id);
    if (!found) throw this.#refused("shmctl", -info, "IPC_STAT");
    return found;
  }

  #checkNotDisposed(operation: string): void {
    if (this.#state === "disposed") throw detached(`${operation}: this object of segment ${this.id} was disposed`);
  }

  /** The kernel answers EINVAL for the id of a removed segment, and for much else. */
  #isGone(error: number): boolean {
    if (error === EIDRM) return true;
    const info = error === EINVAL ? this.#host.stat(this.id) : 0;
    return info === -EINVAL || info === -EIDRM;
  }

  #refused(syscall: string, error: number, asked: string, advice = controlAdvice(error)): Error {
    if (this.#isGone(error)) return this.#removed(syscall, asked);
    return systemError(syscall, error, `${syscall} of segment ${this.id} (${this.size} bytes), ${asked}`, advice);
  }

  #removed(syscall: string, asked: string): Error {
    const advice = "it was destroyed, by this process or another";
    return systemError(syscall, EIDRM, `${syscall} of segment ${this.id} (${this.size} bytes), ${asked}`, advice);
  }
}
