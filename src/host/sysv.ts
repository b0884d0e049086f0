// The kernel's segments, by the addon in native/. No other file touches the addon, but listing.ts to list.
import { isAbsolute } from "node:path";
import loader from "#loader";
import { errnoNumbers, invalidType, invalidValue, unsupported } from "../common/errors.js";
import { VERSION } from "../common/version.js";
import type { NativeCopy } from "../memory/copy.js";
import { pagesOf, roundUp, WASM_PAGE, type WasmMemory, WINDOW_START } from "../memory/layout.js";
import { fs } from "./builtin.js";
import { explainSysv } from "./explain.js";
import type { Capability, Explanation, Host, HostCall, Limits, Mapping, MapRequest, SegmentInfo } from "./host.js";
import { mayStandForAnother } from "./ids.js";
import { type StatFields, segmentInfo } from "./listing.js";
import type { JoinRequest, Membership } from "./membership.js";
import { whyNotLoaded } from "./missing.js";
import type { ProcessCalls } from "./process.js";
import { checkStays, recyclesMemories } from "./recycled.js";
import { firstPages, V8, type Weight, Weights } from "./weight.js";

const { readFileSync } = fs;

/** The addon never throws; a negative number is -errno. A window is a Uint8Array over whole pages of memory.buffer. */
interface Addon extends Pick<NativeCopy, "read" | "write"> {
  /** What a process does to itself: no test may call these at random. */
  readonly process: ProcessCalls;
  get(key: number, size: number, flags: number): number;
  stat(id: number): StatFields | number;
  set(id: number, mode: number, uid: number, gid: number): number;
  remove(id: number): number;
  lock(id: number): number;
  unlock(id: number): number;
  map(memory: WasmMemory, window: Uint8Array, id: number, offset: number, guarded: boolean, alone: boolean): number;
  /** Attaches the segment over a guarded window again, so that its private pages are gone. */
  discard(memory: WasmMemory, window: Uint8Array, id: number, offset: number): number;
  /** Private pages of a guarded window. */
  privatePages(memory: WasmMemory, window: Uint8Array): number;
  unmap(memory: WasmMemory, window: Uint8Array): number;
  /** Keeps the memory until the release, or to the end of the thread, which unmaps the window. */
  hold(memory: WasmMemory, window: Uint8Array): number;
  release(memory: WasmMemory, window: Uint8Array): number;
  address(memory: WasmMemory, window: Uint8Array): bigint | number;
  list(): StatFields[] | number;
  limits(): Omit<Limits, "pageSize" | "hugePageSize" | "maxMapCount"> | number;
  ftok(path: string, projectId: number): number;
  /** Has the engine count so many bytes more outside its heap, or less. */
  weigh(bytes: number): number;
  /** Takes room for the mappings of one attachment, or of one participant. Returns 0 or -errno. */
  reserve(): number;
  /** Joins the domain at `offset` of the window; `result` is 0 or -errno. */
  readonly Participant: new (
    memory: WasmMemory,
    window: Uint8Array,
    offset: number,
    slots: number,
    pageSize: number,
    kind: number,
    changed: () => void,
    isLibuv: boolean,
  ) => Membership & { readonly result: number };
  readonly constants: Readonly<Record<string, number>>;
  /** Where the addon was loaded from, as the system's loader tells. */
  readonly file: string;
}

/** The addon is given the request again when it discards private pages. */
interface SysvMapping extends Mapping {
  readonly request: MapRequest;
  /** Of a shared memory that this host made. */
  weight: Weight | undefined;
}

const USE_LOCAL = 'use host: "local"';

