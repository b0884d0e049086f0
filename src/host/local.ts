// Segments of this thread alone, for tests, browsers and systems without System V calls. Ids, keys, modes, counts and
// removal are the kernel's; these it cannot promise:
//   - no other process and no other thread sees a segment; all are gone with the thread
//   - modes and owners are recorded, not enforced
//   - all attachments of a segment share one memory: a view kept past its detach still shows the segment's bytes
//     instead of zeros, nothing but the cursor keeps an attachment inside its window, and a view alone does not keep
//     an attachment from being collected
//   - read-only is kept by the facade alone: a store into a raw view of such an attachment reaches the segment, and is
//     not counted. Copy-on-write is a copy, made at the attach and at each refresh: what is stored in the segment
//     meanwhile is not seen there, and all its pages count as private
//   - the attachments of a segment share the wasm core's 2,048 records, of which a dropped or detached cursor gives its
//     own back when it is disposed or collected; the cursors beyond run on the JS core, as cursor.core says
//   - no huge pages, lock, ftok, nor a window in a memory of the caller's: ERR_SHM_UNSUPPORTED
//   - `address` is 0n
import { errnoNumbers } from "../common/errors.js";
import { PRIVATE_KEY, SegmentStatus, SharedMemoryFlags } from "../common/flags.js";
import { MAX_WINDOW, WASM_PAGE, type WasmMemory, WINDOW_START, Window } from "../memory/window.js";
import type { Host, Limits, Mapping, MapRequest, SegmentInfo } from "./host.js";

const PAGE_SIZE = 4096;
const MAX_SEGMENTS = 4096; // Linux's default

interface Stored {
  readonly info: SegmentInfo;
  memory: WasmMemory | undefined; // made at the first attach
}

interface LocalMapping extends Mapping {
  readonly id: number;
  readonly copyOf: Window | undefined; // copy-on-write: the segment's own bytes
}

const pagesFor = (bytes: number): number => Math.ceil(bytes / PAGE_SIZE);

/** A memory for a window of so many bytes, behind the core's page. */
function memoryFor(bytes: number): WasmMemory {
  const pages = Math.ceil((WINDOW_START + bytes) / WASM_PAGE);
  return new WebAssembly.Memory({ initial: pages, maximum: pages });
}

/** The kernel keeps whole seconds. */
const now = (): Date => new Date(Math.floor(Date.now() / 1000) * 1000);

/** Outside Node there is neither a user nor a process id, and 0 stands for both. */
const node = (globalThis as { process?: Partial<NodeJS.Process> }).process;
const uid = (): number => node?.getuid?.() ?? 0;
const gid = (): number => node?.getgid?.() ?? 0;
const pid = (): number => node?.pid ?? 0;

class LocalHost implements Host {
  readonly name = "local";
  readonly pageSize = PAGE_SIZE;
  readonly #segments = new Map<number, Stored>();
  /** A dropped attachment detaches by being collected, as the kernel's do. */
  readonly #dropped = new FinalizationRegistry<number>((id) => this.#detach(id));
  #nextId = 0; // never used twice, as the kernel's sequence numbers see to

  can(): boolean {
    return false;
  }

  get(key: number, size: number, flags: number): number {
    const found = key === PRIVATE_KEY ? undefined : this.#withKey(key);
    if (found) {
      const mustMake = SharedMemoryFlags.Create | SharedMemoryFlags.Exclusive;
      if ((flags & mustMake) === mustMake) return -errnoNumbers.EEXIST;
      return size > found.info.size ? -errnoNumbers.EINVAL : found.info.id;
    }
    if (key !== PRIVATE_KEY && !(flags & SharedMemoryFlags.Create)) return -errnoNumbers.ENOENT;
    if (size < 1 || size > MAX_WINDOW) return -errnoNumbers.EINVAL;
    if (this.#segments.size >= MAX_SEGMENTS) return -errnoNumbers.ENOSPC;
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
    this.#segments.set(id, { info, memory: undefined });
    return id;
  }

  stat(id: number): SegmentInfo | number {
    const stored = this.#segments.get(id);
    return stored ? { ...stored.info } : -errnoNumbers.EINVAL;
  }

  set(id: number, mode: number, owner: number, group: number): number {
    const info = this.#segments.get(id)?.info;
    if (!info) return -errnoNumbers.EINVAL;
    info.mode = (info.mode & ~0o777) | mode;
    info.uid = owner;
    info.gid = group;
    info.ctime = now();
    return 0;
  }

  remove(id: number): number {
    const info = this.#segments.get(id)?.info;
    if (!info) return -errnoNumbers.EINVAL;
    info.key = PRIVATE_KEY;
    info.mode |= SegmentStatus.Destroyed;
    this.#dropIfUnused(info);
    return 0;
  }

  lock(): number {
    return -errnoNumbers.ENOSYS; // can() said so
  }

  unlock(): number {
    return -errnoNumbers.ENOSYS;
  }

  map({ id, offset, length, access }: MapRequest): Mapping | number {
    const stored = this.#segments.get(id);
    if (!stored) return -errnoNumbers.EINVAL;
    const { info } = stored;
    let window: Window;
    let copyOf: Window | undefined;
    try {
      stored.memory ??= memoryFor(info.size);
      window = new Window(stored.memory, WINDOW_START + offset, length);
      if (access === "copy-on-write") {
        copyOf = window;
        window = new Window(memoryFor(length), WINDOW_START, length);
        window.bytes.set(copyOf.bytes);
      }
    } catch {
      return -errnoNumbers.ENOMEM;
    }
    info.nattch++;
    info.lpid = pid();
    info.atime = now();
    const mapping: LocalMapping = { window, address: 0n, corePage: true, id, copyOf };
    this.#dropped.register(mapping, id, mapping);
    return mapping;
  }

  unmap(mapping: Mapping): number {
    this.#dropped.unregister(mapping);
    return this.#detach((mapping as LocalMapping).id);
  }

  refresh(mapping: Mapping): number {
    const { window, copyOf } = mapping as LocalMapping;
    if (copyOf) window.current().bytes.set(copyOf.current().bytes);
    return 0;
  }

  diverted(mapping: Mapping): number {
    const { window, copyOf } = mapping as LocalMapping;
    return copyOf ? pagesFor(window.byteLength) : 0;
  }

  isInPlace(): boolean {
    return true;
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
    return -errnoNumbers.ENOSYS;
  }

  #withKey(key: number): Stored | undefined {
    for (const stored of this.#segments.values()) if (stored.info.key === key) return stored;
    return undefined;
  }

  #detach(id: number): number {
    const info = this.#segments.get(id)?.info;
    if (!info) return -errnoNumbers.EINVAL;
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

/** A new in-process host, with no segments. Ids and keys of two such hosts have nothing to do with each other. */
export function localHost(): Host {
  return new LocalHost();
}
