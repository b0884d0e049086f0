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
} from "../common/arguments.js";
import { errnoNumbers, invalidType, outOfRange, systemError, unsupported } from "../common/errors.js";
import { PRIVATE_KEY, SharedMemoryFlags } from "../common/flags.js";
import { autoCore } from "../core/auto.js";
import type { Core, CoreName } from "../core/core.js";
import type { Engine } from "../core/engine.js";
import { jsCore } from "../core/js.js";
import { wasmCore } from "../core/wasm.js";
import type { Streams } from "../cursor/streams.js";
import { controlAdvice, getAdvice, hexadecimal, octal } from "../host/explain.js";
import type { Host, Limits, SegmentInfo } from "../host/host.js";
import { localHost } from "../host/local.js";
import { type Parts, Segment } from "./segment.js";

export interface ShmOptions {
  /**
   * Who makes the system calls: `"sysv"` (the kernel) or `"local"` (this thread alone), or a Host of your own.
   * Default: native where its addon loads, else memory; `shm.host.name` says which.
   */
  host?: "sysv" | "local" | Host;
  /** Who does the work on bytes: the wasm core (default), its plain JS twin, or `"auto"`, cursors by JS and ranges by wasm. */
  core?: CoreName;
}

export interface CreateOptions {
  /** Others find the segment by it; see `ftok`. Default: none, they need the id. */
  key?: number;
  /** Nine permission bits, as chmod(2) (default 0o600). */
  mode?: number;
  /**
   * Fail with EEXIST where a segment has the key (default true). With false that one is opened: it may be larger, is
   * not all zeros, and stays at dispose.
   */
  exclusive?: boolean;
  /**
   * Back it with huge pages. The kernel grants whole ones; a window's offset, and a length that does not reach the
   * end, are then multiples of `limits().hugePageSize`.
   */
  hugePages?: boolean;
  /**
   * Set no memory aside for it (SHM_NORESERVE): it may be larger than all there is. A store then meets what is left;
   * with huge pages and none free that is a SIGBUS, which ends the process.
   */
  noReserve?: boolean;
}

/** System V shared memory over one host and one core. Its functions need no `this`. */
export interface Shm {
  /** The host in use; `host.name` is "sysv" or "local". */
  readonly host: Host;
  /** The core in use. */
  readonly core: CoreName;

  /**
   * Makes a segment of `size` bytes, all zeros. `using` it, or its dispose, destroys it again.
   *
   * @throws {ShmError} `EEXIST` a segment has the key; `ENOSPC`, `ENOMEM`, `EINVAL` past a limit, which the message
   *   names; `EPERM` huge pages are not for this user; `ERR_SHM_UNSUPPORTED` huge pages on the in-process host
   * @throws {RangeError} `ERR_OUT_OF_RANGE` size is not a whole number of bytes from 1 to 2^53 - 1
   * @see shmget(2)
   */
  create(size: number, options?: CreateOptions): Segment;

  /**
   * Opens a segment that exists, by its id or its key. It is left in the system at dispose.
   *
   * @throws {ShmError} `EINVAL` no segment has the id; `ENOENT` none has the key; `EACCES` its mode refuses this user
   * @see shmget(2), shmctl(2) `IPC_STAT`
   */
  open(target: number | { key: number }): Segment;

  /**
   * Makes a private segment as Go's OpenSegment does: the size, SharedMemoryFlags and mode go to shmget(2) as they
   * are. Unlike one from `create`, it is left in the system at dispose.
   */
  openSegment(size: number, flags?: SharedMemoryFlags, mode?: number): Segment;

  /**
   * Marks a segment to be removed, by id alone. @see {@link Segment.destroy}
   *
   * @throws {ShmError} `EINVAL` no segment has the id; `EPERM` not the owner, the creator or root
   */
  destroySegment(id: number): void;

