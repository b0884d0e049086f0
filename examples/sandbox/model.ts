// The guest's functions in plain JavaScript: its answers and its times are compared with those of these functions.

export function histogram(bytes: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte] = (counts[byte] as number) + 1;
  return counts;
}

/** Rec. 601's luma. */
export function grayscale(pixels: Uint8Array): Uint8Array {
  const gray = new Uint8Array(pixels.length);
  for (let at = 0; at < pixels.length; at += 4) {
    const [red, green, blue] = [pixels[at] as number, pixels[at + 1] as number, pixels[at + 2] as number];
    gray[at] = gray[at + 1] = gray[at + 2] = (77 * red + 150 * green + 29 * blue + 128) >> 8;
    gray[at + 3] = pixels[at + 3] as number;
  }
  return gray;
}

export function countWords(text: Uint8Array): { words: number; distinct: number } {
  const words = new TextDecoder().decode(text).match(/\P{White_Space}+/gu) ?? [];
  return { words: words.length, distinct: new Set(words).size };
}

export function sum(floats: Float32Array): number {
  let total = 0;
  for (let index = 0; index < floats.length; index++) total += floats[index] as number;
  return total;
}
