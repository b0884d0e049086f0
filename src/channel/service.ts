// Requests and answers between any number of clients and servers.
import { checkInteger, checkOptions } from "../common/arguments.js";
import { coordinationError, illegalConstructor } from "../common/errors.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { Uncloneable } from "../common/uncloneable.js";
import { ObjectKind, Word } from "../sync/layout.js";
import { MAKE } from "../sync/object.js";
import type { WaitOptions } from "../sync/options.js";
import type { Participant } from "../sync/participant.js";
import { answersAt, packed, REQUEST_HEADER, requestsAt, type ServiceSizes, serviceBytes, unpacked } from "./calls.js";
import { type Channel, openChannel } from "./channel.js";
import { Client, mostAnswer } from "./client.js";
import { type Codec, type CodecOption, checkCodec, type MessageParts } from "./codec.js";
import { argumentsAt, checkCapacity, checkFound, DEFAULT_CAPACITY, isCapacity } from "./options.js";
import { type Handler, type ServeOptions, Server } from "./server.js";

export interface ServiceOptions<T = Uint8Array> {
  /** Bytes for requests: a power of two, 128 to 2^30. Default: what it was made with; a new one gets 65536. */
  capacity?: number;
  /** Bytes for the answers to each client: a power of two, 128 to 2^30. Default: as `capacity`. */
  answerCapacity?: number;
  /** How many clients there may be at a time: 1 to 1024. Default: what it was made with; a new one gets 16. */
  clients?: number;
  /** What requests and answers are made of (default `"bytes"`). It is not stored in the segment: all must say the same. */
  codec?: CodecOption<T>;
}

const DEFAULT_CLIENTS = 16;
const MOST_CLIENTS = 1024;
const LEAST_CAPACITY = 128;

/** What clients and servers need of their service. */
export interface ServiceGround {
  readonly participant: Participant;
  readonly sizes: ServiceSizes;
  readonly requests: Channel;
  /** The channel of answers to a client. */
  answersOf(client: number): Channel;
  /** Word index of a mask of sleepers that wait for deaths. */
  readonly sleepers: number;
  readonly codec: Codec | undefined;
  /** Whether requests outlive all servers: others come. */
  isPatient: boolean;
  describe(operation: string): string;
}

/** Requests and answers. From `domain.service(offset)`. `Q` and `A` are what the codec makes of requests and answers. */
export class Service<Q = Uint8Array, A = Q> extends Uncloneable {
  readonly #ground: ServiceGround;
  /** Bytes from the window's start. */
  readonly offset: number;
  #client: Client | undefined;

  /** @internal */
  constructor(make: symbol, offset: number, ground: ServiceGround) {
    if (make !== MAKE) throw illegalConstructor("Service", "domain.service()");
    super();
    this.offset = offset;
    this.#ground = ground;
  }

