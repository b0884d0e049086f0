// Shared by the tests of sandboxes: guests by name, sandboxes of each isolation, and checks that segments stay unchanged.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import {
  createSandbox,
  type GuestBytes,
  type GuestMemory,
  type GuestResult,
  type Isolation,
  type SandboxOptions,
  type Segment,
  type WriteOptions,
} from "wasm-shm";
import { root } from "../support/child.js";
import { confines, NO_LIMIT } from "../support/engine.js";
import { code, nativePairs } from "../support/pairs.js";

/** The pair that makes the segments; undefined if the sysv host cannot be used. A guest's thread uses no core. */
export const native = nativePairs[0];

export const NO_HOST = "there is no sysv host on this platform";

/** The path of a guest's file: `"c/guest.wasm"` is in examples/guests, `"hostile/loop.wasm"` in test/fixtures. */
export const guestFile = (path: string): string =>
  `${root}${path.startsWith("hostile/") ? "test/fixtures" : "examples/guests"}/${path}`;

/** The bytes of a guest: `"c/guest"`, `"hostile/loop"`. */
export const guest = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(guestFile(`${path}.wasm`)));

/** A sandbox of any isolation; calls return a promise. */
export interface AnySandbox {
  readonly windows: Readonly<Record<string, { byteOffset: number; byteLength: number; access: string }>>;
  readonly memory: GuestMemory;
  fuel: number | undefined;
  call(name: string, ...values: (number | bigint)[]): Promise<GuestResult>;
  bytes(pointer: number, length: number): Promise<Uint8Array>;
  write(bytes: Uint8Array | string, options?: WriteOptions): Promise<GuestBytes>;
  free(pointer: number, length?: number): Promise<void>;
  close(): Promise<void>;
}

/** What this engine can isolate a guest by, with calls that return a promise. */
export const apart: ("process" | "thread")[] = confines ? ["process", "thread"] : ["thread"];
export const kinds: Isolation[] = [...apart, "inline"];

/** The default limit is too short for a guest that uses up what it may on a busy machine. */
const TIME_LIMIT = { timeLimitMs: 60_000 };

/** Makes a sandbox of that kind. */
export async function open(kind: Isolation, wasm: Uint8Array, options: SandboxOptions = {}): Promise<AnySandbox> {
  if (kind !== "inline") return createSandbox(wasm, { ...TIME_LIMIT, ...NO_LIMIT, ...options, isolation: kind });
  const sandbox = await createSandbox(wasm, { ...options, isolation: kind });
  return {
    windows: sandbox.windows,
    get memory() {
      return sandbox.memory;
    },
    get fuel() {
      return sandbox.fuel;
    },
    set fuel(value) {
      sandbox.fuel = value as number;
    },
    bytes: async (pointer, length) => sandbox.bytes(pointer, length),
    write: async (bytes, given) => sandbox.write(bytes, given),
    free: async (pointer, length) => sandbox.free(pointer, length),
    call: async (name, ...values) => sandbox.call(name, ...values),
    close: async () => sandbox.close(),
  };
}

/** Runs `use` with a sandbox, and closes it. */
export async function withSandbox<T>(
  kind: Isolation,
  wasm: Uint8Array,
  options: SandboxOptions,
  use: (sandbox: AnySandbox) => Promise<T>,
): Promise<T> {
  const sandbox = await open(kind, wasm, options);
  try {
    return await use(sandbox);
  } finally {
    await sandbox.close();
  }
}

/** Where a window begins in the guest's memory: bytes. */
export const at = (sandbox: AnySandbox, name: string): number => sandbox.windows[name]?.byteOffset as number;

/** The error that `use` throws or rejects with, which must have this code. */
export async function rejects(use: () => unknown, expected: string | RegExp, words?: RegExp): Promise<Error> {
  try {
    await use();
  } catch (error) {
    const { code: actual = "" } = error as { code?: string };
    code(typeof expected !== "string" && expected.test(actual) ? actual : String(expected), words)(error);
    return error as Error;
  }
  throw new Error(`nothing was thrown; ${expected} was expected`);
}

/** The bytes of the segment, read by an attachment made for this. */
export function contents(segment: Segment): Uint8Array {
  const attachment = segment.attach({ access: "read-only" });
  const bytes = attachment.bytes.slice();
  attachment.detach();
  return bytes;
}

/** Waits until the segment has so many attachments: a promise that rejects at a deadline does not wait for the guest's end. */
export async function attached(segment: Segment, count: number): Promise<void> {
  for (const end = Date.now() + 10_000; segment.stat().nattch !== count && Date.now() < end; ) await sleep(5);
  assert.is(segment.stat().nattch, count);
}

/** Runs `use`, which must leave the segments' bytes and their number of attachments as they were. */
export async function intact<T>(segments: Segment[], use: () => Promise<T>): Promise<T> {
  const sums = () =>
    segments.map((segment) => {
      const attachment = segment.attach({ access: "read-only" });
      const sum = attachment.checksum("xxh3");
      attachment.detach();
      return { sum, nattch: segment.stat().nattch };
    });
  const before = sums();
  const result = await use();
  for (const [index, segment] of segments.entries()) await attached(segment, before[index]?.nattch as number);
  assert.equal(sums(), before, "a segment's bytes or attachments changed");
  return result;
}

/** Runs `use` with segments of these sizes, full of random bytes, and destroys them. */
export async function withSegments<T>(sizes: number[], use: (...segments: Segment[]) => Promise<T>): Promise<T> {
  if (!native) throw new Error(NO_HOST);
  const segments = sizes.map((bytes) => native.shm.create(bytes));
  try {
    for (const [index, segment] of segments.entries()) {
      const attachment = segment.attach();
      for (let start = 0; start < segment.size; start += 65_536)
        crypto.getRandomValues(
          new Uint8Array(
            attachment.memory.buffer,
            attachment.byteOffset + start,
            Math.min(65_536, segment.size - start),
          ),
        );
      attachment.bytes[0] = index + 1;
      attachment.detach();
    }
    return await use(...segments);
  } finally {
    for (const segment of segments) segment[Symbol.dispose]();
  }
}

/** Runs `use` with a segment of 3333 random bytes, whose bytes and attachments it must leave as they were. */
export const withIntactSegment = (use: (segment: Segment) => Promise<unknown>): Promise<void> =>
  withSegments([3333], (segment) => intact([segment], async () => void (await use(segment))));
