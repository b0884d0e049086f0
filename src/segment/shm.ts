import type { MessageParts } from "../channel/codec.js";
import {
  checkBoolean,
  checkChoice,
  checkId,
  checkInteger,
  checkKey,
  checkMode,
  checkOptions,
  checkSize,
  checkString,
  checkUid,
} from "../common/arguments.js";
import type { ElementArrayConstructor } from "../common/elements.js";
import { errnoNumbers, invalidValue, notOwned, outOfRange, systemError } from "../common/errors.js";
import { PRIVATE_KEY, SharedMemoryFlags } from "../common/flags.js";
import { autoCore } from "../core/auto.js";
import type { Core, CoreName } from "../core/core.js";
import type { Engine } from "../core/engine.js";
import { jsCore } from "../core/js.js";
import { wasmCore } from "../core/wasm.js";
import type { Streams } from "../cursor/streaming.js";
import { checkCapability, checkHost } from "../host/check.js";
import type { Host, HostCall, Limits, SegmentInfo } from "../host/host.js";
import { threadHost } from "../host/local.js";
import type { Checksum32, Checksum64 } from "../range/checksum.js";
import { type Checksum, type CreateChecksumOptions, createChecksum } from "../range/incremental.js";
import type { Parts } from "./attachment.js";
import { keyOf } from "./key.js";
import { type Messaging, messagingOf } from "./messaging.js";
import { type Segment, segments } from "./segment.js";
import { createTyped, openTyped, type TypedOptions, type TypedSegment } from "./typed.js";

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
   * last detach. It has no key: hand {@link Segment.id} to other processes, which can open it as long as one has it
   * attached. This object keeps it attached, as does each attachment. Default false.
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

/** What an entry point of the package gives to its instances. */
export interface Platform {
  /**
   * The kernel's segments. @throws {ShmError} `ERR_SHM_UNSUPPORTED` they are not supported here
   * @param addon as {@link ShmOptions.addon}
   */
  sysv(addon?: object | string): Host;
  /** The host to take if none is named. @throws {ShmError} `ERR_SHM_UNSUPPORTED` it is not available */
  byDefault(): Host;
  readonly engine: Engine;
  /** undefined: cursors have no streams. */
  readonly streams: Streams | undefined;
  /** What messages need of Node; undefined without it. */
  readonly messages?: MessageParts | undefined;
}

const { EEXIST, EIDRM, EINVAL, ENOENT } = errnoNumbers;
const EVERY_FLAG = Object.values(SharedMemoryFlags).reduce((all: number, flag) => all | flag, 0);

type HostName = Extract<ShmOptions["host"], string>;

/** The hosts that have a name. */
const hosts: Readonly<Record<HostName, (platform: Platform) => Host>> = {
  sysv: (platform) => platform.sysv(),
  local: threadHost,
};

const HOST = `${Object.keys(hosts)
  .map((name) => `'${name}'`)
  .join(", ")} or a Host`;

const isHostName = (name: string): name is HostName => Object.hasOwn(hosts, name);

/** What hosts were called before 0.2.0. */
const formerNames: Readonly<Record<string, string>> = { native: "sysv", memory: "local" };

function hostOf(option: unknown, addon: object | string | undefined, platform: Platform): Host {
  if (addon !== undefined) {
    if (option === undefined || option === "sysv") return platform.sysv(addon);
    throw invalidValue("options.addon", "It belongs to the sysv host, and options.host names another.", addon);
  }
  if (option === undefined) return platform.byDefault();
  if (typeof option !== "string") return checkHost("options.host", option, HOST);
  if (isHostName(option)) return hosts[option](platform);
  const now = Object.hasOwn(formerNames, option) ? formerNames[option] : undefined;
  const hint = now === undefined ? `It must be ${HOST}.` : `It is called '${now}' since 0.2.0.`;
  throw invalidValue("options.host", hint, option);
}

const createOptions = ["key", "mode", "exclusive", "hugePages", "noReserve", "ephemeral", "uid"] as const;
const coreNames = ["wasm", "js", "auto"] as const;
const cores = { wasm: wasmCore, js: jsCore, auto: autoCore };

function coreOf(name: unknown, engine: Engine): Core {
  return cores[checkChoice("options.core", name, coreNames)](engine);
}

