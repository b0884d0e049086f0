// What the sender and the receiver agree on beside the messages: orders and answers, on the same channel as the
// messages.
import type { Channel } from "./channelport.js";
import type { Touch } from "./message.js";
import type { Kind, Served } from "./port.js";
import type { TransportName } from "./transports.js";

/** A transport that is to be opened: it stays open for all trials, as in a program. */
export interface Opening {
  readonly transport: TransportName;
  readonly kind: Kind;
  readonly bytes: number;
  readonly touch: Touch;
}

/** A trial through an opened transport. */
export interface Service {
  readonly touch: Touch;
  /** Messages that the receiver will get. */
  readonly count: number;
}

/** What the receiver is asked to do, to the transport of that number. */
export type Order = { readonly number: number } & (
  | { readonly open: Opening }
  | { readonly serve: Service }
  | { readonly close: true }
);

/** What the receiver answers: it has attached, opened or closed; it is ready to receive; how that ended. */
export type Answer = "done" | "ready" | Served | { readonly failed: string };

/** File descriptors of the receiver's process. Both are ends of socket pairs, which have no name to leave behind. */
export const Descriptor = { socket: 4, bell: 5 } as const;

export const PATIENCE_MS = 30_000;

/** What a side asks while it spins. One lives as long as the ports do: code that V8 compiled for a function dies with it. */
export class Patience {
  readonly #isThere: () => boolean;
  #limit = 0;

  constructor(isThere: () => boolean = () => true) {
    this.#isThere = isThere;
  }

  /** A trial begins: from now on the other side has 30 s. */
  begin(): void {
    this.#limit = Date.now() + PATIENCE_MS;
  }

  /** @throws {Error} the other side is gone, or its time is over */
  readonly check = (): void => {
    if (!this.#isThere()) throw new Error("the other process is gone");
    if (Date.now() > this.#limit) throw new Error("the other process does not answer");
  };
}

/** Orders and answers are wrapped, which tells them from messages. */
interface Wrapped {
  readonly control: unknown;
}

const isWrapped = (message: unknown): message is Wrapped =>
  typeof message === "object" && message !== null && "control" in message;

/** An end of process.send or postMessage. */
export class Line implements Channel {
  readonly post: Channel["post"];
  readonly #control: (message: unknown) => void;
  #listener: ((message: unknown) => void) | undefined;

  constructor(post: Channel["post"], control: (message: unknown) => void) {
    this.post = post;
    this.#control = control;
  }

  say(control: unknown, done?: () => void): void {
    this.post({ control } satisfies Wrapped, done);
  }

  hear(listener: ((message: unknown) => void) | undefined): void {
    this.#listener = listener;
  }

  readonly arrived = (message: unknown): void => {
    if (isWrapped(message)) this.#control(message.control);
    else this.#listener?.(message);
  };
}
