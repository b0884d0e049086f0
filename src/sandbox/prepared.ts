import { illegalConstructor } from "../common/errors.js";
import { Uncloneable } from "../common/uncloneable.js";
import type { ReadGuest } from "./module.js";
import type { SandboxOptions } from "./options.js";

/** @internal A guest as it was given. */
export interface GuestSource {
  /** A copy, which nothing can change between the check and the use. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly options: SandboxOptions;
  /** What came of the checks, by all that they depend on, and the module once this process has compiled it. */
  readonly read: Map<string, { readonly guest: ReadGuest; module?: Promise<WebAssembly.Module> | undefined }>;
}

const MAKER = Symbol("prepareGuest");

/** @internal */
export let prepared: (source: GuestSource) => PreparedGuest;
/** @internal Undefined: it is not a PreparedGuest. */
export let sourceOf: (value: unknown) => GuestSource | undefined;

/**
 * A guest that was checked and changed already. From `prepareGuest`; sandboxes and pools start from it. It has nothing that can
 * be read or changed, and cannot be sent to another thread, which would have to check it again.
 */
export class PreparedGuest extends Uncloneable {
  readonly #source: GuestSource;

  static {
    prepared = (source) => new PreparedGuest(MAKER, source);
    sourceOf = (value) => (typeof value === "object" && value !== null && #source in value ? value.#source : undefined);
  }

  private constructor(maker: unknown, source: GuestSource) {
    if (maker !== MAKER) throw illegalConstructor("PreparedGuest", "prepareGuest");
    super();
    this.#source = source;
  }
}
