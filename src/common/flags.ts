/**
 * shmget(2)'s flags, with Linux's values; combine them with `|`.
 * Names are those of Go's `shm` package. @see shmget(2)
 */
export const SharedMemoryFlags = Object.freeze({
  None: 0,
  /** IPC_CREAT: make the segment where there is none of that key. */
  Create: 0o1000,
  /** IPC_EXCL: with Create, fail where there is one. */
  Exclusive: 0o2000,
  /** SHM_HUGETLB: back the segment with huge pages. */
  HugePages: 0o4000,
  /** SHM_NORESERVE: reserve no swap space. */
  NoReserve: 0o10000,
} as const);
export type SharedMemoryFlags = number;

/** What {@link Cursor.seek} counts from: Go `io`'s and lseek(2)'s values. */
export const Whence = Object.freeze({ Start: 0, Current: 1, End: 2 } as const);
export type Whence = (typeof Whence)[keyof typeof Whence];

/** Bits of {@link SegmentInfo.mode} above the nine permission bits. @see shmctl(2) */
export const SegmentStatus = Object.freeze({
  /** SHM_DEST: removed; it lives until its last detach. */
  Destroyed: 0o1000,
  /** SHM_LOCKED: its pages stay in memory. */
  Locked: 0o2000,
} as const);

/** IPC_PRIVATE: the key that every segment without a key has. */
export const PRIVATE_KEY = 0;

/** What an attachment may do; see {@link Segment.attach}. */
export const accesses = ["read-write", "read-only", "copy-on-write"] as const;
export type Access = (typeof accesses)[number];
