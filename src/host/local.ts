// Segments of this thread alone, for tests, browsers and systems without System V calls. Ids, keys, modes, counts and
// removal work as the kernel's do. The host cannot promise these:
//   - no other process and no other thread sees a segment; all are gone with the thread
//   - modes and owners are recorded, not enforced
//   - all attachments of a segment share one memory. A view kept past its detach still shows the segment's bytes instead
//     of zeros. Only the cursor keeps an attachment inside its window. A view alone does not keep an attachment from
//     being collected
//   - only cursors and ranges refuse to write through a read-only attachment: a store into a raw view of one reaches the
//     segment, and is not counted. Copy-on-write is a copy, made at the attach and at each discard: it does not show what
//     is stored in the segment meanwhile, and all its pages count as private
//   - they share its reserve, too: the first attach decides how large it is, until all are detached
//   - the attachments of a segment share the wasm core's 2,046 records, of which a dropped or detached cursor gives its
//     own back when it is disposed or collected; the cursors beyond run on the JS core, as cursor.core says
//   - no huge pages, lock, ftok, sandbox in a thread of its own, nor a window in a memory of the caller's:
//     ERR_SHM_UNSUPPORTED
//   - `address` is 0n
import { errnoNumbers } from "../common/errors.js";
import { PRIVATE_KEY, SegmentStatus, SharedMemoryFlags } from "../common/flags.js";
import { hints } from "../common/hints.js";
import { MAX_WINDOW, pagesOf, WASM_PAGE, type WasmMemory, WINDOW_START } from "../memory/layout.js";
import { hexadecimal, systemCall } from "./calls.js";
import type { Capability, Explanation, Host, HostCall, Limits, Mapping, MapRequest, SegmentInfo } from "./host.js";
import { joinLocally } from "./localmembership.js";
import type { JoinRequest, Membership } from "./membership.js";

const { EEXIST, EIDRM, EINVAL, ENOENT, ENOMEM, ENOSPC, ENOSYS } = errnoNumbers;

const PAGE_SIZE = 4096;
const MAX_SEGMENTS = 4096; // Linux's default

interface Stored {
  readonly info: SegmentInfo;
  memory: WasmMemory | undefined; // made at the first attach
  /** Bytes between the core's page and the segment in that memory. */
  reserve: number;
}

interface LocalMapping extends Mapping {
  readonly id: number;
  /** Copy-on-write: where the segment's own bytes are. */
  readonly copyOf: { readonly memory: WasmMemory; readonly byteOffset: number } | undefined;
}

const pagesFor = (bytes: number): number => Math.ceil(bytes / PAGE_SIZE);

/** A memory for a window of `bytes` bytes, behind the core's page and the reserve. */
function memoryFor(bytes: number, reserve: number): WasmMemory {
  const pages = Math.ceil((WINDOW_START + reserve + bytes) / WASM_PAGE);
  return new WebAssembly.Memory({ initial: pages, maximum: pages });
}

/**
 * The memory of a segment, with that much reserve at least. One that has less is replaced if no attachment is in it;
 * else undefined.
 */
function reserved(stored: Stored, reserve: number): WasmMemory | undefined {
  const { memory, info } = stored;
  if (memory !== undefined && reserve <= stored.reserve) return memory;
  if (info.nattch > 0) return undefined;
  const made = memoryFor(info.size, reserve);
  if (memory)
    pagesOf(made, WINDOW_START + reserve, info.size).set(pagesOf(memory, WINDOW_START + stored.reserve, info.size));
  stored.memory = made;
  stored.reserve = reserve;
  return made;
}

/** In whole seconds, as the kernel's times are. */
const now = (): Date => new Date(Math.floor(Date.now() / 1000) * 1000);

const node = (globalThis as { process?: Partial<NodeJS.Process> }).process;

/** Outside Node there are no user and process ids, and Deno may refuse them (--allow-sys): 0 takes their place. */
function idOf(ask: () => number | undefined): number {
  try {
    return ask() ?? 0;
  } catch {
    return 0;
  }
}

const uid = (): number => idOf(() => node?.getuid?.());
const gid = (): number => idOf(() => node?.getgid?.());
const pid = (): number => idOf(() => node?.pid);

