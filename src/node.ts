/// <reference types="node" preserve="true" />
// What the package is in Node: the kernel's segments, Node's streams, and the engine's own operations. Every entry point
// for Node composes its instances from this; nothing else names a host of the kernel.
import { Buffer, isUtf8 } from "node:buffer";
import * as zlib from "node:zlib";
import type { Engine } from "./core/engine.js";
import type { Host } from "./host/host.js";
import { threadHost } from "./host/local.js";
import { sysvHost } from "./host/sysv.js";
import { compose, type Platform, type Shm, type ShmOptions } from "./segment/shm.js";
import { readable } from "./stream/readable.js";
import { writable } from "./stream/writable.js";

export { sysvHost };

function byDefault(): Host {
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

const bufferOf = ({ buffer, byteOffset, length }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, length);

// None of these has crashed on bytes that a peer rewrites meanwhile (Node 20 to 26, plain and shared memories); decoding
// text has, and so has a sort.
const engine: Engine = {
  compare: (left, right) => Buffer.compare(left, right),
  indexOf: (bytes, value) => bufferOf(bytes).indexOf(value),
  lastIndexOf: (bytes, value) => bufferOf(bytes).lastIndexOf(value),
  // Boyer and Moore's search with tables of 250 bytes (nbytes.h, kBMMaxShift). With a needle of 4,000 bytes that nearly
  // matches everywhere, 64 MiB take 70 s instead of 0.3 s (Node 20, x86-64).
  longestNeedle: 250,
  swap(bytes, width) {
    const buffer = bufferOf(bytes);
    if (width === 2) buffer.swap16();
    else if (width === 4) buffer.swap32();
    else buffer.swap64();
  },
  isUtf8,
  ...("crc32" in zlib && { crc32: zlib.crc32 }), // from Node 20.15 and 22.2
};

const platform: Platform = {
  sysv: sysvHost,
  byDefault,
  engine,
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
