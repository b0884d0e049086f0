// A domain as its user sees it: who takes part, and the objects that they share. Each object is in a file of its own below.

import { type Channel, type ChannelOptions, openChannel } from "../channel/channel.js";
import type { AnyValue, MessageParts, Valued } from "../channel/codec.js";
import { openService, type Service, type ServiceOptions } from "../channel/service.js";
import { openTopic, type Topic, type TopicOptions } from "../channel/topic.js";
import { checkInteger, checkOptions, checkSize } from "../common/arguments.js";
import { illegalConstructor } from "../common/errors.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { Uncloneable } from "../common/uncloneable.js";
import { domainBytes, LINE, MAX_SLOTS } from "../host/membership.js";
import { type Barrier, type BarrierOptions, openBarrier } from "../sync/barrier.js";
import { type Condition, openCondition } from "../sync/condition.js";
import { openEvent, type SharedEvent } from "../sync/event.js";
import { type Mutex, openMutex } from "../sync/mutex.js";
import { Participant, type Place } from "../sync/participant.js";
import { type Peer, type PeerEvent, PeerEvents, type PeerListener, peersOf } from "../sync/peers.js";
import { openRwLock, type RwLock } from "../sync/rwlock.js";
import { openSemaphore, type Semaphore, type SemaphoreOptions } from "../sync/semaphore.js";
import { openSeqlock, type Seqlock, type SeqlockOptions } from "../sync/seqlock.js";

export interface JoinOptions {
  /** Where the domain is: bytes from the window's start, a multiple of 64 (default 0). */
  offset?: number;
  /** How many participants it has room for at a time: 1 to 64. Default: what it was made with; a new one gets 16. */
  slots?: number;
}

const MAKE = Symbol("make");

/** The checked options of a join. */
export function checkJoin(options: JoinOptions | undefined): Pick<Place, "offset" | "slots"> {
  const { offset = 0, slots } = checkOptions(options, ["offset", "slots"]);
  checkSize("options.offset", offset);
  checkInteger("options.offset / 64", offset / LINE, 0, Number.MAX_SAFE_INTEGER);
  if (slots !== undefined) checkInteger("options.slots", slots, 1, MAX_SLOTS);
  return { offset, slots };
}

/**
 * This attachment as a participant of a domain: processes that share locks. From {@link Attachment.join}.
 * After {@link leave}, or a detach of the attachment, every method throws `ERR_SHM_DETACHED`, except `Symbol.dispose`, `off`, `ref` and `unref`.
 */
export class Domain extends Uncloneable {
  readonly #participant: Participant;
  readonly #events: PeerEvents;
  readonly #messages: MessageParts | undefined;

  /** @internal */
  constructor(make: symbol, participant: Participant, messages: MessageParts | undefined) {
    if (make !== MAKE) throw illegalConstructor("Domain", "attachment.join()");
    super();
    this.#participant = participant;
    this.#events = new PeerEvents(participant);
    this.#messages = messages;
  }

  /** Where it is: bytes from the window's start. */
  get offset(): number {
    return this.#participant.offset;
  }

