/**
 * The largest prime below 2^16 (RFC 1950, section 8.2), and the most bytes whose sums stay below 2^31: past it the
 * engine would add in floating point, at half the speed (Node 20, 24) or a third (26). zlib's NMAX is for 2^32.
 */
const MODULUS = 65521;
const BLOCK = 3854;

export function adler32(bytes: Uint8Array, start: number, end: number, previous: number): number {
  let checksum = previous;
  for (let at = start; at < end; at += BLOCK) checksum = addBlock(bytes, at, Math.min(at + BLOCK, end), checksum);
  return checksum >>> 0;
}

function addBlock(bytes: Uint8Array, start: number, end: number, previous: number): number {
  let low = previous & 0xffff;
  let high = previous >>> 16;
  for (let index = start; index < end; index++) {
    low = (low + (bytes[index] as number)) | 0; // below end, which the caller checked
    high = (high + low) | 0;
  }
  return ((high % MODULUS) << 16) | (low % MODULUS);
}
