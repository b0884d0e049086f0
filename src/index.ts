// The entry point in Node. Importing it loads no addon, and cannot fail for the lack of one.
import { createShm } from "./node.js";
import { lazyShm } from "./segment/lazy.js";
import type { Shm } from "./segment/shm.js";

export type { Confinement } from "./host/confinement.js";
export { createShm, sysvHost } from "./node.js";
export { createPool, type PoolOptions, servePool } from "./pool/create.js";
export type { Pool } from "./pool/pool.js";
export * from "./public.js";
export { createSandbox, createSandboxPool, prepareGuest } from "./sandbox/create.js";
export type {
  AnyExports,
  CallResult,
  CallValues,
  GuestExports,
  GuestResult,
  GuestValue,
  GuestWindow,
} from "./sandbox/guest.js";
export type { InlineSandbox } from "./sandbox/inline.js";
export type { ModuleLimits } from "./sandbox/limits.js";
export type { GivenImports, Isolation, SandboxOptions, SandboxWindow } from "./sandbox/options.js";
export type { SandboxPool } from "./sandbox/pool.js";
export type { SandboxPoolOptions } from "./sandbox/pooloptions.js";
export type { PreparedGuest } from "./sandbox/prepared.js";
export type { Toolchain } from "./sandbox/providedjob.js";
export type { Sandbox } from "./sandbox/sandbox.js";
export type { GuestBytes, GuestMemory, WriteOptions } from "./sandbox/transfer.js";
export type { WasiOptions, WasiOutput } from "./sandbox/wasioptions.js";
// public.ts exports these without Node's part.
export type { ChannelWritable } from "./stream/messages.js";
export type { CursorReadable } from "./stream/readable.js";
export type { CursorWritable } from "./stream/writable.js";

/**
 * The default instance, which the functions below belong to. Its first use chooses the host: if that fails, each
 * function, `shm.host` and `shm.core` throw as {@link createShm} does.
 */
export const shm: Shm = lazyShm(() => createShm());
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
