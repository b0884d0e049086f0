// The entry point without Node: the local host, in any engine that has WebAssembly and Symbol.dispose.
import { unsupported } from "./common/errors.js";
import type { Host } from "./host/host.js";
import { threadHost } from "./host/local.js";
import { compose, type Shm, type ShmOptions } from "./segment/shm.js";

export * from "./public.js";

const IN_NODE = 'import "wasm-shm" in Node on Linux';

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` always: this entry point has no sysv host */
export function sysvHost(): Host {
  throw unsupported("the sysv host", `this is wasm-shm/portable; ${IN_NODE}`, { hint: IN_NODE });
}

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` always: a guest sees segments of the sysv host, from a worker of Node */
export async function createSandbox(): Promise<never> {
  throw unsupported("a sandbox", `this is wasm-shm/portable; ${IN_NODE}`, { hint: IN_NODE });
}

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` always, as {@link createSandbox} */
export async function createSandboxPool(): Promise<never> {
  throw unsupported("a pool of sandboxes", `this is wasm-shm/portable; ${IN_NODE}`, { hint: IN_NODE });
}

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` always: a pool consists of processes of Node */
export async function createPool(): Promise<never> {
  throw unsupported("a pool", `this is wasm-shm/portable; ${IN_NODE}`, { hint: IN_NODE });
}

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` always, as {@link createPool} */
export function servePool(): never {
  throw unsupported("a pool", `this is wasm-shm/portable; ${IN_NODE}`, { hint: IN_NODE });
}

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` the sysv host was named: this entry point has none */
export function createShm(options?: ShmOptions): Shm {
  return compose(options, { sysv: sysvHost, byDefault: threadHost, engine: {}, streams: undefined });
}

/** The default instance, which the functions below belong to. */
export const shm: Shm = createShm();
export const {
  create,
  open,
  createTyped,
  openTyped,
  createChecksum,
  openSegment,
  destroySegment,
  list,
  limits,
  ftok,
  keyOf,
} = shm;
export const { channel, topic, service } = shm;
