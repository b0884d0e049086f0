// What a guest's thread or process does once its guest is ready: it calls exports as the sandbox asks, and has the sandbox
// call imported functions.

import type { MemoryValue } from "./exchange.js";
import { cannotCross, failureOf, ThrownByImport } from "./failure.js";
import type { GuestValue } from "./guest.js";
import type { GuestInstance } from "./instance.js";
import type { Job } from "./job.js";
import type { FromGuest, GuestCall, ToGuest } from "./protocol.js";

/** The way to the sandbox. */
export interface Link {
  /**
   * @param blocking whether the sandbox's thread waits for it
   * @throws if the message has a value that cannot cross
   */
  post(message: FromGuest, blocking: boolean): void;
  /** The next message. Blocks until there is one. */
  receive(): ToGuest;
}

type ImportEnd = Exclude<ToGuest, GuestCall>;

export class Server {
  readonly #link: Link;
  #guest: GuestInstance | undefined;
  #lastImport = 0;
  /** How imported functions ended for which an outer call waits. */
  readonly #early = new Map<number, ImportEnd>();
  /** Whether the innermost call that runs is a blocking one. */
  #blocking = false;

  constructor(link: Link) {
    this.#link = link;
  }

  /** The functions that the guest may import. */
  imports(job: Job): WebAssembly.Imports {
    return Object.fromEntries(
      job.imports.map(([module, names]) => [
        module,
        Object.fromEntries(names.map((name) => [name, this.#imported(module, name)])),
      ]),
    );
  }

  serve(guest: GuestInstance): never {
    this.#guest = guest;
    for (;;) {
      const message = this.#link.receive();
      if ("call" in message) this.#answer(message);
    }
  }

  #answer({ call, name, values, blocking, operation, fuel }: GuestCall): void {
    const outer = this.#blocking;
    this.#blocking = blocking;
    const guest = this.#guest as GuestInstance; // calls come after `ready`
    if (fuel !== undefined) guest.fuel = fuel;
    try {
      const result = operation
        ? guest.exchange(operation, values as MemoryValue[])
        : guest.call(name, values as GuestValue[]);
      this.#post({ call, result, usage: guest.usage }, `the result of ${name}`);
    } catch (error) {
      this.#link.post({ call, failed: failureOf(error), usage: guest.usage }, blocking);
    } finally {
      this.#blocking = outer;
    }
  }

  /** Has the sandbox call a function, and waits for its result. The function may call the guest meanwhile. */
  #imported(module: string, name: string) {
    return (...values: unknown[]): unknown => {
      const number = ++this.#lastImport;
      this.#post({ imported: [module, name], number, values }, `an argument of ${module}.${name}`);
      const ended = this.#ended(number);
      if ("threw" in ended) throw new ThrownByImport(ended.threw);
      return ended.returned;
    };
  }

  #ended(number: number): ImportEnd {
    for (;;) {
      const early = this.#early.get(number);
      if (early) {
        this.#early.delete(number);
        return early;
      }
      const message = this.#link.receive();
      if ("call" in message) this.#answer(message);
      else if (message.number === number) return message;
      else this.#early.set(message.number, message);
    }
  }

  #post(message: FromGuest, what: string): void {
    try {
      this.#link.post(message, this.#blocking);
    } catch (cause) {
      throw cannotCross(what, cause);
    }
  }
}
