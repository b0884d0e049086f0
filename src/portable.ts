// The public face without Node: the in-process host, in any engine that has WebAssembly and Symbol.dispose.
import { unsupported } from "./common/errors.js";
import type { Host } from "./host/host.js";
import { compose, type Shm, type ShmOptions, threadHost } from "./segment/shm.js";

export * from "./public.js";

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` always: this face has no native host */
export function sysvHost(): Host {
  throw unsupported("the sysv host", 'it is in the package\'s Node face: import "wasm-shm" in Node on Linux');
}

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` always: a guest sees segments of the native host, from a worker of Node's */
export async function createSandbox(): Promise<never> {
  throw unsupported("a sandbox", 'it is in the package\'s Node face: import "wasm-shm" in Node on Linux');
}

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` the native host was named: this face has none */
export function createShm(options?: ShmOptions): Shm {
  return compose(options, { sysv: sysvHost, byDefault: threadHost, engine: {}, streams: undefined });
}

/** The default instance; the functions below are its. */
export const shm: Shm = createShm();
export const { create, open, openSegment, destroySegment, list, limits, ftok } = shm;
