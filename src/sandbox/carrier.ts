// What carries messages to a guest and back: a thread or a process of its own. A sandbox is the same over both.
import type { FromGuest, ToGuest } from "./protocol.js";

export interface CarrierEvents {
  message(message: FromGuest): void;
  /** The guest's thread or process has ended, by itself or by {@link Carrier.terminate}; its windows are detached. */
  exit(why: Error): void;
}

export interface Carrier {
  readonly isolation: "process" | "thread";
  readonly pid: number | undefined;

  /** @throws if a value of the message cannot cross */
  post(message: ToGuest): void;

  /** A guest that has something to do keeps the process alive; an idle one does not. */
  keepProcess(alive: boolean): void;

  /** Delivers no more messages. */
  disconnect(): void;

  /** The guest's side did what none of this package does; the carrier ends it. */
  violates(what: string): void;

  /** Begins to end the guest; resolves once its windows are detached, or after some seconds if it cannot be ended. */
  terminate(): Promise<void>;

  /**
   * Blocks this thread until the guest says something about a blocking call. Undefined: only by its event loop does this
   * thread hear the guest.
   *
   * @returns undefined after so many milliseconds
   * @throws {ShmError} `ERR_SHM_SANDBOX_CLOSED` the guest's process has ended
   * @throws {RangeError} what it said is not a message
   */
  readonly hear?: ((milliseconds: number) => FromGuest | undefined) | undefined;
}
