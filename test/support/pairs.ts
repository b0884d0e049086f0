// The six pairs of host and core, from which every test takes its segments. Each is cleaned up, even if the test fails.
import {
  type Attachment,
  type AttachOptions,
  type CreateOptions,
  type Cursor,
  createShm,
  type Segment,
  type Shm,
  type ShmOptions,
  sysvHost,
} from "wasm-shm";
import type { Engine } from "#src/core/engine.js";
import { threadHost } from "#src/host/local.js";
import { compose } from "#src/segment/compose.js";

export interface Pair {
  name: string;
  shm: Shm;
  native: boolean;
  withSegment<T>(bytes: number, use: (segment: Segment) => T, options?: CreateOptions): T;
  withAttachment<T>(bytes: number, use: (attachment: Attachment, segment: Segment) => T, options?: AttachOptions): T;
  withCursor<T>(bytes: number, use: (cursor: Cursor, attachment: Attachment) => T, options?: AttachOptions): T;
}

/** For tests of a grow: it detaches the views of a plain memory, and not those of a shared one. */
export const PLAIN: AttachOptions = { memory: "plain" };

/** An instance as another engine would have it: with these operations of its own, and no streams. */
export function shmWith(engine: Engine, options: ShmOptions): Shm {
  return compose(options, { sysv: sysvHost, byDefault: threadHost, engine, streams: undefined });
}

type HostName = Extract<ShmOptions["host"], string>;

function pairOf(name: string, host: HostName, shm: Shm): Pair {
  function withSegment<T>(bytes: number, use: (segment: Segment) => T, options?: CreateOptions): T {
    const segment = shm.create(bytes, options);
    let result: T;
    try {
      result = use(segment);
    } catch (error) {
      segment[Symbol.dispose]();
      throw error;
    }
    if (result instanceof Promise) return result.finally(() => segment[Symbol.dispose]()) as T;
    segment[Symbol.dispose]();
    return result;
  }

  return {
    name,
    shm,
    native: host === "sysv",
    withSegment,
    withAttachment: (bytes, use, options) => withSegment(bytes, (segment) => use(segment.attach(options), segment)),
    withCursor: (bytes, use, options) =>
      withSegment(bytes, (segment) => {
        const attachment = segment.attach(options);
        return use(attachment.cursor(), attachment);
      }),
  };
}

const cores: [string, ShmOptions][] = [
  ["wasm", { core: "wasm" }],
  ["auto", { core: "auto" }],
  ["js", { core: "js" }],
];

/** A new host has its name here. */
const hosts: HostName[] = process.platform === "linux" ? ["sysv", "local"] : ["local"];

/** Each host that the platform has, with each core. */
export const pairs: Pair[] = hosts.flatMap((host) =>
  cores.map(([core, options]) => pairOf(`${host}, ${core}`, host, createShm({ host, ...options }))),
);

/** The same without operations of the engine, as in a browser: the cores do all of the work. */
export const pairsWithoutEngine: Pair[] = hosts.flatMap((host) =>
  cores.map(([core, options]) => pairOf(`${host}, ${core}, no engine`, host, shmWith({}, { host, ...options }))),
);

/** For what an engine may do instead of the core: each core of a host once more, without one. */
export const enginePairs: Pair[] = [
  ...pairs,
  ...pairsWithoutEngine.filter(({ native, name }) => !native && !name.includes("auto")),
];

/** For tests of the kernel's work. Without core "auto": the suites over all pairs show that it is the same. */
export const nativePairs = pairs.filter(({ native, name }) => native && !name.endsWith("auto"));

/** A predicate for assert.throws, which accepts any error if it is given a class. */
export function code(expected: string, words?: RegExp): (error: unknown) => boolean {
  return (error) => {
    const { code: actual, message } = error as { code?: string; message: string };
    if (actual !== expected) throw new Error(`expected ${expected}, got ${actual}: ${message}`);
    if (words && !words.test(message)) throw new Error(`${words} does not match: ${message}`);
    return true;
  };
}

/** Reproducible bytes: xorshift32. */
export function randomBytes(length: number, seed = 0x9e3779b9): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let index = 0; index < length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state;
  }
  return bytes;
}
