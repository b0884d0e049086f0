/// <reference types="node" preserve="true" />
// What the package is in Node: the kernel's segments, Node's streams, and the engine's own operations. Every entry point
// for Node composes its instances from this; nothing else names a host of the kernel.
import { Buffer } from "node:buffer";
import { sysvHost } from "./host/sysv.js";
import { compose, type Platform, type Shm, type ShmOptions, threadHost } from "./segment/shm.js";
import { readable } from "./stream/readable.js";
import { writable } from "./stream/writable.js";

export { sysvHost };

function byDefault(): ReturnType<typeof sysvHost> {
  try {
    return sysvHost();
  } catch (error) {
    // On Linux this is a broken installation, and its segments would be nobody else's: no silent difference.
    if (process.platform === "linux")
      process.emitWarning("no other process will see these segments: the in-process host is in use", {
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

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` the host that was named cannot be had; another never takes its place */
export function createShm(options?: ShmOptions): Shm {
  return compose(options, platform);
}
