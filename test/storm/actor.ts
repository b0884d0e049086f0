// One thread of a storm: what it holds, and the random actions on it.
import { type Access, type Attachment, open, type Segment } from "wasm-shm";
import type { Stores } from "../native/guarded.js";
import { Random } from "../support/random.js";
import type { ThreadOrders } from "./setup.js";

/** An attachment that this thread made. */
export interface Held {
  readonly attachment: Attachment;
  readonly segment: Segment;
  readonly access: Access;
  /** Whether other threads may store there. */
  readonly isCommon: boolean;
  readonly stores: Stores;
}

/** Attachments that a thread holds at most. */
const MOST_HELD = 24;

/** Memories of its own that a thread holds at most. */
const MOST_MEMORIES = 4;

export class Actor {
  readonly random: Random;
  readonly scribbled: readonly Segment[];
  readonly canary: Segment;
  readonly held: Held[] = [];
  readonly memories: WebAssembly.Memory[] = [];

  constructor(readonly orders: ThreadOrders) {
    this.random = new Random(orders.seed);
    this.scribbled = orders.scribbled.map((id) => open(id));
    this.canary = open(orders.canary);
  }

  /** A segment of the storm, and an access that it allows. */
  target(): { segment: Segment; access: Access } {
    const segment = this.random.of([...this.scribbled, this.canary]);
    const guarded = ["read-only", "copy-on-write"] as const;
    const access = this.random.of(segment === this.canary ? guarded : (["read-write", ...guarded] as const));
    return { segment, access };
  }

  /** Keeps an attachment; forgets an older one, for the collector, if there are too many. */
  keep(attachment: Attachment, segment: Segment, isCommon: boolean): void {
    const { access, memory } = attachment;
    const { plain, shared } = this.orders.modules;
    const module = memory.buffer instanceof SharedArrayBuffer ? shared : plain;
    const stores = new WebAssembly.Instance(module, { env: { memory } }).exports as Stores;
    this.held.push({ attachment, segment, access, isCommon, stores });
    if (this.held.length > MOST_HELD) this.take();
  }

  keepMemory(memory: WebAssembly.Memory): void {
    this.memories.push(memory);
    if (this.memories.length > MOST_MEMORIES) this.memories.splice(this.random.below(this.memories.length), 1);
  }

  /** One that is held; undefined if there is none. */
  any(): Held | undefined {
    return this.held.length === 0 ? undefined : this.random.of(this.held);
  }

  /** As {@link any}, and it is held no more. */
  take(): Held | undefined {
    return this.held.splice(this.random.below(Math.max(1, this.held.length)), 1)[0];
  }

  /** Detaches everything, and holds nothing. */
  end(): void {
    for (const { attachment } of this.held.splice(0)) attachment[Symbol.dispose]();
    this.memories.length = 0;
  }
}