  /** Every segment of the system, whoever may read it. @see shmctl(2), `SHM_STAT_ANY` */
  list(): SegmentInfo[];

  /** What the system allows, and what is in use. */
  limits(): Limits;

  /**
   * A key from a file that exists and a number from 1 to 255: the same for everyone who names the same two.
   *
   * @throws {ShmError} `ENOENT`, `EACCES` the file cannot be looked at; `ERR_SHM_UNSUPPORTED` in-process host
   * @see ftok(3)
   */
  ftok(path: string, projectId: number): number;
}

/** What an entry point of the package gives to its instances. */
export interface Platform {
  /** The kernel's segments. @throws {ShmError} `ERR_SHM_UNSUPPORTED` they are not supported here */
  sysv(): Host;
  /** The host to take if none is named. */
  byDefault(): Host;
  readonly engine: Engine;
  /** undefined: cursors have no streams. */
  readonly streams: Streams | undefined;
}

const { EEXIST, EIDRM, EINVAL, ENOENT } = errnoNumbers;
const EVERY_FLAG = Object.values(SharedMemoryFlags).reduce((all: number, flag) => all | flag, 0);

let threadsMemory: Host | undefined;

/** The in-process host that `"local"` names: one a thread, so that all who name it see the same segments. */
export function threadHost(): Host {
  threadsMemory ??= localHost();
  return threadsMemory;
}

function hostOf(option: ShmOptions["host"], platform: Platform): Host {
  if (option === undefined) return platform.byDefault();
  if (option === "sysv") return platform.sysv();
  if (option === "local") return threadHost();
  if (typeof option === "object" && option !== null && typeof option.map === "function") return option;
  throw invalidType("options.host", `"sysv", "local" or a Host`, option);
}

const createOptions = ["key", "mode", "exclusive", "hugePages", "noReserve"] as const;
const coreNames = ["wasm", "js", "auto"] as const;
const cores = { wasm: wasmCore, js: jsCore, auto: autoCore };

function coreOf(name: unknown, engine: Engine): Core {
  return cores[checkChoice("options.core", name, coreNames)](engine);
}

