// The caller's functions, as a guest in another thread or process calls them.
import { guestError, unsupported } from "../common/errors.js";
import { cannotCross } from "./failure.js";
import type { Imports } from "./guest.js";
import type { ImportCall, ToGuest } from "./protocol.js";

/** Errors that are kept: a guest may catch what its imports throw, and call them without end. */
const MOST_THROWN = 1000;

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
  /** What functions threw last during the present call; the guest's side knows each by its number. */
  readonly #thrown = new Map<number, unknown>();
  #nextThrown = 0;
  /** Functions that run. */
  running = 0;

  constructor(imports: Imports, guest: Guest) {
    this.#imports = imports;
    this.#guest = guest;
  }

  /** No call runs, in which the guest could tell what a function threw. */
  forget(): void {
    this.#thrown.clear();
  }

  thrown(index: number): unknown {
    if (index >= this.#nextThrown) return this.#guest.violated("it told an error that nothing threw");
    if (this.#thrown.has(index)) return this.#thrown.get(index);
    const what = "the guest threw what an imported function threw to it";
    return guestError(
      "ERR_SHM_GUEST_TRAP",
      `${what}, which is no longer known: ${MOST_THROWN} are kept, during a call`,
    );
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
    const threw = this.#nextThrown++;
    this.#thrown.set(threw, error);
    this.#thrown.delete(threw - MOST_THROWN);
    this.#guest.post({ number, threw });
  }
}
