// What the sender and the receiver agree on beside the messages: orders and answers, on the same channel as the
// messages.
import type { Channel } from "./channelport.js";
import type { Touch } from "./message.js";
import type { Kind, Served } from "./port.js";
import type { TransportName } from "./transports.js";

/** What the receiver is asked to do. */
export interface Order {
  readonly transport: TransportName;
  readonly kind: Kind;
  readonly bytes: number;
  readonly touch: Touch;
  /** Messages that it will receive. */
  readonly count: number;
}

/** What the receiver answers: it has attached; it is ready to receive; how that ended. */
export type Answer = "attached" | "ready" | Served | { readonly failed: string };

/** File descriptors of the receiver's process. Both are ends of socket pairs, which have no name to leave behind. */
export const Descriptor = { socket: 4, bell: 5 } as const;

export const PATIENCE_MS = 30_000;

/** A check to call while spinning: it throws if the other side has not answered for 30 s, or is gone. */
export function patience(isThere: () => boolean): () => void {
  const limit = Date.now() + PATIENCE_MS;
  return () => {
    if (!isThere()) throw new Error("the other process is gone");
    if (Date.now() > limit) throw new Error("the other process does not answer");
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
