import type { Explanation } from "../common/errors.js";
import type { Access, MemoryKind } from "../common/flags.js";
import type { WasmMemory } from "../memory/layout.js";
import type { JoinRequest, Membership } from "./membership.js";

export type { Explanation, JoinRequest, Membership };

/** What a host knows of a segment: shmctl(2)'s IPC_STAT under its own names. */
export interface SegmentInfo {
  /** key_t, signed; 0 is IPC_PRIVATE. */
  key: number;
  id: number;
  /** Bytes: what was asked for at its creation, not the pages granted. */
  size: number;
  /** Permission bits, and {@link SegmentStatus}'s bits above them. */
  mode: number;
  uid: number;
  gid: number;
  cuid: number;
  cgid: number;
  cpid: number;
  lpid: number;
  /** Attachments in all processes. */
  nattch: number;
  /** Last attach, detach and change, in whole seconds; undefined if there was none. */
  atime: Date | undefined;
  dtime: Date | undefined;
  ctime: Date | undefined;
}

/** What the system allows and what is in use of it. @see shmctl(2), `IPC_INFO`; proc(5) */
export interface Limits {
  /** Largest segment, bytes (`kernel.shmmax`). Above 2^53 it is the nearest double. */
  shmmax: number;
  /** Smallest segment, bytes. */
  shmmin: number;
  /** Most segments (`kernel.shmmni`). */
  shmmni: number;
  /** Most pages of shared memory in all (`kernel.shmall`): pages, not bytes. Above 2^53 the nearest double. */
  shmall: number;
  segmentsInUse: number;
  /** Pages, not bytes. */
  pagesInUse: number;
  /** Bytes. */
  pageSize: number;
  /** Bytes; undefined if the machine has no huge pages. */
  hugePageSize: number | undefined;
  /** Most mappings of one process (`vm.max_map_count`); undefined if there is no such limit. */
  maxMapCount: number | undefined;
}

/**
 * A window of a segment in a memory: plain data, from {@link Host.map}. The package hands the same object back to the
 * host's other methods, so a host may add fields of its own.
 */
export interface Mapping {
  readonly memory: WasmMemory;
  /** First byte of the window in {@link memory}. */
  readonly byteOffset: number;
  /** Bytes: the length that was asked for. */
  readonly byteLength: number;
  /** Address of the window in this process; 0n if the host knows none. */
  readonly address: bigint;
  /** Bytes of a page of the window. It covers whole ones, so nothing else can be mapped on the rest of its last page. */
  readonly pageSize: number;
  /**
   * Who has the memory.
   * `"mapping"`: made for this window alone. A view that is kept then keeps the attachment, as it keeps the memory.
   * `"segment"`: several windows share it. A kept view does not keep its attachment.
   * `"caller"`: it came in {@link MapRequest.into}.
   * In a memory that the host made, bytes 0 to 65535 are for the wasm core, if the window starts behind them. In all
   * other memories cursors run on the JS core.
   */
  readonly memoryOf: "mapping" | "segment" | "caller";
}

/** The window that {@link Host.map} is to make. */
export interface MapRequest {
  readonly id: number;
  /** Bytes from the segment's start, a multiple of {@link Host.pageSize}. The window was checked to lie inside the segment. */
  readonly offset: number;
  /** Bytes, at least 1. */
  readonly length: number;
  /**
   * `"read-write"`: stores reach the segment. `"copy-on-write"`: no store does. `"read-only"`: no store does, if the
   * host can prevent it; cursors and ranges refuse to write by themselves.
   */
  readonly access: Access;
  /**
   * A memory of the caller's and a place in it, page-aligned and with room for whole pages; undefined: the host makes
   * a memory. Only of a host that can "attach into a memory".
   */
  readonly into: { readonly memory: WasmMemory; readonly byteOffset: number } | undefined;
  /**
   * The kind of memory that the host is to make; undefined: the kind that suits it. A host that maps what other
   * processes write should make a `"shared"` one, a WebAssembly.Memory with `shared: true`: of a plain one the engine
   * believes that nothing but its own thread changes it. `"shared"` is only asked of a host that has "shared memory".
   */
  readonly memory: MemoryKind | undefined;
  /**
   * Bytes, a multiple of 65536, that are to lie between the core's page and the window, private to the process, for a
   * module of the caller's: the window starts at 65536 plus this, or later. Undefined: none. Only of a host that can
   * "reserve", and not together with {@link into}.
   */
  readonly reserve: number | undefined;
}

/**
 * What a host may be unable to do. The package asks first, and throws ERR_SHM_UNSUPPORTED if the answer is no.
 * `"attach into a memory"`: {@link MapRequest.into}. `"shared memory"`: {@link MapRequest.memory} `"shared"`. `"reserve"`: {@link MapRequest.reserve}. `"huge pages"`: SharedMemoryFlags.HugePages in {@link Host.get}.
 * `"lock"`: lock and unlock. `"ftok"`: ftok. `"open in another thread"`: ids are the kernel's, so that
 * `createShm({ host: "sysv" })` in another thread opens the same segments; a sandbox in a thread of its own needs it.
 * `"join"`: {@link Host.join}, for locks and what else waits.
 */
