/// <reference types="node" preserve="true" />
// "wasm-shm/x11": segments that an X server reads and writes in place, for the npm package x11. This file never imports
// that package. The contract is the comment on top of its lib/shm-provider.js (4.2.2); it has no types, so they are here.
import { Buffer } from "node:buffer";
import { checkChoice, checkInteger, checkMode, checkOptions, checkString } from "../common/arguments.js";
import { invalidType, unsupported } from "../common/errors.js";
import { type MemoryKind, memoryKinds } from "../common/flags.js";
import { MAX_WINDOW } from "../memory/layout.js";
import { createShm } from "../node.js";
import type { Attachment } from "../segment/attachment.js";
import type { Segment } from "../segment/segment.js";
import type { Shm } from "../segment/shm.js";

export type { Attachment } from "../segment/attachment.js";

export interface X11ProviderOptions {
  /** The display that the client connects to (default: DISPLAY, as in that package). */
  display?: string;
  /** Nine permission bits, as chmod(2) (default 0o600). An X server of another user that is not root needs 0o666. */
  mode?: number;
  /**
   * The kind of memory that a segment is in (default `"shared"`). A guest that imports an unshared memory, and draws in
   * place, needs `"plain"`: see `attach()` for its danger.
   */
  memory?: MemoryKind;
}

/** A segment of the provider. It is marked to be removed already: the kernel frees it with its last detach. */
export interface X11Segment {
  /** Bytes asked for. */
  readonly size: number;
  /** The kernel's id, which the server attaches by. */
  readonly shmid: number;
  /** The segment itself, no copy: the server reads what is stored here. Zeros after destroy. */
  readonly buffer: Buffer;
  /** Where the segment is: a guest that imports `attachment.memory` draws at `attachment.byteOffset`. */
  readonly attachment: Attachment;
}

/** What `createClient({ shm })` of the npm package x11 takes. */
export interface X11Provider {
  readonly flavor: "shmid";
  readonly zeroCopy: true;

  /**
   * A segment of `size` bytes, all zeros.
   *
   * @throws {RangeError} `ERR_OUT_OF_RANGE` size is not a whole number of bytes from 1 to 4 GiB less 64 KiB
   * @throws {ShmError} `ERR_SHM_UNSUPPORTED` the display is not on this machine, or the addon did not load; `ENOSPC`,
   *   `ENOMEM`, `EINVAL` past a limit, which the message names
   */
  create(size: number): X11Segment;

  /**
   * Copies nothing. The first call checks that the server attached this very segment: in another IPC namespace, or on
   * another machine, the same id names another one.
   *
   * @throws {ShmError} `ERR_SHM_UNSUPPORTED` no other process has attached it so far
   */
  commit(segment: X11Segment, offset?: number, length?: number): void;

  /** Copies nothing: the buffer has what the server wrote. */
  sync(segment: X11Segment, offset?: number, length?: number): void;

  /** Detaches it; the kernel frees it when the server has detached, too. May be called twice, and without a connection. */
  destroy(segment: X11Segment): void;

  /**
   * The provider's segment for one of the package's `createSegment`; found by its buffer.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` this provider did not make it
   */
  segmentOf(segment: { readonly buffer: Buffer }): X11Segment;
}

/** Displays that the package reaches by a socket in the file system; it connects to all others by TCP. */
const LOCAL_DISPLAY = /^(?:(?:unix|local)\/.*)?:\d+(?:\.\d+)?$/;

function makeSegment(
  shm: Shm,
  size: number,
  mode: number,
  memory: MemoryKind,
): { segment: Segment; attachment: Attachment } {
  const segment = shm.create(size, { mode });
  try {
    const attachment = segment.attach({ memory });
    // Linux lets other processes attach by id until the last detach, and X servers use only the id. From here on a
    // SIGKILL of either side leaves nothing.
    segment.destroy();
    return { segment, attachment };
  } catch (error) {
    segment[Symbol.dispose]();
    throw error;
  }
}

/**
 * Shared memory for `createClient({ shm: x11Provider() })` of the npm package x11: System V segments, attached by the
 * server with MIT-SHM's Attach and mapped into a WebAssembly.Memory here, so that neither side copies.
 *
 * It may serve several clients of one display. If the display is not on this machine, `create` throws, which makes the
 * package's `usable` false.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` an option is of the wrong kind
 * @see https://www.x.org/releases/X11R7.7/doc/xextproto/shm.html
 */
export function x11Provider(options?: X11ProviderOptions): X11Provider {
  const {
    display = process.env["DISPLAY"] || ":0",
    mode = 0o600,
    memory = "shared",
  } = checkOptions(options, ["display", "mode", "memory"]);
  const isLocal = LOCAL_DISPLAY.test(checkString("options.display", display));
  checkMode(mode);
  checkChoice("options.memory", memory, memoryKinds);
  const segments = new WeakMap<Buffer, X11Segment>();
  /** Those that the server may not have attached. */
  const unproven = new WeakMap<X11Segment, Segment>();
  let shm: Shm | undefined;

  return {
    flavor: "shmid",
    zeroCopy: true,

    create(size) {
      checkInteger("size", size, 1, MAX_WINDOW);
      if (!isLocal)
        throw unsupported(`shared memory with the X server of ${JSON.stringify(display)}`, "it is not on this machine");
      // Never the local host: the server would take its ids for the kernel's.
      shm ??= createShm({ host: "sysv" });
      const { segment, attachment } = makeSegment(shm, size, mode, memory);
      const buffer = Buffer.from(attachment.memory.buffer, attachment.byteOffset, size);
      const made = { size, shmid: segment.id, buffer, attachment };
      segments.set(buffer, made);
      unproven.set(made, segment);
      return made;
    },

    commit(made) {
      const segment = unproven.get(made);
      if (!segment) return;
      const { nattch, lpid, cpid } = segment.stat();
      // A child process that was started since makes the check pass, as fork(2) attaches until its exec. It never fails
      // wrongly: a server that attached and detached has left its pid.
      if (nattch === 1 && lpid === cpid)
        throw unsupported(
          `segment ${made.shmid} in the X server`,
          "the server did not attach it. In another IPC namespace or on another machine the id names another segment",
        );
      unproven.delete(made);
    },

    sync() {},

    destroy(made) {
      if (!segments.has(made?.buffer)) throw invalidType("segment", "one that this provider made", made);
      unproven.delete(made);
      made.attachment[Symbol.dispose]();
    },

    segmentOf(segment) {
      const made = segments.get(segment?.buffer);
      if (!made) throw invalidType("segment", "one that this provider made", segment);
      return made;
    },
  };
}
