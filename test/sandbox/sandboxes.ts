// Shared by the tests of sandboxes: guests by name, both kinds of sandbox, and checks that segments stay unchanged.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { createSandbox, type GuestResult, type SandboxOptions, type Segment } from "wasm-shm";
import { root } from "../support/child.js";
import { NO_LIMIT } from "../support/engine.js";
import { code, nativePairs } from "../support/pairs.js";

/** The pair that makes the segments; undefined if the sysv host cannot be used. A guest's thread uses no core. */
export const native = nativePairs[0];

export const NO_HOST = "there is no sysv host on this platform";

/** The path of a guest's file: `"c/guest.wasm"` is in examples/guests, `"hostile/loop.wasm"` in test/fixtures. */
export const guestFile = (path: string): string =>
  `${root}${path.startsWith("hostile/") ? "test/fixtures" : "examples/guests"}/${path}`;

/** The bytes of a guest: `"c/guest"`, `"hostile/loop"`. */
export const guest = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(guestFile(`${path}.wasm`)));

/** Either kind of sandbox; calls return a promise. */
export interface AnySandbox {
  readonly windows: Readonly<Record<string, { byteOffset: number; byteLength: number; access: string }>>;
  call(name: string, ...values: (number | bigint)[]): Promise<GuestResult>;
  close(): Promise<void>;
}

export type Kind = "worker" | "inline";
export const kinds: Kind[] = ["worker", "inline"];

/** Makes a sandbox of that kind. */
export async function open(kind: Kind, wasm: Uint8Array, options: SandboxOptions = {}): Promise<AnySandbox> {
  if (kind === "worker") return createSandbox(wasm, { ...NO_LIMIT, ...options, inline: false });
  const sandbox = await createSandbox(wasm, { ...options, inline: true });
  return {
    windows: sandbox.windows,
    call: async (name, ...values) => sandbox.call(name, ...values),
    close: async () => sandbox.close(),
  };
}

/** Runs `use` with a sandbox, and closes it. */
export async function withSandbox<T>(
  kind: Kind,
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
export async function rejects(use: () => unknown, expected: string, words?: RegExp): Promise<Error> {
  try {
    await use();
  } catch (error) {
    code(expected, words)(error);
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
