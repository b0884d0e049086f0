/** Where the objects are: bytes. */
export const place = { mutex: 4096, rwLock: 8192, bare: 16384, held: 65536 } as const;

/** Mutexes from `place.held` on that another process holds. */
export const HELD = 1000;

/** How long an idle process is looked at. */
export const IDLE_MS = 100;

export const segmentBytes = place.held + 64 * HELD;

/** Word indices, each on a line of its own: the order, the order that the other process follows, and its reads. */
export const Place = { order: 20480 / 4, followed: 20608 / 4, reads: 20736 / 4 } as const;

export const Order = { go: 1, pause: 2 } as const;
