import type { Access } from "../common/flags.js";
import type { WasmMemory, Window } from "../memory/window.js";

/** shmctl(2)'s IPC_STAT under its own names. */
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
  /** Last attach, detach and change; whole seconds; undefined where there was none. */
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
  /** Bytes; undefined where the machine has none. */
  hugePageSize: number | undefined;
  /** Most mappings of one process (`vm.max_map_count`); undefined where there is no such limit. */
  maxMapCount: number | undefined;
}

/** A window of a segment in a memory. */
export interface Mapping {
  readonly window: Window;
  /** Address of the window in this process; 0n where the host has none to tell. */
  readonly address: bigint;
  /** Whether page 0 of the memory is the core's to keep records in. */
  readonly corePage: boolean;
}

export interface MapRequest {
  id: number;
  /** Bytes, page-aligned; offset and length were checked to lie inside the segment. */
  offset: number;
  length: number;
  /** Anything but "read-write" keeps every store from the segment; see {@link Host.diverted}. */
  access: Access;
  /** A memory of the caller's, and a page-aligned place in it; else the host makes one. */
  into: { memory: WasmMemory; byteOffset: number } | undefined;
}

/** What a host may be unable to do. Asked before it is tried, so that it becomes ERR_SHM_UNSUPPORTED. */
export type Capability = "attach into a memory" | "huge pages" | "lock" | "ftok";

/**
 * The system calls. Arguments were checked by the caller; a refusal comes back as a negative errno, so that one file
 * alone builds errors. Two implementations: native.ts (the kernel) and memory.ts (this thread alone).
 */
export interface Host {
  readonly name: string;
  /** Bytes: the unit of an attach window's offset and length. */
  readonly pageSize: number;
  can(capability: Capability): boolean;
  /** shmget(2): the id, or -errno. */
  get(key: number, size: number, flags: number): number;
  stat(id: number): SegmentInfo | number;
  set(id: number, mode: number, uid: number, gid: number): number;
  remove(id: number): number;
  lock(id: number): number;
  unlock(id: number): number;
  map(request: MapRequest): Mapping | number;
  unmap(mapping: Mapping): number;
  /** Makes a mapping that is not "read-write" the segment as it is now: what was stored there is gone. 0, or -errno. */
  refresh(mapping: Mapping): number;
  /**
   * Pages of a mapping that are private since its attach or refresh, as a store went there, or into a page beside it;
   * 0 for "read-write". A huge page counts once.
   */
  diverted(mapping: Mapping): number;
  /** Whether the window is still where it was mapped: a grow may have moved a memory of the caller's. */
  isInPlace(mapping: Mapping): boolean;
  list(): SegmentInfo[] | number;
  limits(): Limits | number;
  /** A key_t as an unsigned number, or -errno. */
  ftok(path: string, projectId: number): number;
}
