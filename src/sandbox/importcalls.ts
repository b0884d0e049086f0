// The caller's functions, as a guest in another thread or process calls them.
import { unsupported } from "../common/errors.js";
import { cannotCross } from "./failure.js";
import type { Imports } from "./guest.js";
import type { ImportCall, ToGuest } from "./protocol.js";

/** The way to the guest. */
interface Guest {
  /** @throws if a value of the message cannot cross */
  post(message: ToGuest): void;
  /** Ends the guest, which did what none of this package does, and makes the error. */
  violated(what: string): Error;
}

export class ImportCalls {
  readonly #imports: Imports;
  readonly #guest: Guest;
  /** What functions threw during the present call; the guest's side knows each by its index. */
  readonly #thrown: unknown[] = [];
  /** Functions that run. */
  running = 0;

  constructor(imports: Imports, guest: Guest) {
    this.#imports = imports;
    this.#guest = guest;
  }

  /** No call runs, in which the guest could tell what a function threw. */
  forget(): void {
    this.#thrown.length = 0;
  }

  thrown(index: number): unknown {
    return index < this.#thrown.length
      ? this.#thrown[index]
      : this.#guest.violated("it told an error that nothing threw");
  }

  /** Calls the function that the guest waits for, and tells the guest how it ended. */
  async call({ imported, number, values }: ImportCall): Promise<void> {
    this.running++;
    try {
      this.#return(number, await this.#function(imported)(...values), imported);
    } catch (error) {
      this.#throw(number, error);
    } finally {
      this.running--;
    }
  }

  /** The same for a guest that a blocking call waits for. */
  callNow({ imported, number, values }: ImportCall): void {
    this.running++;
    try {
      const returned = this.#function(imported)(...values);
      if (typeof (returned as PromiseLike<unknown> | null | undefined)?.then === "function") {
        Promise.resolve(returned).catch(() => {}); // the caller is told another error
        throw unsupported("callSync", `${imported.join(".")} returned a promise; use call`);
      }
      this.#return(number, returned, imported);
    } catch (error) {
      this.#throw(number, error);
    } finally {
      this.running--;
    }
  }

  /** The guest's side names it, and may be hostile: no name of a prototype must be found. */
  #function([module, name]: ImportCall["imported"]): (...values: unknown[]) => unknown {
    const functions = Object.hasOwn(this.#imports, module) ? this.#imports[module] : undefined;
    const found = functions && Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (typeof found !== "function") throw this.#guest.violated("it called a function that it may not import");
    return found as (...values: unknown[]) => unknown;
  }

  #return(number: number, returned: unknown, imported: ImportCall["imported"]): void {
    try {
      this.#guest.post({ number, returned });
    } catch (cause) {
      throw cannotCross(`the result of ${imported.join(".")}`, cause);
    }
  }

  #throw(number: number, error: unknown): void {
    this.#guest.post({ number, threw: this.#thrown.push(error) - 1 });
  }
}
