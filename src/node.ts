/// <reference types="node" preserve="true" />
// What the package is in Node: the kernel's segments, Node's streams, and the engine's own operations. Every entry point
// for Node composes its instances from this; nothing else names a host of the kernel.
import { Buffer } from "node:buffer";
import { threadHost } from "./host/local.js";
import { sysvHost } from "./host/sysv.js";
import { compose, type Platform, type Shm, type ShmOptions } from "./segment/shm.js";
import { readable } from "./stream/readable.js";
import { writable } from "./stream/writable.js";

export { sysvHost };

function byDefault(): ReturnType<typeof sysvHost> {
  try {
    return sysvHost();
  } catch (error) {
    // On Linux the installation is broken. A warning, as otherwise nothing would say why other processes see no segment.
    if (process.platform === "linux")
      process.emitWarning("no other process will see these segments: the local host is in use", {
        code: "WASM_SHM_IN_PROCESS",
        detail: (error as Error).message,
      });
    return threadHost();
  }
}

const platform: Platform = {
  sysv: sysvHost,
  byDefault,
  engine: { compare: (left, right) => Buffer.compare(left, right) },
  streams: { readable, writable },
};

/**
 * The package over a host and a core of your choice.
 *
 * @throws {ShmError} `ERR_SHM_UNSUPPORTED` the host that was named is not supported here; no other host takes its place
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` the host lacks a method, or the core is not one of three;
 *   `ERR_INVALID_ARG_VALUE` an option or a host's name that does not exist
 */
export function createShm(options?: ShmOptions): Shm {
  return compose(options, platform);
}
