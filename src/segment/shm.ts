// What an instance of the package can do, and the options of its calls.
import type { ElementArrayConstructor } from "../common/elements.js";
import type { SharedMemoryFlags } from "../common/flags.js";
import type { CoreName } from "../core/core.js";
import type { Host, Limits, SegmentInfo } from "../host/host.js";
import type { Checksum32, Checksum64 } from "../range/checksum.js";
import type { Checksum, CreateChecksumOptions } from "../range/incremental.js";
import type { Messaging } from "./messaging.js";
import type { Segment } from "./segment.js";
import type { TypedOptions, TypedSegment } from "./typed.js";

export interface ShmOptions {
  /**
   * What makes the system calls: `"sysv"` (the kernel), `"local"` (this thread alone), or a Host of your own.
   * Default: the one that the environment variable WASM_SHM_HOST names; without it `"sysv"` on Linux, else `"local"`.
   */
  host?: "sysv" | "local" | Host;
  /** What works on the bytes: `"wasm"` (default), its plain JS twin `"js"`, or `"auto"`: cursors by JS, ranges by wasm. */
  core?: CoreName;
  /**
   * The addon of the sysv host: the exports of `wasm-shm/addon`, or the absolute path of its file, as a bundle or a single
   * executable may have it. It chooses that host (default: the addon of this package).
   */
  addon?: object | string;
}

export interface CreateOptions {
  /** Other processes find the segment by it; see `keyOf` and `ftok`. Default: no key, so that they need the id. */
  key?: number;
  /** Nine permission bits, as chmod(2) (default 0o600). */
  mode?: number;
  /**
   * Fail with EEXIST if a segment has the key (default true). With false that segment is opened: it may be larger, is not
   * all zeros, and stays at dispose. {@link Segment.created} tells which it was.
   */
  exclusive?: boolean;
  /** With `exclusive: false`: the user that must own the segment that has the key, as in {@link SegmentKey}. */
  uid?: number;
  /**
   * Attach it and remove it at once, so that nothing is left however the process ends: the kernel frees the segment at its
   * last detach. (A SIGKILL between these two system calls leaves it: no system call does both.) It has no key: hand
   * {@link Segment.id} to other processes, which can open it as long as one has it attached. This object keeps it
   * attached, as does each attachment. Default false.
   */
  ephemeral?: boolean;
  /**
   * Back it with huge pages. The kernel grants whole ones; a window's offset, and a length that does not reach the
   * end, are then multiples of `limits().hugePageSize`.
   */
  hugePages?: boolean;
  /**
   * Reserve no memory for it: it may then be larger than what the machine has. A store that finds no page left ends the
   * process: by the OOM killer, or with huge pages by a SIGBUS.
   */
  noReserve?: boolean;
}

/** A segment by its key, and who must own it. */
export interface SegmentKey {
  key: number;
  /**
   * The user that must own the segment and have created it: any user can make a segment with a key that it guesses, and
   * give it away (default: any user).
   */
  uid?: number;
}

/** System V shared memory over one host and one core. Its functions need no `this`. */
export interface Shm extends Messaging {
  /**
   * The host in use; `host.name` is "sysv", "local" or that of your own.
   *
   * @throws {ShmError} `ERR_SHM_UNSUPPORTED` on the default instance alone: it has none, and each of its functions says why
   */
  readonly host: Host;
  /** The core in use. */
  readonly core: CoreName;

  /**
   * Makes a segment of `size` bytes, all zeros. `using` it, or its dispose, destroys it again.
   *
   * @throws {ShmError} `EEXIST` a segment has the key; `ENOSPC`, `ENOMEM`, `EINVAL` past a limit, which the message
   *   names; `EPERM` huge pages are not for this user; `ERR_SHM_UNSUPPORTED` huge pages on the local host;
   *   `ERR_SHM_OWNER` the segment that has the key is not the user's
   * @throws {RangeError} `ERR_OUT_OF_RANGE` size is not a whole number of bytes from 1 to 2^53 - 1
   * @see shmget(2)
   */
  create(size: number, options?: CreateOptions): Segment;

  /**
   * Opens a segment that exists, by its id or its key. It is left in the system at dispose.
   *
   * @throws {ShmError} `EINVAL` no segment has the id; `ENOENT` no segment has the key; `EACCES` its mode refuses this
   *   user; `ERR_SHM_OWNER` it is not the user's that was demanded
   * @see shmget(2), shmctl(2) `IPC_STAT`
   */
  open(target: number | SegmentKey): Segment;

  /**
   * Makes a segment for `length` elements of a type, and attaches it.
   *
   * @param Type one of the eleven typed-array constructors
   * @param length elements
   * @param options as {@link create} and {@link Segment.attach} take them
   * @throws {ShmError} as these two
   */
  createTyped<T extends ElementArrayConstructor>(
    Type: T,
    length: number,
    options?: TypedOptions & CreateOptions,
  ): TypedSegment<InstanceType<T>>;

  /** Opens a segment as {@link open}, and attaches it as an array of all its elements. */
  openTyped<T extends ElementArrayConstructor>(
    Type: T,
    target: number | SegmentKey,
    options?: TypedOptions,
  ): TypedSegment<InstanceType<T>>;

  /**
   * Makes a private segment as Go's OpenSegment does: the size, SharedMemoryFlags and mode go to the system as they are.
   * Unlike a segment from `create`, it is left in the system at dispose.
   *
   * @throws {ShmError} as {@link create}
   * @see shmget(2)
   */
  openSegment(size: number, flags?: SharedMemoryFlags, mode?: number): Segment;

  /**
   * Marks a segment to be removed, by id alone. @see {@link Segment.destroy}
   *
   * @throws {ShmError} `EINVAL` no segment has the id; `EPERM` not the owner, the creator or root
   */
  destroySegment(id: number): void;

  /**
   * A checksum of bytes that come in parts, such as the windows of a segment that is larger than one.
   *
   * @param options where it begins: `previous`, `seed`, or a `state`
   * @throws {TypeError} `ERR_INVALID_ARG_VALUE` the state is not of this algorithm, or damaged
   */
  createChecksum(algorithm: Checksum32, options?: Omit<CreateChecksumOptions, "seed">): Checksum<number>;
  createChecksum(algorithm: Checksum64, options?: Omit<CreateChecksumOptions, "previous">): Checksum<bigint>;

  /** Every segment of the system, also those that this user may not read. @see shmctl(2), `SHM_STAT_ANY` */
  list(): SegmentInfo[];

  /** What the system allows, and what is in use. */
  limits(): Limits;

  /**
   * A key from a file that exists and a number from 1 to 255: the same for all processes that name the same two.
   *
   * @throws {ShmError} `ENOENT`, `EACCES` the file cannot be looked at; `ERR_SHM_UNSUPPORTED` local host
   * @see ftok(3)
   */
  ftok(path: string, projectId: number): number;

  /**
   * A key from a name: zlib's CRC-32 of its UTF-8 bytes, signed, so that programs in other languages make the same. Two
   * of 10,000 names have the same key with a probability of 1 %, and names that collide are easily made up: demand the
   * owner (`uid`), and look at the content.
   *
   * @throws {RangeError} `ERR_OUT_OF_RANGE` the CRC-32 is 0, which stands for no key, as of the empty name
   */
  keyOf(name: string): number;
}
