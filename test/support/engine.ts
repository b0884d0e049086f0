// Which engine runs the tests, for what differs between them.

export const isDeno = process.versions["deno"] !== undefined;
export const isBun = process.versions["bun"] !== undefined;
export const isNode = !isDeno && !isBun;
/** For a sandbox in a thread: Deno and Bun have none with a time limit, and Node takes its default. As options, and as source. */
export const NO_LIMIT: { timeLimitMs?: number } = isNode ? {} : { timeLimitMs: Number.POSITIVE_INFINITY };
export const NO_LIMIT_SOURCE = isNode ? "" : "timeLimitMs: Infinity, ";

/** A processor that qemu-user emulates. */
export const isEmulated = process.env["WASM_SHM_EMULATED"] !== undefined;

/** The Node that runs the build's tools: the runner's. */
export const toolNode = process.env["WASM_SHM_NODE"] ?? process.execPath;
