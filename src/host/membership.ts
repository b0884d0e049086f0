// Participants of a domain, as a host makes them: the contract, and the words of a domain that a host writes. The table is
// in docs/protocol.md; native/wait/words.h has the same numbers.

/** Bytes of a domain's header, and of a slot in it. A domain begins at a multiple of {@link LINE}. */
export const LINE = 64;
export const SLOT_BYTES = 128;
export const MAX_SLOTS = 64;

export const domainBytes = (slots: number): number => LINE + SLOT_BYTES * slots;

/** Words of a slot, counted from {@link slotWord}. */
export const Slot = Object.freeze({
  Life: 0,
  Generation: 1,
  Pid: 2,
  StartLow: 3,
  StartHigh: 4,
  PidNamespace: 5,
  /** One of {@link kinds}, and {@link LEAVING}. */
  Kind: 6,
  JoinedLow: 7,
  JoinedHigh: 8,
  Deaths: 9,
  Described: 10,
  Doorbell: 16,
  /** In its low half how many sleep; in its high half how many of them hear a knock at the slot's door (native/wait/door.cc). */
  Sleeping: 17,
} as const);

/** Words of a domain's header. */
export const Header = Object.freeze({
  Magic: 0,
  Version: 1,
  Bytes: 2,
  Slots: 3,
  State: 4,
  Epoch: 5,
} as const);

/** The first word of a slot, counted from the domain's first word. */
export const slotWord = (slot: number): number => (LINE + SLOT_BYTES * slot) / 4;

/** Bits of a life word beside the thread's id: FUTEX_OWNER_DIED, and FUTEX_WAITERS. */
export const DIED = 0x40000000;
export const WAITERS = -0x80000000;

export const isAlive = (life: number): boolean => life !== 0 && (life & DIED) === 0;

/** What a participant is, in the word Kind. */
export const kinds = ["unknown", "node", "c", "python"] as const;
export type PeerKind = (typeof kinds)[number];

/** In the word Kind: it is about to leave, and removes the segment unless another participant stays (src/segment/unused.ts). */
export const LEAVING = 0x100;

/** EUSERS: every slot of the domain is taken. */
export const EUSERS = 87;

/** What {@link Host.join} is to do. The domain was checked to lie inside the mapping, and its header to be ready. */
export interface JoinRequest {
  /** Bytes from the window's start, a multiple of 64. */
  readonly offset: number;
  readonly slots: number;
  /** What the word Kind says from the first moment on: `node`, with or without {@link LEAVING}. */
  readonly kind: number;
  /**
   * The host calls it on the thread that joined, never inside another call: while armed after each ring and each change of
   * a participant, while watching after each change of a participant. Several may be one call, and it may be called without
   * a reason. The host must not keep what it refers to alive longer than the Membership.
   */
  readonly changed: () => void;
}

/** One participant: a slot of a domain, from {@link Host.join}. After {@link leave} no method does anything. */
export interface Membership {
  readonly slot: number;
  /** The slot's generation word when this participant joined. */
  readonly generation: number;
  /** Whether {@link sleep} works: another process or thread can end a wait that blocks this one. */
  readonly blocks: boolean;
  /** Whether a peer can run while this thread looks again and again: it has a core of its own. */
  readonly polls: boolean;
  /** From here on a ring of this slot's doorbell calls `changed`. @param holds as {@link hold} */
  arm(holds: boolean): void;
  /** Lets the event loop go, too. */
  disarm(): void;
  watch(on: boolean): void;
  /** Whether this participant keeps the event loop alive. At first it does not. */
  hold(on: boolean): void;
  /** Takes the state that {@link sleep} compares with: then look at what you wait for, then sleep. */
  look(): void;
  /**
   * Blocks this thread until a ring, a change of a participant, or for `ms` milliseconds (at most 1000), and takes the state
   * again. A signal may end it early.
   */
  sleep(ms: number): void;
  /** Wakes the participants in slots 0 to 31 (bits of `low`) and 32 to 63. Their doorbells were raised before. */
  wake(low: number, high: number): void;
  /** Between two polls: lets a thread that waits for this core have it. It may be the peer that is to answer. */
  yield(): void;
  leave(): void;
}
