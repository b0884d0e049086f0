/** Where the objects are: bytes. */
export const place = { mutex: 4096, rwLock: 8192, bare: 16384 } as const;

/** Word indices, on a line of their own. */
export const Place = { order: 20480 / 4 } as const;

export const Order = { go: 1, pause: 2 } as const;