  /** Bytes that it takes from {@link offset}. */
  get byteLength(): number {
    return serviceBytes(this.#ground.sizes);
  }

  /** Bytes for requests. */
  get capacity(): number {
    return this.#ground.sizes.requests;
  }

  /** Bytes for the answers to each client. */
  get answerCapacity(): number {
    return this.#ground.sizes.answers;
  }

  /** How many clients there may be at a time. */
  get clients(): number {
    return this.#ground.sizes.clients;
  }

  /** Bytes of the largest request. */
  get largest(): number {
    return this.#ground.requests.largest - REQUEST_HEADER;
  }

  /** Bytes of the largest answer. */
  get largestAnswer(): number {
    return mostAnswer(this.#ground.answersOf(0));
  }

  /**
   * Asks, and waits for the answer. The first request takes a place for a client, until {@link release}. Requests wait for a
   * server if there is none yet.
   *
   * @param options.timeoutMs longest wait for the answer. A server does not begin with a request that is late.
   * @throws {ShmError} `ERR_SHM_HANDLER` the handler failed: `error.cause` says how; `ERR_SHM_PEER_DIED` the server that
   *   worked on it was killed, or all servers were; `ERR_SHM_TIMEOUT`; `ERR_SHM_TOO_MANY_PEERS` no place for a client is
   *   left; `ERR_SHM_CLOSED` it was released; `ERR_SHM_DETACHED`
   * @throws {RangeError} `ERR_OUT_OF_RANGE` the request is longer than {@link largest}
   */
  async request(value: Q, options?: WaitOptions): Promise<A> {
    this.#client ??= new Client(this.#ground);
    return (await this.#client.request(value, options)) as A;
  }

  /** @internal The death of all servers ends no request: others come. */
  outlivesServers(): void {
    this.#ground.isPatient = true;
  }

  /** Answers requests with what `handler` returns, until `server.stop()`. Many servers may share the work. */
  serve(handler: Handler<Q, A>, options?: ServeOptions): Server {
    return new Server(this.#ground, handler as Handler<never, unknown>, options);
  }

  /** Whether it was closed: no request is accepted. */
  get closed(): boolean {
    return this.#ground.requests.closed;
  }

  /** Ends it: each request is `ERR_SHM_CLOSED` from here on. Servers answer what was asked before, and then stop. */
  close(): void {
    const { requests, participant, sleepers } = this.#ground;
    requests.close();
    participant.waits.ring(sleepers);
  }

  /** Rejects pending requests with `ERR_SHM_CLOSED`, and gives up the place of a client. The next request takes one again. */
  release(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.close(coordinationError("ERR_SHM_CLOSED", `${this.#ground.describe("request")}: this client was released`));
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** @internal */
  [INSPECT](_depth: unknown, options: unknown, inspect?: Inspect): string {
    return inspected("Service", #ground in this ? this.#shown() : {}, options, inspect);
  }

  #shown(): object {
    const { offset, capacity, answerCapacity, clients } = this;
    return { offset, capacity, answerCapacity, clients, state: this.#ground.participant.left ? "left" : "joined" };
  }
}

export const serviceOptions = ["capacity", "answerCapacity", "clients", "codec"] as const;

/** The checked options of a service. */
export function checkService<T>(
  options: ServiceOptions<T> | undefined,
  parts: MessageParts | undefined,
): Omit<ServiceOptions, "codec"> & { codec: Codec | undefined } {
  const checked = checkOptions(options, serviceOptions);
  for (const name of ["capacity", "answerCapacity"] as const)
    if (checked[name] !== undefined)
      checkInteger(`options.${name}`, checkCapacity(`options.${name}`, checked[name]), LEAST_CAPACITY, 2 ** 30);
  if (checked.clients !== undefined) checkInteger("options.clients", checked.clients, 1, MOST_CLIENTS);
  return { ...checked, codec: checkCodec(checked.codec, parts) };
}

/** Bytes of a service with these options that is made. */
export function newServiceBytes(options: Omit<ServiceOptions, "codec">): number {
  const { capacity = DEFAULT_CAPACITY, answerCapacity = capacity, clients = DEFAULT_CLIENTS } = options;
  return serviceBytes({ requests: capacity, answers: answerCapacity, clients });
}

export function openService<Q, A>(
  participant: Participant,
  offset: number,
  options: ServiceOptions<Q | A> | undefined,
  parts: MessageParts | undefined,
): Service<Q, A> {
  const { codec, ...checked } = checkService(options, parts);
  const found = argumentsAt(participant, ObjectKind.service, offset);
  const there = found && unpacked(found.first, found.second);
  if (there && !(isCapacity(there.requests) && isCapacity(there.answers) && isCount(there.clients)))
    throw participant.damaged(`service at ${offset}: its sizes are ${JSON.stringify(there)}`);
  const requests = checked.capacity ?? there?.requests ?? DEFAULT_CAPACITY;
  const answers = checked.answerCapacity ?? there?.answers ?? requests;
  const clients = checked.clients ?? there?.clients ?? DEFAULT_CLIENTS;
  const sizes = { requests, answers, clients };
  if (there && (requests !== there.requests || answers !== there.answers || clients !== there.clients))
    throw participant.damaged(`service at ${offset}: it was made with other options: ${JSON.stringify(there)}`);
  const bytes = serviceBytes(sizes);
  const asked = [checked.capacity, checked.answerCapacity, checked.clients];
  if (asked.includes(undefined) && there) checkFound(participant, "service", offset, bytes);
  const base = participant.open("service", offset, bytes, requests, packed(sizes));
  const channel = (at: number, capacity: number, mode: "mpsc" | "mpmc"): Channel =>
    openChannel<Uint8Array>(participant, at, { capacity, mode }, undefined);
  const opened = new Map<number, Channel>();
  const answersOf = (client: number): Channel => {
    const there = opened.get(client) ?? channel(answersAt(offset, sizes, client), answers, "mpsc");
    opened.set(client, there);
    return there;
  };
  return new Service<Q, A>(MAKE, offset, {
    participant,
    sizes,
    requests: channel(requestsAt(offset), requests, "mpmc"),
    answersOf,
    sleepers: base + Word.Sleepers,
    codec,
    isPatient: false,
    describe: (operation) => `${operation} of the service at ${offset}`,
  });
}

const isCount = (clients: number): boolean => clients >= 1 && clients <= MOST_CLIENTS;
