// Which engine runs the tests, for what differs between them.

export const isDeno = process.versions["deno"] !== undefined;
export const isBun = process.versions["bun"] !== undefined;
export const isNode = !isDeno && !isBun;

/** A processor that qemu-user emulates. */
export const isEmulated = process.env["WASM_SHM_EMULATED"] !== undefined;

/** Whether a sandbox can have a process of its own: that is a Node, and qemu-user filters no system calls. */
export const confines = isNode && !isEmulated && process.platform === "linux";
/** A sandbox of a default that this engine has: Deno and Bun end no thread. As options, and as source. */
export const NO_LIMIT: { timeLimitMs?: number; isolation?: "thread" } = {
  ...(!isNode && { timeLimitMs: Number.POSITIVE_INFINITY }),
  ...(!confines && { isolation: "thread" }),
};
export const NO_LIMIT_SOURCE = `${isNode ? "" : "timeLimitMs: Infinity, "}${confines ? "" : 'isolation: "thread", '}`;

/** How a frame of a WebAssembly function shows in an error's stack; in Bun without a name. */
export const WASM_FRAME = isBun ? /^ +at unknown$/m : /wasm:\/\/wasm\/|wasm-function/;

/** The Node that runs the build's tools: the runner's. */
export const toolNode = process.env["WASM_SHM_NODE"] ?? process.execPath;

/** Collects garbage now. Node and Deno need --expose-gc, and in Bun only the main thread has that. */
export function collect(): void {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(now: boolean): void } };
  if (Bun) Bun.gc(true);
  else (gc as () => void)();
}
