// Attachment.checksum in place, against the loop one would write over the window's bytes. Node's zlib is no rival: it
// has adler32 only inside deflate, which copies as well. It is the proof: a zlib stream ends with this checksum.
import { deflateSync } from "node:zlib";
import type { CoreName } from "wasm-shm";
import type { Rival, Timer } from "./harness.js";
import { expectEqual, fillPattern, MiB, sizeName, withAttachment } from "./window.js";

const sizes = [MiB, 64 * MiB];

/** RFC 1950, section 8.2; 5552 is the most bytes whose sums stay below 2^32, zlib's NMAX. */
function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (let index = 0; index < bytes.length; ) {
    for (const stop = Math.min(index + 5552, bytes.length); index < stop; index++) {
      low += bytes[index] as number;
      high += low;
    }
    low %= 65521;
    high %= 65521;
  }
  return ((high << 16) | low) >>> 0;
}

export async function checksum(core: CoreName, time: Timer): Promise<void> {
  for (const size of sizes)
    await withAttachment(core, size, async (attachment) => {
      const { bytes } = attachment;
      fillPattern(bytes);
      const expected = deflateSync(bytes, { level: 0 }).subarray(-4).readUInt32BE();
      const rival = (name: string, run: () => number): Rival => ({
        name,
        operations: 1,
        prove: () => expectEqual(run(), expected, name),
        run,
      });
      await time({
        name: `adler32 (${sizeName(size)})`,
        bytes: size,
        rivals: [
          rival("loop over bytes", () => adler32(bytes)),
          rival(`checksum, ${core} core`, () => attachment.checksum("adler32")),
        ],
      });
    });
}
