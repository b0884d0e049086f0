import { guestError } from "../common/errors.js";
import { checkCall } from "./call.js";
import type { GuestResult, GuestValue, GuestWindow, Imports } from "./guest.js";
import { GuestInstance, type InstanceRequest, Threw } from "./instance.js";

/**
 * A guest on the caller's own thread: calls are synchronous, and have no time limit. For guests that are trusted to
 * come back; in all else they are held as in a {@link Sandbox}. From `createSandbox` with `inline: true`.
 */
export class InlineSandbox {
  readonly #guest: GuestInstance;
  #closed = false;

  /** Where the guest sees each window, by name: bytes of its memory, to be handed to its exports. */
  readonly windows: Readonly<Record<string, GuestWindow>>;

  /** @internal Sandboxes come from `createSandbox`. */
  constructor(request: Omit<InstanceRequest, "imports">, imports: Imports) {
    this.#guest = new GuestInstance({ ...request, imports: marked(imports) });
    this.windows = Object.freeze(Object.fromEntries(this.#guest.windows));
  }

  /** As {@link Sandbox.call}, at once. */
  call(name: string, ...values: GuestValue[]): GuestResult {
    checkCall(name, values);
    if (this.#closed) throw guestError("ERR_SHM_SANDBOX_CLOSED", "the sandbox is closed: it was closed");
    try {
      return this.#guest.call(name, values);
    } catch (error) {
      throw error instanceof Threw ? error.thrown : error;
    }
  }

  /** Detaches the windows; the guest's memory goes when nothing refers to it any more. May be called twice. */
  close(): void {
    this.#closed = true;
    this.#guest.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** The functions, with what they throw marked as theirs. */
function marked(imports: Imports): WebAssembly.Imports {
  const mark =
    (imported: (...values: never[]) => unknown) =>
    (...values: never[]): unknown => {
      try {
        return imported(...values);
      } catch (error) {
        throw new Threw(error);
      }
    };
  const modules = Object.entries(imports).map(([module, functions]) => {
    return [module, Object.fromEntries(Object.entries(functions).map(([name, call]) => [name, mark(call)]))];
  });
  return Object.fromEntries(modules) as WebAssembly.Imports;
}
