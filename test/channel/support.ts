// Shared by the tests of channels, topics and services: two or more participants of a domain on each host.
import * as assert from "uvu/assert";
import type { Attachment, Domain, Segment } from "wasm-shm";
import type { Pair } from "../support/pairs.js";
import { isPending as pends, wordsOf } from "../sync/support.js";

export { hosts, kernelHosts } from "../sync/support.js";

/** Where the first object of a test is: behind a domain with 16 slots. */
export const PLACE = 4096;
const BYTES = 1 << 20;

export interface Parties {
  readonly segment: Segment;
  readonly domains: Domain[];
  readonly attachments: Attachment[];
  /** The window's words, as a hostile peer sees them. */
  readonly words: Int32Array;
}

/** Runs a test with as many participants as it asks for, each with an attachment of its own. */
export function withParties(host: Pair, count: number, use: (parties: Parties) => Promise<void>): Promise<void> {
  return host.withSegment(BYTES, async (segment) => {
    const words = wordsOf(segment.attach());
    const attachments = Array.from({ length: count }, () => segment.attach());
    const domains = attachments.map((attachment) => attachment.join({ slots: 16 }));
    try {
      await use({ segment, domains, attachments, words });
    } finally {
      for (const attachment of attachments) attachment[Symbol.dispose]();
    }
  });
}

/** The domain of a party that a test knows to be there. */
export function domainOf({ domains }: Parties, index: number): Domain {
  const domain = domains[index];
  if (!domain) throw new Error(`there is no party ${index}`);
  return domain;
}

/** The code of the error that a call or a promise ends with. */
export async function codeOf(work: Promise<unknown> | (() => unknown)): Promise<string | undefined> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    const { code, name, message } = error as { code?: string; name: string; message: string };
    return typeof code === "string" ? code : `${name}: ${message}`;
  }
  return undefined;
}

/** Asserts that a promise is pending after all that can happen now has happened. */
export async function isPending(promise: Promise<unknown>): Promise<void> {
  assert.ok(await pends(promise), "it is settled");
}

/** Bytes that tell their place and their length. */
export function payload(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(number & 0xff);
  if (length >= 4) new DataView(bytes.buffer).setUint32(0, number, true);
  return bytes;
}

/** Throws if the bytes are not those of {@link payload}. */
export function checkPayload(bytes: Uint8Array, number: number): void {
  const wanted = payload(number, bytes.length);
  if (Buffer.compare(bytes, wanted) !== 0) throw new Error(`message ${number} of ${bytes.length} bytes is torn`);
}

/** Reproducible numbers below 2^32: xorshift32. */
export function numbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

let keys = 0;
/** A key of this process's own for each test. */
export const nextKey = (): number => 0x0a000000 + ((process.pid & 0xffff) << 8) + keys++;
