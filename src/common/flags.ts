/**
 * How a segment is made or found, with Linux's values; combine them with `|`. The names are those of Go's `shm` package.
 * @see shmget(2)
 */
export const SharedMemoryFlags = Object.freeze({
  None: 0,
  /** Make a segment if none has the key. @see shmget(2), `IPC_CREAT` */
  Create: 0o1000,
  /** With Create: fail if a segment has the key. @see shmget(2), `IPC_EXCL` */
  Exclusive: 0o2000,
  /** Back the segment with huge pages. @see shmget(2), `SHM_HUGETLB` */
  HugePages: 0o4000,
  /** Reserve no swap space. @see shmget(2), `SHM_NORESERVE` */
  NoReserve: 0o10000,
} as const);
export type SharedMemoryFlags = number;

/** What {@link Cursor.seek} counts from: Go `io`'s and lseek(2)'s values. */
export const Whence = Object.freeze({ Start: 0, Current: 1, End: 2 } as const);
export type Whence = (typeof Whence)[keyof typeof Whence];

/** Bits of {@link SegmentInfo.mode} above the nine permission bits. @see shmctl(2) */
export const SegmentStatus = Object.freeze({
  /** Removed; it lives until its last detach. @see shmctl(2), `SHM_DEST` */
  Destroyed: 0o1000,
  /** Its pages stay in memory. @see shmctl(2), `SHM_LOCKED` */
  Locked: 0o2000,
} as const);

/** The key of every segment that has none. @see shmget(2), `IPC_PRIVATE` */
export const PRIVATE_KEY = 0;

/** What an attachment may do; see {@link Segment.attach}. */
export const accesses = ["read-write", "read-only", "copy-on-write"] as const;
export type Access = (typeof accesses)[number];

/** Kinds of WebAssembly.Memory: made with `shared: true`, or without. */
export const memoryKinds = ["shared", "plain"] as const;
export type MemoryKind = (typeof memoryKinds)[number];