/** Puts a host and a core together. */
export function compose(options: ShmOptions | undefined, platform: Platform): Shm {
  const { host: hostOption, core: coreName = "wasm", addon } = checkOptions(options, ["host", "core", "addon"]);
  const core = coreOf(coreName, platform.engine);
  const host = hostOf(hostOption, addon, platform);
  const parts: Parts = {
    host,
    core,
    engine: platform.engine,
    streams: platform.streams,
    messages: platform.messages,
  };

  function checkHugePages(flags: number): void {
    if (flags & SharedMemoryFlags.HugePages) checkCapability(host, "huge pages", "huge pages");
  }

  function refused(errno: number, call: HostCall): Error {
    return systemError(errno, host.explain(errno, call));
  }

  function get(key: number, size: number, flags: number): number {
    const id = host.get(key, size, flags);
    if (id < 0) throw refused(-id, { operation: "get", key, size, flags });
    return id;
  }

  /**
   * Opens a segment by its id; undefined if it was removed between the call that named it and this one.
   *
   * @param owner who must own it, and have made it; undefined: any user
   */
  function opened(id: number, owner: number | undefined): Segment | undefined {
    const info = host.stat(id);
    if (typeof info !== "number") {
      // A creator that gave the segment away still has all rights to it.
      if (owner !== undefined && (info.uid !== owner || info.cuid !== owner)) throw notOwned(info, owner);
      return segments.make(parts, id, info.size, "opened");
    }
    if (info === -EINVAL || info === -EIDRM) return undefined;
    throw refused(-info, { operation: "stat", id, size: undefined });
  }

  /** Opens the segment that has the key now. */
  function openKey(key: number, owner: number | undefined): Segment {
    for (;;) {
      const id = get(key, 0, SharedMemoryFlags.None); // ENOENT ends the loop
      const segment = opened(id, owner);
      if (segment) return segment;
    }
  }

  /**
   * Opens the segment of a key, or makes it. Tries again if another process makes or removes it meanwhile. A segment that
   * was there may be larger.
   */
  function createOrOpen(key: number, size: number, flags: number, owner: number | undefined): Segment {
    for (;;) {
      const made = host.get(key, size, flags | SharedMemoryFlags.Exclusive);
      if (made >= 0) return segments.make(parts, made, size, "created");
      if (made !== -EEXIST) throw refused(-made, { operation: "get", key, size, flags });
      const found = host.get(key, size, flags & 0o777);
      if (found < 0 && found !== -ENOENT) throw refused(-found, { operation: "get", key, size, flags });
      const there = found < 0 ? undefined : opened(found, owner);
      if (there) return there;
    }
  }

  function createEphemeral(size: number, flags: number): Segment {
    const segment = segments.make(parts, get(PRIVATE_KEY, size, flags), size, "created");
    try {
      segments.makeEphemeral(segment);
    } catch (error) {
      segment[Symbol.dispose]();
      throw error;
    }
    return segment;
  }

  const shm: Shm = {
    host,
    core: core.name,

    create(size, options) {
      const {
        key,
        mode = 0o600,
        exclusive = true,
        hugePages = false,
        noReserve = false,
        ephemeral = false,
        uid,
      } = checkOptions(options, createOptions);
      checkSize("size", size, 1);
      const realKey = key === undefined ? PRIVATE_KEY : checkKey(key);
      let flags = SharedMemoryFlags.Create | checkMode(mode);
      if (checkBoolean("options.hugePages", hugePages)) flags |= SharedMemoryFlags.HugePages;
      if (checkBoolean("options.noReserve", noReserve)) flags |= SharedMemoryFlags.NoReserve;
      checkHugePages(flags);
      const opens = !checkBoolean("options.exclusive", exclusive);
      if (uid !== undefined) checkUid("options.uid", uid);
      if (uid !== undefined && (!opens || realKey === PRIVATE_KEY))
        throw invalidValue("options.uid", "It is of a segment that is there: for exclusive: false, with a key.", uid);
      if (checkBoolean("options.ephemeral", ephemeral)) {
        if (realKey !== PRIVATE_KEY || opens)
          throw invalidValue("options.ephemeral", "Such a segment has no key, as it is removed at once.", ephemeral);
        return createEphemeral(size, flags);
      }
      if (opens) return createOrOpen(realKey, size, flags, uid);
      return segments.make(parts, get(realKey, size, flags | SharedMemoryFlags.Exclusive), size, "created");
    },

    open(target) {
      if (typeof target !== "object" || target === null) {
        const segment = opened(checkId(target), undefined);
        if (segment) return segment;
        throw refused(EINVAL, { operation: "stat", id: target, size: undefined });
      }
      const { key: asked, uid } = checkOptions(target, ["key", "uid"], "target");
      const key = checkKey(asked);
      if (key === PRIVATE_KEY) throw outOfRange("key", "other than 0, which stands for no key", asked);
      return openKey(key, uid === undefined ? undefined : checkUid("target.uid", uid));
    },

    createTyped: (Type, length, options) => createTyped(shm, Type, length, options),
    openTyped: (Type, target, options) => openTyped(shm, Type, target, options),

    openSegment(size, flags = SharedMemoryFlags.Create | SharedMemoryFlags.Exclusive, mode = 0o600) {
      checkSize("size", size, 1);
      checkInteger("flags", flags, 0, EVERY_FLAG);
      if (flags & ~EVERY_FLAG) throw outOfRange("flags", "made of SharedMemoryFlags", flags);
      checkMode(mode);
      checkHugePages(flags);
      return segments.make(parts, get(PRIVATE_KEY, size, flags | mode), size, "made");
    },

    destroySegment(id) {
      const result = host.remove(checkId(id));
      if (result < 0) throw refused(-result, { operation: "remove", id, size: undefined });
    },

    list() {
      const list = host.list();
      if (typeof list === "number") throw refused(-list, { operation: "list" });
      return list;
    },

    limits() {
      const limits = host.limits();
      if (typeof limits === "number") throw refused(-limits, { operation: "limits" });
      return limits;
    },

    ftok(path, projectId) {
      checkString("path", path);
      if (path.includes("\0")) throw outOfRange("path", "without a NUL byte", JSON.stringify(path));
      checkInteger("projectId", projectId, 1, 255);
      checkCapability(host, "ftok", "ftok");
      const key = host.ftok(path, projectId);
      if (key < 0) throw refused(-key, { operation: "ftok", path, projectId });
      return key | 0;
    },

    createChecksum: ((algorithm, options) => createChecksum(core, algorithm, options)) as Shm["createChecksum"],
    keyOf,

    ...messagingOf(() => shm, platform.messages),
  };
  return shm;
}
