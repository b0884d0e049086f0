// An instance of the package: a host and a core put together.
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
import { errnoNumbers, invalidValue, notOwned, outOfRange, systemError } from "../common/errors.js";
import { PRIVATE_KEY, SharedMemoryFlags } from "../common/flags.js";
import { autoCore } from "../core/auto.js";
import type { Core } from "../core/core.js";
import type { Engine } from "../core/engine.js";
import { jsCore } from "../core/js.js";
import { wasmCore } from "../core/wasm.js";
import type { Streams } from "../cursor/streaming.js";
import { checkCapability, checkHost } from "../host/check.js";
import type { Host, HostCall } from "../host/host.js";
import { threadHost } from "../host/local.js";
import { createChecksum } from "../range/incremental.js";
import type { Parts } from "./attachment.js";
import { keyOf } from "./key.js";
import { messagingOf } from "./messaging.js";
import { type Segment, segments } from "./segment.js";
import type { Shm, ShmOptions } from "./shm.js";
import { createOptions, createTyped, openTyped } from "./typed.js";

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
      if (opens && key !== undefined && realKey === PRIVATE_KEY)
        throw outOfRange("options.key", "other than 0, which stands for no key", key);
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
      if (path.includes("\0")) throw outOfRange("path", "without a NUL byte", path);
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
