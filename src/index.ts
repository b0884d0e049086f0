// The public face in Node: the kernel's segments where the addon loads, else this thread's own.
import { provideStreams } from "./cursor/streams.js";
import { nativeHost } from "./host/sysv.js";
import { compose, type Shm, type ShmOptions, sharedMemoryHost } from "./segment/shm.js";
import { nodeStreams } from "./stream/node.js";

export * from "./public.js";
export { createSandbox, type SandboxOptions, type SandboxWindow } from "./sandbox/create.js";
export type { GuestResult, GuestValue, GuestWindow } from "./sandbox/guest.js";
export type { InlineSandbox } from "./sandbox/inline.js";
export type { Sandbox } from "./sandbox/sandbox.js";
export type { CursorReadable, CursorWritable } from "./stream/node.js"; // public.ts has them without Node's part
export { nativeHost };

provideStreams(nodeStreams);

function byDefault(): ReturnType<typeof nativeHost> {
  try {
    return nativeHost();
  } catch (error) {
    // On Linux this is a broken installation, and its segments would be nobody else's: no silent difference.
    if (process.platform === "linux")
      process.emitWarning("no other process will see these segments: the in-process host is in use", {
        code: "WASM_SHM_IN_PROCESS",
        detail: (error as Error).message,
      });
    return sharedMemoryHost();
  }
}

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` the host that was named cannot be had; another never takes its place */
export function createShm(options?: ShmOptions): Shm {
  return compose(options, { native: nativeHost, byDefault });
}

/** The default instance; the functions below are its. */
export const shm: Shm = createShm();
export const { create, open, openSegment, destroySegment, list, limits, ftok } = shm;
