/** The largest prime below 2^16: RFC 1950, section 8.2. */
const MODULUS = 65521;

export function adler32(bytes: Uint8Array, previous: number): number {
  let low = previous & 0xffff;
  let high = previous >>> 16;
  for (let index = 0; index < bytes.length; index++) {
    low = (low + (bytes[index] as number)) % MODULUS;
    high = (high + low) % MODULUS;
  }
  return ((high << 16) | low) >>> 0;
}
