// What the suites work on: attachments of the native host that leave nothing behind, and bytes to fill them with.
import { type Attachment, type CoreName, createShm, type Segment, type Shm } from "wasm-shm";

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;

export function sizeName(bytes: number): string {
  if (bytes >= GiB) return `${bytes / GiB} GiB`;
  if (bytes >= MiB) return `${bytes / MiB} MiB`;
  return bytes >= KiB ? `${bytes / KiB} KiB` : `${bytes} B`;
}

/** The core that is measured. */
export type Variant = CoreName;

/** As a rival's name has it. */
export function coreOf(variant: Variant): string {
  return `${variant} core`;
}

/** Segments whose attachments run on that core. */
export function shmOf(variant: Variant): Shm {
  return createShm({ host: "sysv", core: variant });
}

/**
 * Calls `work` with an attachment of a new segment. The segment is destroyed before the work begins: it lives until
 * the detach, so not even a kill leaves one.
 */
export async function withAttachment(
  variant: Variant,
  size: number,
  work: (attachment: Attachment, segment: Segment) => Promise<void>,
): Promise<void> {
  const segment = shmOf(variant).create(size);
  try {
    const attachment = segment.attach();
    try {
      segment.destroy();
      if (attachment.core !== variant)
        throw new Error(`the attachment runs on the ${attachment.core} core, not ${variant}`);
      await work(attachment, segment);
    } finally {
      attachment.detach();
    }
  } finally {
    segment[Symbol.dispose]();
  }
}

/** Fills whole words with bytes that repeat nowhere near, the same every time: xorshift32. */
export function fillPattern(bytes: Uint8Array, seed = 1): void {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  let state = seed;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
}

export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected)) throw new Error(`${what} is wrong: ${actual} instead of ${expected}`);
}

export function expectBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(actual, expected) !== 0) throw new Error(`${what} gave other bytes`);
}
