// Which engine runs the tests, for what differs between them.

export const isDeno = process.versions["deno"] !== undefined;
export const isBun = process.versions["bun"] !== undefined;
/** For a sandbox in a thread: Deno has none with a time limit, and the others take their default. As options, and as source. */
export const NO_LIMIT: { timeLimitMs?: number } = isDeno ? { timeLimitMs: Number.POSITIVE_INFINITY } : {};
export const NO_LIMIT_SOURCE = isDeno ? "timeLimitMs: Infinity, " : "";

export const isNode = !isDeno && !isBun;