  /** Bytes that it takes from {@link offset}: 64, and 128 for each slot. Objects lie outside them. */
  get byteLength(): number {
    return domainBytes(this.#participant.slots);
  }

  /** How many participants it has room for at a time. */
  get slots(): number {
    return this.#participant.slots;
  }

  /** The slot of this participant. */
  get slot(): number {
    return this.#participant.slot;
  }

  /** @internal Whether it has left, or its attachment was detached. */
  get left(): boolean {
    return this.#participant.left;
  }

  /** Everyone who takes part, this participant included, and those that were killed and whose slot is not taken again. */
  peers(): Peer[] {
    return peersOf(this.#participant);
  }

  /**
   * Calls `listener(peer)` when another participant joins, leaves, or is killed. A death is told at once if the kernel tells it,
   * else within a second, unless it was in another pid namespace. Listeners alone do not keep the process alive.
   */
  on(event: PeerEvent, listener: PeerListener): this {
    this.#events.on(event, listener);
    return this;
  }

  off(event: PeerEvent, listener: PeerListener): this {
    this.#events.off(event, listener);
    return this;
  }

  /** Pending waits keep the process alive. This is the default. */
  ref(): this {
    this.#participant.waits.ref(true);
    return this;
  }

  /** Pending waits do not keep the process alive. */
  unref(): this {
    this.#participant.waits.ref(false);
    return this;
  }

  /** A lock that one participant holds at a time: 64 bytes at `offset`. */
  mutex(offset: number): Mutex {
    return openMutex(this.#participant, checkSize("offset", offset));
  }

  /** A lock that many readers or one writer hold: 64 bytes, and 64 for each slot of the domain. */
  rwLock(offset: number): RwLock {
    return openRwLock(this.#participant, checkSize("offset", offset));
  }

  /** Permits that come back when their holder dies: 64 bytes, and 4 for each slot, rounded up to 64. */
  semaphore(offset: number, options: SemaphoreOptions): Semaphore {
    return openSemaphore(this.#participant, checkSize("offset", offset), options);
  }

  /** Something that has happened, or not yet: 64 bytes. */
  event(offset: number): SharedEvent {
    return openEvent(this.#participant, checkSize("offset", offset));
  }

  /** Notices of changes under a mutex: 64 bytes. */
  condition(offset: number): Condition {
    return openCondition(this.#participant, checkSize("offset", offset));
  }

  /**
   * A meeting of all parties: 64 bytes, and 4 for each slot, rounded up to 64. This participant is a party from here on: its
   * death breaks the barrier.
   */
  barrier(offset: number, options: BarrierOptions): Barrier {
    return openBarrier(this.#participant, checkSize("offset", offset), options);
  }

  /** A value that readers copy without waiting: 64 bytes, and its size rounded up to 64 for each copy. */
  seqlock(offset: number, options: SeqlockOptions): Seqlock {
    return openSeqlock(this.#participant, checkSize("offset", offset), options);
  }

  /** A queue of messages: 960 bytes, and its capacity. */
  channel<T = AnyValue>(offset: number, options: ChannelOptions<T> & Valued): Channel<T>;
  channel<T = Uint8Array>(offset: number, options?: ChannelOptions<T>): Channel<T>;
  channel<T>(offset: number, options?: ChannelOptions<T>): Channel<T> {
    return openChannel(this.#participant, checkSize("offset", offset), options, this.#messages);
  }

  /** Messages for all that subscribe: 320 bytes, 64 for each possible subscription, and its capacity. */
  topic<T = AnyValue>(offset: number, options: TopicOptions<T> & Valued): Topic<T>;
  topic<T = Uint8Array>(offset: number, options?: TopicOptions<T>): Topic<T>;
  topic<T>(offset: number, options?: TopicOptions<T>): Topic<T> {
    return openTopic(this.#participant, checkSize("offset", offset), options, this.#messages);
  }

  /** Requests and answers: 1024 bytes and its capacity, and for each possible client 960 and the capacity for answers. */
  service<Q = AnyValue, A = Q>(offset: number, options: ServiceOptions<Q | A> & Valued): Service<Q, A>;
  service<Q = Uint8Array, A = Q>(offset: number, options?: ServiceOptions<Q | A>): Service<Q, A>;
  service<Q, A>(offset: number, options?: ServiceOptions<Q | A>): Service<Q, A> {
    return openService<Q, A>(this.#participant, checkSize("offset", offset), options, this.#messages);
  }

  /**
   * Gives the slot back. Pending waits are rejected with `ERR_SHM_DETACHED`. The next to take a lock that is still held here
   * is told that its owner died.
   */
  leave(): void {
    if (this.#participant.left) throw this.#participant.hasLeft();
    this.#participant.leave();
  }

  /** Leaves, if {@link leave} or a detach has not. */
  [Symbol.dispose](): void {
    this.#participant.leave();
  }

  /** @internal */
  [INSPECT](_depth: unknown, options: unknown, inspect?: Inspect): string {
    return inspected("Domain", #participant in this ? this.#shown() : {}, options, inspect);
  }

  #shown(): object {
    const { offset, slots, slot, left, waits } = this.#participant;
    return { offset, slots, slot, state: left ? "left" : "joined", pending: waits.pending };
  }
}

/** The domain, and its participant, which leaves when the attachment has unmapped the window. */
export function joinDomain(
  place: Place,
  messages: MessageParts | undefined,
): { domain: Domain; participant: Participant } {
  const participant = new Participant(place);
  return { domain: new Domain(MAKE, participant, messages), participant };
}