export type Capability =
  | "attach into a memory"
  | "shared memory"
  | "reserve"
  | "huge pages"
  | "lock"
  | "ftok"
  | "open in another thread"
  | "join";

/** A call of a host that was refused, with its arguments: what {@link Host.explain} explains. */
export type HostCall =
  | { readonly operation: "get"; readonly key: number; readonly size: number; readonly flags: number }
  | ({ readonly operation: "set"; readonly mode: number; readonly uid: number; readonly gid: number } & OfSegment)
  | ({ readonly operation: "stat" | "remove" | "lock" | "unlock" | "unmap" | "discard" | "join" } & OfSegment)
  | ({ readonly operation: "map" } & OfSegment & MapRequest)
  | { readonly operation: "list" | "limits" }
  | { readonly operation: "ftok"; readonly path: string; readonly projectId: number };

interface OfSegment {
  readonly id: number;
  /** The segment's bytes; undefined if the caller knows only the id. */
  readonly size: number | undefined;
}

/**
 * The system calls. `"sysv"` (the kernel) and `"local"` (this thread alone) are hosts of the package; a user can write
 * another, of plain data alone.
 *
 * No method throws. Success is 0 or what the method returns; a refusal is a negative errno of Linux, -2 for ENOENT say.
 * Arguments were checked by the package: integers in range, windows inside the segment. An id that names no segment is
 * -EINVAL (-22), or -EIDRM (-43), in every method that takes one: the package tells a removed segment by that.
 */
export interface Host {
  /** What `shm.host.name` says. */
  readonly name: string;
  /** Bytes: the unit of a window's offset and length. A power of two. */
  readonly pageSize: number;

  /** Whether it has a capability. An unknown one: false. Always the same answer. */
  can(capability: Capability): boolean;

  /**
   * Makes or finds a segment, as shmget(2).
   *
   * @param key key_t, signed. 0 means none: the call always makes a segment
   * @param size bytes; 0 to find one of any size
   * @param flags nine permission bits, and {@link SharedMemoryFlags}
   * @returns the id, from 0. -EEXIST: Create and Exclusive, and the key has one. -ENOENT: no Create, and it has none.
   *   -EINVAL: the size is past a limit, or past that of the segment there. A new segment is all zeros
   */
  get(key: number, size: number, flags: number): number;

  /** A new object for each call: the package hands it to its user. */
  stat(id: number): SegmentInfo | number;

  /**
   * Sets the nine permission bits, the owner and the group; all three are given.
   *
   * @param named whether the user named the owner and the group. If not, they are what {@link stat} told
   */
  set(id: number, mode: number, uid: number, gid: number, named: { uid: boolean; gid: boolean }): number;

  /** Frees the key at once, and the segment with its last mapping. Until then `stat` shows SegmentStatus.Destroyed. */
  remove(id: number): number;

  /** Only if it can "lock". */
  lock(id: number): number;
  unlock(id: number): number;

  /**
   * Maps a window: its bytes are the segment's, and a store is seen through all its mappings. A refused map changes no
   * byte of {@link MapRequest.into}. A mapping that is dropped without an `unmap` should unmap itself once its memory
   * is collected.
   */
  map(request: MapRequest): Mapping | number;

  /** Ends a mapping; called once for each, if it succeeds. A view that a user kept must stay safe to use. */
  unmap(mapping: Mapping): number;

  /** Drops the private pages of a mapping that is not "read-write": its bytes are the segment's again. */
  discard(mapping: Mapping): number;

  /**
   * Pages of a mapping that are private: a store went there, or to a page beside it, since the map or the last discard.
   * A huge page counts once. 0 for "read-write", and if the host cannot count them.
   */
  privatePages(mapping: Mapping): number;

  /** Whether the window is still where it was mapped. Asked of memories of the caller's, which a grow may have moved. */
  isInPlace(mapping: Mapping): boolean;

  /**
   * Makes this thread a participant of a domain: takes the first free slot. Only if it can "join". It may leave after its
   * mapping has ended.
   *
   * @returns -EUSERS (-87) if every slot is taken
   */
  join?(mapping: Mapping, request: JoinRequest): Membership | number;

  /** All segments. A new array of new objects for each call. */
  list(): SegmentInfo[] | number;

  limits(): Limits | number;

  /** ftok(3): the key as an unsigned number. Only if it can "ftok". `projectId` is 1 to 255. */
  ftok(path: string, projectId: number): number;

  /**
   * Why a call was refused, for the error's message, `error.syscall` and `error.hint`. Called right after the refusal.
   *
   * @param errno positive: what the call returned, or EIDRM (43) for a call of a Segment whose id is gone
   */
  explain(errno: number, call: HostCall): Explanation;
}