/** Puts a host and a core together. */
export function compose(options: ShmOptions | undefined, platform: Platform): Shm {
  const { host: hostOption, core: coreName = "wasm" } = checkOptions(options, ["host", "core"]);
  const core = coreOf(coreName, platform.engine);
  const host = hostOf(hostOption, platform);
  const parts: Parts = { host, core, streams: platform.streams };

  function checkHugePages(flags: number): void {
    if (flags & SharedMemoryFlags.HugePages && !host.can("huge pages"))
      throw unsupported(`huge pages by the ${host.name} host`, 'use host: "sysv" on Linux');
  }

  /** The error for a refused shmget(2): what was asked, and why. */
  function refused(error: number, key: number, size: number, flags: number): Error {
    const wanted = flags & SharedMemoryFlags.Create ? `${size} bytes, mode ${octal(flags & 0o777)}, ` : "";
    const which = key === PRIVATE_KEY ? "no key" : `key ${hexadecimal(key)}`;
    return systemError("shmget", error, `shmget of ${wanted}${which}`, getAdvice(host, error, key, size, flags));
  }

  function get(key: number, size: number, flags: number): number {
    const id = host.get(key, size, flags);
    if (id < 0) throw refused(-id, key, size, flags);
    return id;
  }

  function opened(id: number, size: number): Segment {
    return new Segment(parts, id, size, false);
  }

  /** IPC_STAT's size, or undefined where the segment went between the call that named it and this one. */
  function sizeOf(id: number): number | undefined {
    const info = host.stat(id);
    if (typeof info !== "number") return info.size;
    if (info === -EINVAL || info === -EIDRM) return undefined;
    throw systemError("shmctl", -info, `IPC_STAT of segment ${id}`, controlAdvice(-info));
  }

  /** Opens the segment of a key, whichever it is now. */
  function openKey(key: number): Segment {
    for (;;) {
      const id = get(key, 0, SharedMemoryFlags.None); // ENOENT ends the loop
      const size = sizeOf(id);
      if (size !== undefined) return opened(id, size);
    }
  }

  /** Opens the segment of a key or makes it, whichever another process leaves us; its size may be larger. */
  function createOrOpen(key: number, size: number, flags: number): Segment {
    for (;;) {
      const made = host.get(key, size, flags | SharedMemoryFlags.Exclusive);
      if (made >= 0) return new Segment(parts, made, size, true);
      if (made !== -EEXIST) throw refused(-made, key, size, flags);
      const found = host.get(key, size, flags & 0o777);
      if (found < 0 && found !== -ENOENT) throw refused(-found, key, size, flags);
      const there = found < 0 ? undefined : sizeOf(found);
      if (there !== undefined) return opened(found, there);
    }
  }

  return {
    host,
    core: core.name,

    create(size, options) {
      const {
        key,
        mode = 0o600,
        exclusive = true,
        hugePages = false,
        noReserve = false,
      } = checkOptions(options, createOptions);
      checkSize("size", size, 1);
      const realKey = key === undefined ? PRIVATE_KEY : checkKey(key);
      let flags = SharedMemoryFlags.Create | checkMode(mode);
      if (checkBoolean("options.hugePages", hugePages)) flags |= SharedMemoryFlags.HugePages;
      if (checkBoolean("options.noReserve", noReserve)) flags |= SharedMemoryFlags.NoReserve;
      checkHugePages(flags);
      if (!checkBoolean("options.exclusive", exclusive)) return createOrOpen(realKey, size, flags);
      return new Segment(parts, get(realKey, size, flags | SharedMemoryFlags.Exclusive), size, true);
    },

    open(target) {
      if (typeof target !== "object" || target === null) {
        const size = sizeOf(checkId(target));
        if (size !== undefined) return opened(target, size);
        throw systemError("shmctl", EINVAL, `IPC_STAT of segment ${target}`, controlAdvice(EINVAL));
      }
      const { key: asked } = checkOptions(target, ["key"], "target");
      const key = checkKey(asked);
      if (key === PRIVATE_KEY) throw outOfRange("key", "other than 0, which is no key (IPC_PRIVATE)", asked);
      return openKey(key);
    },

    openSegment(size, flags = SharedMemoryFlags.Create | SharedMemoryFlags.Exclusive, mode = 0o600) {
      checkSize("size", size, 1);
      checkInteger("flags", flags, 0, EVERY_FLAG);
      if (flags & ~EVERY_FLAG) throw outOfRange("flags", "made of SharedMemoryFlags", flags);
      checkMode(mode);
      checkHugePages(flags);
      return new Segment(parts, get(PRIVATE_KEY, size, flags | mode), size, false);
    },

    destroySegment(id) {
      const result = host.remove(checkId(id));
      if (result < 0) throw systemError("shmctl", -result, `IPC_RMID of segment ${id}`, controlAdvice(-result));
    },

    list() {
      const list = host.list();
      if (typeof list === "number") throw systemError("shmctl", -list, "SHM_STAT_ANY of every segment");
      return list;
    },

    limits() {
      const limits = host.limits();
      if (typeof limits === "number") throw systemError("shmctl", -limits, "IPC_INFO");
      return limits;
    },

    ftok(path, projectId) {
      checkString("path", path);
      if (path.includes("\0")) throw outOfRange("path", "without a NUL byte", JSON.stringify(path));
      checkInteger("projectId", projectId, 1, 255);
      if (!host.can("ftok")) throw unsupported(`ftok by the ${host.name} host`, 'use host: "sysv" on Linux');
      const key = host.ftok(path, projectId);
      if (key < 0) throw systemError("ftok", -key, `ftok of ${JSON.stringify(path)} and ${projectId}`);
      return key | 0;
    },
  };
}
