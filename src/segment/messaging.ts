// `channel.create({ key })`, `channel.open({ key })`, and the same for topics and services.
import { type Channel, type ChannelOptions, channelOptions, checkChannel } from "../channel/channel.js";
import type { AnyValue, MessageParts, Valued } from "../channel/codec.js";
import { ringBytes } from "../channel/layout.js";
import {
  checkService,
  newServiceBytes,
  type Service,
  type ServiceOptions,
  serviceOptions,
} from "../channel/service.js";
import { checkTopic, newTopicBytes, type Topic, type TopicOptions, topicOptions } from "../channel/topic.js";
import { checkOptions, pickOptions } from "../common/arguments.js";
import type { Domain } from "../domain/domain.js";
import {
  createOwn,
  type Making,
  type Own,
  type OwnOptions,
  type OwnTarget,
  openOwn,
  ownOptions,
  ownTarget,
} from "./own.js";
import type { Shm } from "./shm.js";

/** Room for messages if nothing is said: pages that are never used take no memory. */
const CAPACITY = 2 ** 20;
/** Of a service, which has it once for requests, and once for each client. */
const SERVICE_CAPACITY = 2 ** 18;

/** Channels with segments of their own. */
export interface ChannelMaker {
  /**
   * Makes a channel, with its segment and its domain. What killed processes left under the key is removed before.
   *
   * @throws {ShmError} `EEXIST` a participant lives there; `ERR_SHM_UNSUPPORTED` by this host; as {@link Shm.create} and
   *   {@link Attachment.join}
   */
  create<T = AnyValue>(options: ChannelOptions<T> & OwnOptions & Valued): Channel<T> & Own;
  create<T = Uint8Array>(options?: ChannelOptions<T> & OwnOptions): Channel<T> & Own;
  /** Opens one that another process has made. @throws {ShmError} `ENOENT` no segment has the key; `ERR_SHM_LAYOUT` */
  open<T = AnyValue>(options: ChannelOptions<T> & OwnTarget & Valued): Channel<T> & Own;
  open<T = Uint8Array>(options: ChannelOptions<T> & OwnTarget): Channel<T> & Own;
}

/** Topics with segments of their own, as {@link ChannelMaker}. */
export interface TopicMaker {
  create<T = AnyValue>(options: TopicOptions<T> & OwnOptions & Valued): Topic<T> & Own;
  create<T = Uint8Array>(options?: TopicOptions<T> & OwnOptions): Topic<T> & Own;
  open<T = AnyValue>(options: TopicOptions<T> & OwnTarget & Valued): Topic<T> & Own;
  open<T = Uint8Array>(options: TopicOptions<T> & OwnTarget): Topic<T> & Own;
}

/** Services with segments of their own, as {@link ChannelMaker}. */
export interface ServiceMaker {
  create<Q = AnyValue, A = Q>(options: ServiceOptions<Q | A> & OwnOptions & Valued): Service<Q, A> & Own;
  create<Q = Uint8Array, A = Q>(options?: ServiceOptions<Q | A> & OwnOptions): Service<Q, A> & Own;
  open<Q = AnyValue, A = Q>(options: ServiceOptions<Q | A> & OwnTarget & Valued): Service<Q, A> & Own;
  open<Q = Uint8Array, A = Q>(options: ServiceOptions<Q | A> & OwnTarget): Service<Q, A> & Own;
}

export interface Messaging {
  readonly channel: ChannelMaker;
  readonly topic: TopicMaker;
  readonly service: ServiceMaker;
}

type Options = Record<string, unknown>;
type MakingOf<T extends object> = (options: Options, isNew: boolean) => Making<T>;

function makerOf<T extends object>(shm: () => Shm, keys: readonly string[], making: MakingOf<T>) {
  return {
    create(options?: object): T & Own {
      const checked = checkOptions(options, [...ownOptions, ...keys] as never) as Options;
      return createOwn(
        shm(),
        making(pickOptions<Options, string>(checked, keys), true),
        pickOptions<Options, string>(checked, ownOptions),
      );
    },
    open(options: object): T & Own {
      const checked = checkOptions(options, [...ownTarget, ...keys] as never) as Options;
      return openOwn(
        shm(),
        making(pickOptions<Options, string>(checked, keys), false),
        pickOptions<Options, string>(checked, ownTarget),
      );
    },
  };
}

/** The makers of an instance. */
export function messagingOf(shm: () => Shm, parts: MessageParts | undefined): Messaging {
  const channel = makerOf(shm, channelOptions, (options, isNew) => {
    const given = isNew ? { capacity: CAPACITY, ...options } : options;
    const { capacity = CAPACITY } = checkChannel(given, parts);
    const open = (domain: Domain, offset: number): Channel<never> => domain.channel(offset, given);
    return { name: "channel", bytes: ringBytes(capacity), open };
  });
  const topic = makerOf(shm, topicOptions, (options, isNew) => {
    const given = isNew ? { capacity: CAPACITY, ...options } : options;
    const bytes = newTopicBytes(checkTopic(given, parts));
    const open = (domain: Domain, offset: number): Topic<never> => domain.topic(offset, given);
    return { name: "topic", bytes, open };
  });
  const service = makerOf(shm, serviceOptions, (options, isNew) => {
    const given = isNew ? { capacity: SERVICE_CAPACITY, ...options } : options;
    const bytes = newServiceBytes(checkService(given, parts));
    const open = (domain: Domain, offset: number): Service<never> => domain.service(offset, given);
    return { name: "service", bytes, open };
  });
  return { channel, topic, service } as Messaging;
}
