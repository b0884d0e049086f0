import type { OwnUint8Array } from "../common/bytes.js";
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
import { allowedBytes, GuestInstance } from "./instance.js";
import type { InstanceRequest } from "./job.js";
import {
  checkFuel,
  freeing,
  type GuestBytes,
  type GuestMemory,
  reading,
  type Steps,
  type WriteOptions,
  writing,
} from "./transfer.js";

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
  readonly #allocator: string | undefined;
  readonly #memoryAllowed: number;
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
    this.#allocator = request.allocator;
    this.#memoryAllowed = allowedBytes(request, [...request.windows.values()]);
    this.windows = Object.freeze(Object.fromEntries(this.#guest.windows)) as typeof this.windows;
  }

  /** As {@link Sandbox.call}, but returns the result itself. */
  call<Name extends keyof Exports & string>(
    name: Name,
    ...values: CallValues<Exports, Name>
  ): CallResult<Exports, Name> {
    checkCall(name, values);
    return this.#run(() => this.#guest.call(name, values)) as CallResult<Exports, Name>;
  }

  /** The guest's memory. */
  get memory(): GuestMemory {
    return { used: this.#guest.usage.memory, allowed: this.#memoryAllowed };
  }

  /** As {@link Sandbox.fuel}. */
  get fuel(): number | undefined {
    return this.#guest.usage.fuel;
  }

  set fuel(fuel: number) {
    this.#guest.fuel = checkFuel(fuel, this.fuel);
  }

  /** As {@link Sandbox.bytes}, but returns the bytes themselves. */
  bytes(pointer: number, length: number): OwnUint8Array {
    return this.#take(reading(pointer, length, sandboxClosed));
  }

  /** As {@link Sandbox.write}, but returns the place itself. */
  write(bytes: Uint8Array | string, options?: WriteOptions): GuestBytes {
    return this.#take(writing(bytes, options, this.#allocator, sandboxClosed));
  }

  /** As {@link Sandbox.free}, but without a promise. */
  free(pointer: number, length?: number): void {
    this.#take(freeing(pointer, length));
  }

  #take<T>(steps: Steps<T>): T {
    let step = steps.next();
    while (!step.done) {
      const [operation, values] = step.value;
      step = steps.next(this.#run(() => this.#guest.exchange(operation, values)));
    }
    return step.value;
  }

  #run<T>(act: () => T): T {
    if (this.#closed) throw sandboxClosed("it was closed");
    try {
      return act();
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
