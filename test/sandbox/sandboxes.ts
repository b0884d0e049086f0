// What the sandbox's tests share: guests by name, both kinds of sandbox, and a look at segments before and after.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { createSandbox, type GuestResult, type SandboxOptions, type Segment } from "wasm-shm";
import { root } from "../support/child.js";
import { code, nativePairs } from "../support/pairs.js";

/** The pair that segments come from; undefined where there is no native host. A guest's thread has no core. */
export const native = nativePairs[0];

export const NO_HOST = "there is no native host on this platform";

/** The file of a guest of examples/guests, `"c/guest.wasm"`, or of test/fixtures, `"hostile/loop.wasm"`. */
export const guestFile = (path: string): string =>
  `${root}${path.startsWith("hostile/") ? "test/fixtures" : "examples/guests"}/${path}`;

/** Its bytes: of `"c/guest"`, `"hostile/loop"`. */
export const guest = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(guestFile(`${path}.wasm`)));

/** Either kind of sandbox, its calls by a promise. */
export interface AnySandbox {
  readonly windows: Readonly<Record<string, { byteOffset: number; byteLength: number; access: string }>>;
  call(name: string, ...values: (number | bigint)[]): Promise<GuestResult>;
  close(): Promise<void>;
}

export type Kind = "worker" | "inline";
export const kinds: Kind[] = ["worker", "inline"];

/** Makes a sandbox of that kind. */
export async function open(kind: Kind, wasm: Uint8Array, options: SandboxOptions = {}): Promise<AnySandbox> {
  if (kind === "worker") return createSandbox(wasm, { ...options, inline: false });
  const sandbox = await createSandbox(wasm, { ...options, inline: true });
  return {
    windows: sandbox.windows,
    call: async (name, ...values) => sandbox.call(name, ...values),
    close: async () => sandbox.close(),
  };
}

/** A sandbox for as long as `use` runs. */
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

/** Where a window begins. */
export const at = (sandbox: AnySandbox, name: string): number => sandbox.windows[name]?.byteOffset as number;

/** The error of this code that it rejects with, or throws. */
export async function rejects(use: () => unknown, expected: string, words?: RegExp): Promise<Error> {
  try {
    await use();
  } catch (error) {
    code(expected, words)(error);
    return error as Error;
  }
  throw new Error(`nothing was thrown; ${expected} was expected`);
}

/** What the segment holds; an attachment of its own sees to it. */
export function contents(segment: Segment): Uint8Array {
  const attachment = segment.attach({ access: "read-only" });
  const bytes = attachment.bytes.slice();
  attachment.detach();
  return bytes;
}

/** Whatever `use` does, the segments' bytes and their attachments' number are what they were. */
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

/** Segments of these sizes, of random bytes, for as long as `use` runs. */
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

/** A segment of 3333 random bytes for as long as `use` runs, which must leave its bytes and attachments as they were. */
export const withIntactSegment = (use: (segment: Segment) => Promise<unknown>): Promise<void> =>
  withSegments([3333], (segment) => intact([segment], async () => void (await use(segment))));
