// The words of domains and of the objects in them: docs/protocol.md has the table, include/wasm_shm/domain.h the same
// numbers for C. All are little-endian, 32 bits, and changed by Atomics alone.

/** "WSHM" in memory order. */
export const MAGIC = 0x4d485357;

/** Version 1.0: major << 16 | minor. Another major number is another layout. */
export const VERSION = 0x00010000;

/** The word State of a domain's header, once the others are there. */
export const READY = 2;

/** The same word of a segment that is removed before anybody made a domain there. */
export const REMOVED = 3;

/** The first word of each object: "WS" above, the version of its layout, and what it is. */
export const ObjectKind = Object.freeze({
  mutex: 0x57530101,
  rwLock: 0x57530102,
  semaphore: 0x57530103,
  event: 0x57530104,
  condition: 0x57530105,
  barrier: 0x57530106,
  seqlock: 0x57530107,
  channel: 0x57530108,
  topic: 0x57530109,
  service: 0x5753010a,
} as const);
export type ObjectName = keyof typeof ObjectKind;

/** Words of each object's first line. */
export const Word = Object.freeze({
  Kind: 0,
  /** Two arguments that every opener must give alike; 0 if the object has none. */
  First: 1,
  Second: 2,
  /** The mask of sleepers: slots 0 to 31, then 32 to 63. */
  Sleepers: 4,
  /** What the object is about: the owner, a sequence. */
  State: 8,
} as const);

// An id names a participant: slot + 1 in bits 0 to 6, and the low 22 bits of its generation from bit 8. 0 names none.
export const ID_BITS = 0x3fffff7f;
const SLOT_BITS = 0x7f;
const GENERATION_BITS = 0x3fffff;

export const idOf = (slot: number, generation: number): number => (slot + 1) | ((generation & GENERATION_BITS) << 8);
export const slotOf = (id: number): number => (id & SLOT_BITS) - 1;
export const generationOf = (id: number): number => (id >>> 8) & GENERATION_BITS;

/** Words that one slot holds in an object: its generation above, and a count below. */
export const TAG_SHIFT = 10;
export const MOST_COUNT = (1 << TAG_SHIFT) - 1;
export const tagOf = (generation: number): number => (generation & GENERATION_BITS) << TAG_SHIFT;