/** @param given the addon's exports or its file, as `createShm({ addon })` has them; undefined: the package's own */
function loadAddon(given: unknown): Addon {
  if (process.platform !== "linux")
    throw unsupported("the sysv host", `it needs Linux, and this is ${process.platform}; ${USE_LOCAL}`, {
      hint: USE_LOCAL,
    });
  if (isAddon(given)) return given;
  if (given !== undefined && typeof given !== "string")
    throw invalidType("options.addon", "the exports of wasm-shm/addon of this version, or the path of its file", given);
  // dlopen(3) would look for another path in the system's folders, or in the current one.
  if (given !== undefined && (!isAbsolute(given) || given.includes("\0")))
    throw invalidValue("options.addon", "It must be an absolute path.", given);
  try {
    const loaded = given === undefined ? loader.load() : loader.open(given);
    if (isAddon(loaded)) return loaded;
    throw new Error(`what was loaded is not the addon of wasm-shm ${VERSION}, but ${inspectBriefly(loaded)}`);
  } catch (cause) {
    const { reason, hint } = whyNotLoaded(loader.root, given, cause);
    throw unsupported("the sysv host", hint === undefined ? reason : `${reason}; ${hint}`, { hint, cause });
  }
}

const functions =
  "get stat set remove lock unlock map discard privatePages unmap hold release address list limits ftok reserve weigh read write";

function isAddon(value: unknown): value is Addon {
  if (typeof value !== "object" || value === null) return false;
  const { constants, file, process, ...members } = value as Partial<Addon>;
  const names = functions.split(" ") as (keyof typeof members)[];
  return (
    typeof constants === "object" &&
    typeof process === "object" &&
    typeof file === "string" &&
    names.every((name) => typeof members[name] === "function")
  );
}

/** A bundler may put a file's name or URL in the place of the addon. */
const inspectBriefly = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(value.slice(0, 200)) : `of type ${typeof value}`;

