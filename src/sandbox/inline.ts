import { illegalConstructor } from "../common/errors.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { Uncloneable } from "../common/uncloneable.js";
import { sandboxClosed, ThrownByImport } from "./failure.js";
import {
  type AnyExports,
  type CallResult,
  type CallValues,
  checkCall,
  type GuestExports,
  type GuestWindow,
  type Imports,
} from "./guest.js";
import { GuestInstance } from "./instance.js";
import type { InstanceRequest } from "./job.js";

type Request = Omit<InstanceRequest, "imports">;

const MAKER = Symbol("createSandbox");

/** @internal Starts a guest on this thread. */
export let startInlineSandbox: (request: Request, imports: Imports) => InlineSandbox;

/**
 * A guest on the caller's own thread: calls are synchronous and have no time limit. For guests that are trusted to
 * return, and to be harmless: docs/sandbox.md. From `createSandbox` with `isolation: "inline"`.
 */
export class InlineSandbox<
  Windows extends string = string,
  Exports extends GuestExports<Exports> = AnyExports,
> extends Uncloneable {
  readonly #guest: GuestInstance;
  #closed = false;

  /** Where the guest sees each window, by name: bytes of its memory, to be passed to its exports. */
  readonly windows: Readonly<Record<Windows, GuestWindow>>;

  static {
    startInlineSandbox = (request, imports) => new InlineSandbox(MAKER, request, imports);
  }

  private constructor(maker: unknown, request: Request, imports: Imports) {
    if (maker !== MAKER) throw illegalConstructor("InlineSandbox", "createSandbox");
    super();
    this.#guest = new GuestInstance({ ...request, imports: marked(imports) });
    this.windows = Object.freeze(Object.fromEntries(this.#guest.windows)) as typeof this.windows;
  }

  /** As {@link Sandbox.call}, but returns the result itself. */
  call<Name extends keyof Exports & string>(
    name: Name,
    ...values: CallValues<Exports, Name>
  ): CallResult<Exports, Name> {
    checkCall(name, values);
    if (this.#closed) throw sandboxClosed("it was closed");
    try {
      return this.#guest.call(name, values) as CallResult<Exports, Name>;
    } catch (error) {
      throw error instanceof ThrownByImport ? error.value : error;
    }
  }

  /** Detaches the windows. The guest's memory is freed once nothing refers to it. May be called twice. */
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

  /** @internal */
  [INSPECT](_depth: number, options: unknown, inspect?: Inspect): string {
    // The prototype has no fields.
    const fields = !(#guest in this)
      ? {}
      : { isolation: "inline", state: this.#closed ? "closed" : "open", windows: this.windows };
    return inspected("InlineSandbox", fields, options, inspect);
  }
}

/** The same functions; what they throw is marked as thrown by an import. */
function marked(imports: Imports): WebAssembly.Imports {
  const mark =
    (imported: (...values: never[]) => unknown) =>
    (...values: never[]): unknown => {
      try {
        return imported(...values);
      } catch (error) {
        throw new ThrownByImport(error);
      }
    };
  const modules = Object.entries(imports).map(([module, functions]) => {
    return [module, Object.fromEntries(Object.entries(functions).map(([name, call]) => [name, mark(call)]))];
  });
  return Object.fromEntries(modules) as WebAssembly.Imports;
}
