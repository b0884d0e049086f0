// Damaged bytes, the same for the same seed.

export const seed = Number(process.env["WASM_SHM_SEED"] ?? Date.now() % 2 ** 31) || 1;

/** xorshift32: the same seed gives the same mutants. */
export function randomFrom(state: number): (below: number) => number {
  let word = state;
  return (below) => {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    return (word >>> 0) % below;
  };
}

/** Makes 1 to `most` changes: a byte set, a bit flipped, a byte removed, a byte inserted, or a range copied over another. */
export function mutant(module: Uint8Array, random: (below: number) => number, most: number): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(module);
  const put = (at: number, middle: readonly number[], rest: number): void => {
    bytes = new Uint8Array(Buffer.concat([bytes.subarray(0, at), Uint8Array.from(middle), bytes.subarray(rest)]));
  };
  for (let changes = 1 + random(most); changes > 0; changes--) {
    const at = 8 + random(bytes.length - 8); // a broken header is always the same error, found at once
    const kind = random(5);
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes[at] = (bytes[at] as number) ^ (1 << random(8));
    else if (kind === 2) put(at, [], at + 1);
    else if (kind === 3) put(at, [random(256)], at);
    else bytes.copyWithin(at, 8 + random(bytes.length - 8), bytes.length - random(16));
  }
  return bytes;
}