class LocalHost implements Host {
  readonly name = "local";
  readonly pageSize = PAGE_SIZE;
  readonly #segments = new Map<number, Stored>();
  /** A mapping that is dropped detaches when it is collected, as with the kernel. */
  readonly #dropped = new FinalizationRegistry<number>((id) => this.#detach(id));
  #nextId = 0; // no id is used twice: the kernel has sequence numbers for that

  can(capability: Capability): boolean {
    return capability === "join" || capability === "reserve";
  }

  get(key: number, size: number, flags: number): number {
    const found = key === PRIVATE_KEY ? undefined : this.#withKey(key);
    if (found) {
      const mustMake = SharedMemoryFlags.Create | SharedMemoryFlags.Exclusive;
      if ((flags & mustMake) === mustMake) return -EEXIST;
      return size > found.info.size ? -EINVAL : found.info.id;
    }
    if (key !== PRIVATE_KEY && !(flags & SharedMemoryFlags.Create)) return -ENOENT;
    if (size < 1 || size > MAX_WINDOW) return -EINVAL;
    if (this.#segments.size >= MAX_SEGMENTS) return -ENOSPC;
    const id = this.#nextId++;
    const [owner, group] = [uid(), gid()];
    const info: SegmentInfo = {
      key,
      id,
      size,
      mode: flags & 0o777,
      uid: owner,
      gid: group,
      cuid: owner,
      cgid: group,
      cpid: pid(),
      lpid: 0,
      nattch: 0,
      atime: undefined,
      dtime: undefined,
      ctime: now(),
    };
    this.#segments.set(id, { info, memory: undefined, reserve: 0 });
    return id;
  }

  stat(id: number): SegmentInfo | number {
    const stored = this.#segments.get(id);
    return stored ? { ...stored.info } : -EINVAL;
  }

  set(id: number, mode: number, owner: number, group: number): number {
    const info = this.#segments.get(id)?.info;
    if (!info) return -EINVAL;
    info.mode = (info.mode & ~0o777) | mode;
    info.uid = owner;
    info.gid = group;
    info.ctime = now();
    return 0;
  }

  remove(id: number): number {
    const info = this.#segments.get(id)?.info;
    if (!info) return -EINVAL;
    info.key = PRIVATE_KEY;
    info.mode |= SegmentStatus.Destroyed;
    this.#dropIfUnused(info);
    return 0;
  }

  lock(): number {
    return -ENOSYS; // can() said so
  }

  unlock(): number {
    return -ENOSYS;
  }

  map({ id, offset, length: byteLength, access, reserve = 0 }: MapRequest): Mapping | number {
    const stored = this.#segments.get(id);
    if (!stored) return -EINVAL;
    const { info } = stored;
    let mapping: LocalMapping;
    try {
      const isCopy = access === "copy-on-write";
      const memory = reserved(stored, isCopy ? 0 : reserve);
      if (memory === undefined) return -EINVAL;
      const place = { memory, byteOffset: WINDOW_START + stored.reserve + offset };
      mapping = {
        memory: isCopy ? memoryFor(byteLength, reserve) : memory,
        byteOffset: isCopy ? WINDOW_START + reserve : place.byteOffset,
        byteLength,
        address: 0n,
        pageSize: PAGE_SIZE,
        memoryOf: isCopy ? "mapping" : "segment",
        id,
        copyOf: isCopy ? place : undefined,
      };
    } catch {
      return -ENOMEM;
    }
    this.discard(mapping);
    this.#attach(info);
    this.#dropped.register(mapping, id, mapping);
    return mapping;
  }

  unmap(mapping: Mapping): number {
    this.#dropped.unregister(mapping);
    return this.#detach((mapping as LocalMapping).id);
  }

  discard(mapping: Mapping): number {
    const { memory, byteOffset, byteLength, copyOf } = mapping as LocalMapping;
    if (copyOf) pagesOf(memory, byteOffset, byteLength).set(pagesOf(copyOf.memory, copyOf.byteOffset, byteLength));
    return 0;
  }

  privatePages(mapping: Mapping): number {
    const { byteLength, copyOf } = mapping as LocalMapping;
    return copyOf ? pagesFor(byteLength) : 0;
  }

  isInPlace(): boolean {
    return true;
  }

  join(mapping: Mapping, request: JoinRequest): Membership | number {
    const { id, memory, byteOffset } = mapping as LocalMapping;
    const info = this.#segments.get(id)?.info;
    if (!info) return -EINVAL;
    const joined = joinLocally(memory, byteOffset + request.offset, request, pid(), () => this.#detach(id));
    if (typeof joined !== "number") this.#attach(info);
    return joined;
  }

  list(): SegmentInfo[] {
    return [...this.#segments.values()].map(({ info }) => ({ ...info }));
  }

  limits(): Limits {
    const sizes = [...this.#segments.values()].map(({ info }) => pagesFor(info.size));
    return {
      shmmax: MAX_WINDOW,
      shmmin: 1,
      shmmni: MAX_SEGMENTS,
      shmall: MAX_SEGMENTS * pagesFor(MAX_WINDOW),
      segmentsInUse: sizes.length,
      pagesInUse: sizes.reduce((sum, pages) => sum + pages, 0),
      pageSize: PAGE_SIZE,
      hugePageSize: undefined,
      maxMapCount: undefined,
    };
  }

  ftok(): number {
    return -ENOSYS;
  }

  /** In the words of the system calls that this host stands in for: a program sees the same `syscall` with either. */
  explain(errno: number, call: HostCall): Explanation {
    return { ...systemCall(call), ...this.#why(errno, call) };
  }

  #why(errno: number, call: HostCall): Pick<Explanation, "reason" | "hint"> {
    if (errno === EIDRM) return { reason: "it was destroyed" };
    if (call.operation === "get") {
      const { key, size } = call;
      if (errno === EEXIST) return { reason: "a segment has this key already", hint: hints.openExisting };
      if (errno === ENOENT)
        return { reason: `no segment has the key ${hexadecimal(key)}; a local host has those of one thread` };
      if (errno === EINVAL && size > MAX_WINDOW)
        return { reason: `the largest segment allowed is ${MAX_WINDOW} bytes` };
      if (errno === EINVAL) return { reason: "the segment that has this key is smaller" };
      if (errno === ENOSPC) return { reason: `in use are ${this.#segments.size} of ${MAX_SEGMENTS} segments` };
    }
    if (call.operation === "map" && errno === ENOMEM)
      return { reason: `the engine has no memory of ${call.length} bytes left`, hint: hints.lessAddressSpace };
    const stored = "id" in call ? this.#segments.get(call.id) : undefined;
    if (errno === EINVAL && call.operation === "map" && stored)
      return {
        reason: `its attachments share a memory that has ${stored.reserve} bytes of reserve, and ${call.reserve} are asked for`,
        hint: "on the local host the first attach decides, before any read or write of the segment: give that one the reserve",
      };
    if (errno === EINVAL) return { reason: "no segment has this id", hint: hints.listLocal };
    return {};
  }

  #withKey(key: number): Stored | undefined {
    for (const stored of this.#segments.values()) if (stored.info.key === key) return stored;
    return undefined;
  }

  #attach(info: SegmentInfo): void {
    info.nattch++;
    info.lpid = pid();
    info.atime = now();
  }

  #detach(id: number): number {
    const info = this.#segments.get(id)?.info;
    if (!info) return -EINVAL;
    info.nattch--;
    info.lpid = pid();
    info.dtime = now();
    this.#dropIfUnused(info);
    return 0;
  }

  #dropIfUnused(info: SegmentInfo): void {
    if (info.nattch === 0 && info.mode & SegmentStatus.Destroyed) this.#segments.delete(info.id);
  }
}

/** A new local host, without segments. Two such hosts share no ids, keys or segments. */
export function localHost(): Host {
  return new LocalHost();
}

let ofThread: Host | undefined;

/** The local host that `"local"` names. Each thread has one, so that all instances of a thread see the same segments. */
export function threadHost(): Host {
  ofThread ??= localHost();
  return ofThread;
}
