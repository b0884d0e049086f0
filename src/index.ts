// The entry point in Node: the kernel's segments if the addon loads, else those of this thread.
import { createShm } from "./node.js";
import type { Shm } from "./segment/shm.js";

export { createShm, sysvHost } from "./node.js";
export * from "./public.js";
export { createSandbox, type SandboxOptions, type SandboxWindow } from "./sandbox/create.js";
export type { GuestResult, GuestValue, GuestWindow } from "./sandbox/guest.js";
export type { InlineSandbox } from "./sandbox/inline.js";
export type { Sandbox } from "./sandbox/sandbox.js";
export type { CursorReadable, CursorWritable } from "./stream/node.js"; // public.ts has them without Node's part

/** The default instance, which the functions below belong to. */
export const shm: Shm = createShm();
export const { create, open, openSegment, destroySegment, list, limits, ftok } = shm;
