// The entry point without Node: the local host, in any engine that has WebAssembly and Symbol.dispose.
import { unsupported } from "./common/errors.js";
import type { Host } from "./host/host.js";
import { threadHost } from "./host/local.js";
import type { createPool as nodePool, servePool as nodeServePool } from "./pool/create.js";
import type {
  prepareGuest as nodePrepare,
  createSandbox as nodeSandbox,
  createSandboxPool as nodeSandboxPool,
} from "./sandbox/create.js";
import { compose } from "./segment/compose.js";
import type { Shm, ShmOptions } from "./segment/shm.js";

export * from "./public.js";

const IN_NODE = 'import "wasm-shm" in Node on Linux';

const absent = (what: string): Error => unsupported(what, `this is wasm-shm/portable; ${IN_NODE}`, { hint: IN_NODE });

// With the types of Node's entry point, so that one program compiles against both.

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` always: this entry point has no sysv host */
export const sysvHost: (addon?: object | string) => Host = () => {
  throw absent("the sysv host");
};

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` always: a guest sees segments of the sysv host, from a worker of Node */
export const createSandbox: typeof nodeSandbox = async () => {
  throw absent("a sandbox");
};

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` always, as {@link createSandbox} */
export const createSandboxPool: typeof nodeSandboxPool = async () => {
  throw absent("a pool of sandboxes");
};

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` always, as {@link createSandbox} */
export const prepareGuest: typeof nodePrepare = async () => {
  throw absent("a sandbox");
};

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` always: a pool consists of processes of Node */
export const createPool: typeof nodePool = async () => {
  throw absent("a pool");
};

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` always, as {@link createPool} */
export const servePool: typeof nodeServePool = () => {
  throw absent("a pool");
};

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