/** The number after a label in one of /proc's text files; undefined if the file or the label does not exist. */
function procNumber(path: string, pattern: RegExp): number | undefined {
  try {
    const found = pattern.exec(readFileSync(path, "latin1"))?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}

/** Whether the event loop is libuv's, which can wait for a socket of the addon's. */
const isLibuv = process.versions["bun"] === undefined && process.versions["deno"] === undefined;

const capabilities: readonly Capability[] = [
  "attach into a memory",
  "shared memory",
  "reserve",
  "huge pages",
  "lock",
  "ftok",
  "open in another thread",
  "join",
];

class SysvHost implements Host {
  readonly name = "sysv";
  readonly pageSize: number;
  readonly #addon: Addon;
  readonly #weights: Weights;
  readonly #hugePageSize: number | undefined;

  get addonFile(): string {
    return this.#addon.file;
  }

  get processCalls(): ProcessCalls {
    return this.#addon.process;
  }

  constructor(addon: Addon) {
    this.#addon = addon;
    this.#weights = new Weights(addon.weigh);
    this.pageSize = addon.constants["pageSize"] as number;
    const kibibytes = procNumber("/proc/meminfo", /^Hugepagesize:\s+(\d+) kB$/m);
    this.#hugePageSize = kibibytes === undefined ? undefined : kibibytes * 1024;
  }

  can(capability: Capability): boolean {
    return capabilities.includes(capability);
  }

  get(key: number, size: number, flags: number): number {
    return this.#addon.get(key, size, flags);
  }

  stat(id: number): SegmentInfo | number {
    const fields = this.#addon.stat(id);
    return typeof fields === "number" ? fields : segmentInfo(fields);
  }

  /** IPC_SET has no way to leave the owner as it is, and the number that stands for an unmapped one is another user's. */
  set(id: number, mode: number, uid: number, gid: number, named: { uid: boolean; gid: boolean }): number {
    if (!named.uid && mayStandForAnother("uid", uid)) return -errnoNumbers.EOVERFLOW;
    if (!named.gid && mayStandForAnother("gid", gid)) return -errnoNumbers.EOVERFLOW;
    return this.#addon.set(id, mode, uid, gid);
  }

  remove(id: number): number {
    return this.#addon.remove(id);
  }

  lock(id: number): number {
    return this.#addon.lock(id);
  }

  unlock(id: number): number {
    return this.#addon.unlock(id);
  }

  map(request: MapRequest): Mapping | number {
    const refused = this.#addon.reserve();
    if (refused < 0) return refused;
    if (request.into)
      return this.#mapAt(request.into.memory, request.into.byteOffset, request, this.pageSize, "caller");
    const mapping = this.#mapOwn(request, this.pageSize);
    // EINVAL may mean huge pages: the kernel does not say beforehand, and such a window must begin and end on one.
    const mayBeHuge = mapping === -errnoNumbers.EINVAL && this.#hugePageSize !== undefined;
    return mayBeHuge ? this.#mapOwn(request, this.#hugePageSize) : mapping;
  }

  unmap(mapping: Mapping): number {
    const { memory, weight } = mapping as SysvMapping;
    return (
      this.#inPlace(mapping, (pages) => {
        const result = this.#addon.unmap(memory, pages);
        if (result === 0 && recyclesMemories) this.#addon.release(memory, pages);
        if (result === 0 && weight) this.#weights.lighten(weight);
        return result;
      }) ?? 0
    );
  }

  discard(mapping: Mapping): number {
    const { id, offset, access } = (mapping as SysvMapping).request;
    if (access === "read-write") return 0;
    return this.#inPlace(mapping, (pages) => this.#addon.discard(mapping.memory, pages, id, offset)) ?? 0;
  }

  privatePages(mapping: Mapping): number {
    return this.#inPlace(mapping, (pages) => this.#addon.privatePages(mapping.memory, pages)) ?? 0;
  }

  isInPlace(mapping: Mapping): boolean {
    return this.#inPlace(mapping, () => 0) !== undefined;
  }

  join(mapping: Mapping, { offset, slots, kind, changed }: JoinRequest): Membership | number {
    const refused = this.#addon.reserve();
    if (refused < 0) return refused;
    const { memory, pageSize } = mapping;
    let participant: InstanceType<Addon["Participant"]> | undefined;
    const result = this.#inPlace(mapping, (pages) => {
      participant = new this.#addon.Participant(memory, pages, offset, slots, pageSize, kind, changed, isLibuv);
      return participant.result;
    });
    if (result === undefined || participant === undefined) return -errnoNumbers.EFAULT;
    return result < 0 ? result : participant;
  }

  list(): SegmentInfo[] | number {
    const list = this.#addon.list();
    return typeof list === "number" ? list : list.map(segmentInfo);
  }

  limits(): Limits | number {
    const limits = this.#addon.limits();
    if (typeof limits === "number") return limits;
    return {
      ...limits,
      pageSize: this.pageSize,
      hugePageSize: this.#hugePageSize,
      maxMapCount: procNumber("/proc/sys/vm/max_map_count", /^(\d+)$/m),
    };
  }

  ftok(path: string, projectId: number): number {
    return this.#addon.ftok(path, projectId);
  }

  explain(errno: number, call: HostCall): Explanation {
    return explainSysv(errno, call, {
      limits: () => {
        const limits = this.limits();
        return typeof limits === "number" ? undefined : limits;
      },
      mayLock: () => procNumber("/proc/self/limits", /^Max locked memory +(\d+)/m) !== 0,
    });
  }

  /**
   * Maps into a memory of its own, at the first address behind the core's page and the reserve that is a multiple of `unit`. A shared
   * one, unless a plain one is asked for: other processes write there at any time, and V8 reads the bytes of a plain
   * memory twice and trusts its first reading. TextDecoder and sort() then write past their buffers.
   */
  #mapOwn(request: MapRequest, unit: number): Mapping | number {
    const slack = unit > WASM_PAGE ? unit : 0; // the engine aligns a memory to a wasm page, not to a huge one
    const start = WINDOW_START + (request.reserve ?? 0);
    const pages = Math.ceil((start + slack + roundUp(request.length, unit)) / WASM_PAGE);
    const shared = request.memory !== "plain";
    const initial = shared ? firstPages(pages) : pages;
    let memory: WasmMemory;
    try {
      memory = new WebAssembly.Memory({ initial, maximum: pages, shared });
      if (initial < pages) memory.grow(pages - initial);
    } catch {
      return -errnoNumbers.ENOMEM; // too little address space left, or past the engine's largest memory
    }
    const weight = shared ? this.#weights.weigh(memory, pages * WASM_PAGE) : undefined;
    const base = this.#address(memory, 0, this.pageSize);
    if (typeof base === "number") return base;
    const past = Number((base + BigInt(start)) % BigInt(unit));
    const byteOffset = start + (past === 0 ? 0 : unit - past);
    const mapping = this.#mapAt(memory, byteOffset, request, unit, "mapping");
    if (typeof mapping !== "number") mapping.weight = weight;
    return mapping;
  }

  /**
   * Calls the addon with a view of the memory. It takes views of the present buffer only, and a grow by another thread
   * gives a shared memory a new one at any time: then the call is made again.
   */
  #view<T>(memory: WasmMemory, byteOffset: number, length: number, call: (pages: Uint8Array) => T): T {
    for (;;) {
      const pages = pagesOf(memory, byteOffset, length);
      const result = call(pages);
      if (result !== -errnoNumbers.EINVAL || pages.buffer === memory.buffer) return result;
    }
  }

  #address(memory: WasmMemory, byteOffset: number, length: number): bigint | number {
    return this.#view(memory, byteOffset, length, (pages) => this.#addon.address(memory, pages));
  }

  /**
   * Calls with what a mapping covers; undefined if the engine moved the memory in a grow. The segment stayed at the old
   * address, so these would be other bytes.
   */
  #inPlace(mapping: Mapping, call: (pages: Uint8Array) => number): number | undefined {
    const { memory, byteOffset, byteLength, pageSize, address } = mapping;
    return this.#view(memory, byteOffset, roundUp(byteLength, pageSize), (pages) => {
      const found = this.#addon.address(memory, pages);
      if (typeof found === "number") return found;
      return found === address ? call(pages) : undefined;
    });
  }

  #mapAt(
    memory: WasmMemory,
    byteOffset: number,
    request: MapRequest,
    pageSize: number,
    memoryOf: Mapping["memoryOf"],
  ): SysvMapping | number {
    const { id, offset, length: byteLength, access } = request;
    const length = roundUp(byteLength, pageSize);
    const address = this.#address(memory, byteOffset, length);
    if (typeof address === "number") return address;
    if (recyclesMemories && memoryOf === "caller") checkStays(memory, address - BigInt(byteOffset));
    const isGuarded = access !== "read-write";
    const result = this.#view(memory, byteOffset, length, (pages) => {
      const kept = recyclesMemories ? this.#addon.hold(memory, pages) : 0;
      if (kept !== 0) return kept;
      const mapped = this.#addon.map(memory, pages, id, offset, isGuarded, memoryOf === "mapping");
      if (mapped !== 0 && recyclesMemories) this.#addon.release(memory, pages);
      return mapped;
    });
    if (result !== 0) return result;
    return { memory, byteOffset, byteLength, address, pageSize, memoryOf, request, weight: undefined };
  }
}

