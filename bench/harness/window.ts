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

/** What is measured: a core, and which build of the wasm core. */
export type Variant = CoreName | "wasm without SIMD";

/** As a rival's name has it. */
export function coreOf(variant: Variant): string {
  return variant === "wasm without SIMD" ? "wasm core without SIMD" : `${variant} core`;
}

/** Segments whose attachments run on that core. */
export function shmOf(variant: Variant): Shm {
  if (variant === "js") return createShm({ host: "native", core: "js" });
  const shm = createShm({ host: "native", core: "wasm", simd: variant === "wasm" });
  if (shm.simd !== (variant === "wasm")) throw new Error(`this is not the ${coreOf(variant)}`);
  return shm;
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
      const core = variant === "js" ? "js" : "wasm";
      if (attachment.core !== core) throw new Error(`the attachment runs on the ${attachment.core} core, not ${core}`);
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
