// A host as a user of the package would write one, by its public names alone: segments in the memory of this thread.
import {
  type Capability,
  type Explanation,
  type Host,
  type HostCall,
  type Limits,
  type Mapping,
  type MapRequest,
  type SegmentInfo,
  SegmentStatus,
  SharedMemoryFlags,
} from "wasm-shm";

const { Create, Exclusive } = SharedMemoryFlags;
const [ENOENT, EEXIST, EINVAL, ENOSYS] = [2, 17, 22, 38];
const CORE_PAGE = 65536;

/** Not the machine's, so that a test finds code that takes one for the other. Bytes. */
export const USER_PAGE = 8192;
export const USER_LIMIT = 1 << 20;

interface UserMapping extends Mapping {
  readonly request: MapRequest;
}

const bytesOf = ({ memory, byteOffset, byteLength }: Omit<Mapping, "address" | "pageSize" | "memoryOf">): Uint8Array =>
  new Uint8Array(memory.buffer, byteOffset, byteLength);

function memoryOf(bytes: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) });
}

export class UserHost implements Host {
  readonly name = "user";
  readonly pageSize = USER_PAGE;
  readonly #segments = new Map<number, { info: SegmentInfo; memory: WebAssembly.Memory }>();
  readonly #start: number;
  /** What was explained, in order. */
  readonly explained: [errno: number, call: HostCall][] = [];

  /** @param start where windows begin in a memory: bytes. Below 65536 no page is left for the wasm core */
  constructor(start = CORE_PAGE) {
    this.#start = start;
  }

  can(_: Capability): boolean {
    return false;
  }

  get(key: number, size: number, flags: number): number {
    const found = [...this.#segments.values()].find(({ info }) => key !== 0 && info.key === key)?.info;
    if (found && flags & Create && flags & Exclusive) return -EEXIST;
    if (found) return size > found.size ? -EINVAL : found.id;
    if (key !== 0 && !(flags & Create)) return -ENOENT;
    if (size > USER_LIMIT) return -EINVAL;
    const id = this.#segments.size === 0 ? 7 : Math.max(...this.#segments.keys()) + 1;
    const nobody = { uid: 0, gid: 0, cuid: 0, cgid: 0, cpid: 0, lpid: 0 };
    const never = { atime: undefined, dtime: undefined, ctime: new Date() };
    const info = { key, id, size, mode: flags & 0o777, nattch: 0, ...nobody, ...never };
    this.#segments.set(id, { info, memory: memoryOf(this.#start + size) });
    return id;
  }

  stat(id: number): SegmentInfo | number {
    const info = this.#segments.get(id)?.info;
    return info ? { ...info } : -EINVAL;
  }

  set(id: number, mode: number, uid: number, gid: number): number {
    return this.#change(id, (info) => Object.assign(info, { mode: (info.mode & ~0o777) | mode, uid, gid }));
  }

  remove(id: number): number {
    return this.#change(id, (info) => {
      info.key = 0;
      info.mode |= SegmentStatus.Destroyed;
    });
  }

  lock(): number {
    return -ENOSYS;
  }

  unlock(): number {
    return -ENOSYS;
  }

  map(request: MapRequest): Mapping | number {
    const stored = this.#segments.get(request.id);
    if (!stored) return -EINVAL;
    stored.info.nattch++;
    const common = { byteLength: request.length, address: 0n, pageSize: USER_PAGE, request };
    if (request.access !== "copy-on-write")
      return { ...common, memory: stored.memory, byteOffset: this.#start + request.offset, memoryOf: "segment" };
    const memory = memoryOf(this.#start + request.length);
    const mapping: UserMapping = { ...common, memory, byteOffset: this.#start, memoryOf: "mapping" };
    this.discard(mapping);
    return mapping;
  }

  unmap(mapping: Mapping): number {
    return this.#change((mapping as UserMapping).request.id, (info) => {
      info.nattch--;
    });
  }

  discard(mapping: Mapping): number {
    const { access, id, offset } = (mapping as UserMapping).request;
    const memory = this.#segments.get(id)?.memory;
    if (memory && access === "copy-on-write")
      bytesOf(mapping).set(bytesOf({ memory, byteOffset: this.#start + offset, byteLength: mapping.byteLength }));
    return 0;
  }

  privatePages(): number {
    return 0; // it cannot count them
  }

  isInPlace(): boolean {
    return true;
  }

  list(): SegmentInfo[] {
    return [...this.#segments.values()].map(({ info }) => ({ ...info }));
  }

  limits(): Limits {
    const [segmentsInUse, most] = [this.#segments.size, 1000];
    const pages = { shmall: (most * USER_LIMIT) / USER_PAGE, pagesInUse: 0, pageSize: USER_PAGE };
    const none = { hugePageSize: undefined, maxMapCount: undefined };
    return { shmmax: USER_LIMIT, shmmin: 1, shmmni: most, segmentsInUse, ...pages, ...none };
  }

  ftok(): number {
    return -ENOSYS;
  }

  explain(errno: number, call: HostCall): Explanation {
    this.explained.push([errno, call]);
    const about = "id" in call ? ` of ${call.id}` : "key" in call ? ` of key ${call.key}` : "";
    const reason = call.operation === "get" && call.size > USER_LIMIT ? `at most ${USER_LIMIT} bytes` : undefined;
    return { syscall: `user_${call.operation}`, asked: `${call.operation}${about}`, reason, hint: "ask its author" };
  }

  #change(id: number, change: (info: SegmentInfo) => void): number {
    const info = this.#segments.get(id)?.info;
    if (!info) return -EINVAL;
    change(info);
    if (info.nattch === 0 && info.mode & SegmentStatus.Destroyed) this.#segments.delete(id);
    return 0;
  }
}
