// Which engine runs the tests, for what differs between them.

export const isDeno = process.versions["deno"] !== undefined;
export const isBun = process.versions["bun"] !== undefined;
/** For a sandbox in a thread: Deno has none with a time limit, and the others take their default. As options, and as source. */
export const NO_LIMIT: { timeLimitMs?: number } = isDeno ? { timeLimitMs: Number.POSITIVE_INFINITY } : {};
export const NO_LIMIT_SOURCE = isDeno ? "timeLimitMs: Infinity, " : "";

/** A processor that qemu-user emulates. */
export const isEmulated = process.env["QEMU_SET_ENV"] !== undefined;

/** The Node that runs the build's tools: the runner's. */
export const toolNode = process.env["WASM_SHM_NODE"] ?? process.execPath;

export const isNode = !isDeno && !isBun;