/** See {@link NativeCopy.faster}; the figures are in memory/copy.ts. */
const FASTER = V8 === 13 ? 640 : 1280;

const hosts = new Map<unknown, SysvHost>();
let copy: NativeCopy | undefined;

/** The addon's copy; undefined before the first use of the sysv host, which loads the addon. */
export function addonCopy(): NativeCopy | undefined {
  return copy;
}

/**
 * The kernel's System V calls, by the addon.
 * @param addon the addon's exports, or the path of its file (default: the package's own)
 * @throws {ShmError} `ERR_SHM_UNSUPPORTED` not Linux, or the addon did not load: the message has the cause, and
 *   `error.hint` the cure
 */
export function sysvHost(addon?: object | string): Host {
  const known = hosts.get(addon);
  if (known) return known;
  const loaded = loadAddon(addon);
  copy ??= { read: loaded.read, write: loaded.write, faster: FASTER };
  const host = new SysvHost(loaded);
  hosts.set(addon, host);
  return host;
}

/** The file of the addon that a host calls, so that another thread can load it; undefined if the host has none. */
export function addonFileOf(host: Host): string | undefined {
  return host instanceof SysvHost ? host.addonFile : undefined;
}

/** What a host's addon can do to its process; undefined if the host has no addon. */
export function processCallsOf(host: Host): ProcessCalls | undefined {
  return host instanceof SysvHost ? host.processCalls : undefined;
}
