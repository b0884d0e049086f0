// What our results are held against, by someone else's code.
import { deflateSync } from "node:zlib";

/** Adler-32 by zlib: the last four bytes of its stream (RFC 1950, section 2.2). */
export function adlerOracle(bytes: Uint8Array): number {
  const stream = deflateSync(bytes, { level: 0 });
  return stream.readUInt32BE(stream.length - 4);
}
