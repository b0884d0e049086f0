// What is to be run: a guest's module, its limits, and the windows and functions it is given. In two forms: as an
// instance takes it, and as data that can be sent to another thread.
import type { Access } from "../common/flags.js";
import type { Attachment } from "../segment/attachment.js";
import type { AttachOptions } from "../segment/request.js";

/** The module and its limits: the same in both forms. */
export interface GuestRequest {
  readonly module: WebAssembly.Module;
  /** Wasm pages of the guest's own: at the start, and at most. */
  readonly initialPages: number;
  readonly maximumPages: number;
  /** The maximum that the module declares for its memory, windows included. Wasm pages. */
  readonly declaredPages: number;
  readonly allocator: string | undefined;
}

/** The part of a segment that a guest sees. */
export interface WindowPart {
  readonly access: Access;
  /** Bytes. */
  readonly offset: number;
  readonly length: number;
}

export interface WindowRequest extends WindowPart {
  attach(options: AttachOptions): Attachment;
}

/** For an instance in this thread. */
export interface InstanceRequest extends GuestRequest {
  readonly windows: ReadonlyMap<string, WindowRequest>;
  readonly imports: WebAssembly.Imports;
}

export interface SharedWindow extends WindowPart {
  readonly name: string;
  readonly id: number;
}

/** For another thread: segments by id, imported functions by name. */
export interface Job extends GuestRequest {
  /** The file of the addon. */
  readonly addon: string;
  readonly windows: readonly SharedWindow[];
  readonly imports: readonly (readonly [module: string, names: readonly string[]])[];
}
