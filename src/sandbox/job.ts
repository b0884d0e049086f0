// What is to be run: a guest's module, its limits, and the windows and functions it is given. In two forms: as an
// instance takes it, and as data that can be sent to another thread or process.
import type { Access } from "../common/flags.js";
import type { WasmMemory } from "../memory/layout.js";
import type { ProvidedJob, Traps } from "./providedjob.js";

/** Exports that the guest does not have as it was given, by what they are. */
export interface Hidden {
  /** A global: the pages that a guest with a fixed memory sees. */
  readonly pages?: string;
  /** A global: the fuel that is left. */
  readonly fuel?: string;
  /** The function that the engine would have called at the instantiation, before there is any. */
  readonly start?: string | undefined;
}

/** The limits of a guest: the same in both forms. */
export interface GuestLimits extends ProvidedJob {
  /** Wasm pages of the guest's own: at the start, and at most. */
  readonly initialPages: number;
  readonly maximumPages: number;
  /** The maximum that the module declares for its memory, windows included. Wasm pages. */
  readonly declaredPages: number;
  readonly allocator: string | undefined;
  /** Whether the windows lie behind the `maximumPages` that it sees, in a memory that does not grow. */
  readonly fixed: boolean;
  /** Imported functions that nobody gives. */
  readonly traps: Traps;
  /** Names of exports that this package added. */
  readonly hidden: Hidden;
  /** Instructions that it may execute; undefined: they are not counted. */
  readonly fuel: number | undefined;
}

/** The part of a segment that a guest sees. */
export interface WindowPart {
  readonly access: Access;
  /** Bytes. */
  readonly offset: number;
  readonly length: number;
}

/** A window in the guest's memory: an Attachment, or no more of one than a guest's own thread or process needs. */
export interface GuestAttachment {
  readonly access: Access;
  readonly privatePages: number;
  /** @throws {ShmError} `ERR_SHM_MEMORY_MOVED` the engine moved the memory as it grew */
  readonly bytes: Uint8Array;
  discard(): void;
  [Symbol.dispose](): void;
}

export interface WindowRequest extends WindowPart {
  attach(into: { memory: WasmMemory; byteOffset: number }): GuestAttachment;
}

/** For an instance in this thread. */
export interface InstanceRequest extends GuestLimits {
  readonly module: WebAssembly.Module;
  readonly windows: ReadonlyMap<string, WindowRequest>;
  readonly imports: WebAssembly.Imports;
  /** For a guest with a fixed memory: makes it, or has made it before. */
  readonly fixedMemory?: ((pages: number) => WebAssembly.Memory) | undefined;
}

export interface SharedWindow extends WindowPart {
  readonly name: string;
  readonly id: number;
}

/** For another thread or process: segments by id, imported functions by name. */
export interface Job extends GuestLimits {
  readonly windows: readonly SharedWindow[];
  readonly imports: readonly (readonly [module: string, names: readonly string[]])[];
}

export interface ThreadJob extends Job {
  /** The file of the addon. */
  readonly addon: string;
  readonly module: WebAssembly.Module;
}

/** What a runner does while it waits for its job. */
export interface Rehearsal {
  /** Wasm pages of a fixed memory that its guest will probably have. */
  readonly pages: number | undefined;
}

/** What a runner is told before it has a job. */
export interface RunnerStart {
  /** The file of the addon. */
  readonly addon: string;
  /** The segment of its ring: src/sandbox/process/ring.ts. */
  readonly ring: number;
  /** The process that starts it. */
  readonly parent: number;
  readonly rehearsal?: Rehearsal | undefined;
}

/** For a process. The module's bytes follow. */
export interface ProcessJob extends Job {
  readonly moduleBytes: number;
  /** Bytes of private memory that it may add, the guest's memory included. */
  readonly memory: number;
}
