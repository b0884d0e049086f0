// Knuth, Morris and Pratt, "Fast pattern matching in strings" (1977). A search reads each byte of the text once and never
// goes back, so it takes linear time even if the text is hostile, or another process writes to it meanwhile. The table
// takes 4 bytes for each byte of the needle.

// Not methods of the text: it may be a Buffer, whose own are the engine's search.
const { indexOf: first, lastIndexOf: last } = Uint8Array.prototype;

export function indexOfByte(text: Uint8Array, byte: number): number {
  return first.call(text, byte);
}

export function lastIndexOfByte(text: Uint8Array, byte: number): number {
  return last.call(text, byte);
}

export function indexOf(text: Uint8Array, needle: Uint8Array): number {
  const end = search(text, needle, 0, 1);
  return end < 0 ? -1 : end - needle.length + 1;
}

/** The first occurrence of the reversed needle in the text as read from its end. */
export function lastIndexOf(text: Uint8Array, needle: Uint8Array): number {
  return search(text, needle.slice().reverse(), text.length - 1, -1);
}

/** The index of the byte that completes the first occurrence, from `first` on in steps of `step`; -1 if there is none. */
function search(text: Uint8Array, needle: Uint8Array, first: number, step: 1 | -1): number {
  if (needle.length > text.length) return -1;
  const borders = bordersOf(needle);
  let matched = 0;
  for (let index = first; index >= 0 && index < text.length; index += step) {
    const byte = text[index];
    while (matched > 0 && needle[matched] !== byte) matched = borders[matched - 1] as number;
    if (needle[matched] === byte) matched++;
    if (matched === needle.length) return index;
  }
  return -1;
}

/** For each beginning of the needle: the length of its longest proper beginning that is also its end. */
function bordersOf(needle: Uint8Array): Uint32Array {
  const borders = new Uint32Array(needle.length);
  let border = 0;
  for (let index = 1; index < needle.length; index++) {
    while (border > 0 && needle[border] !== needle[index]) border = borders[border - 1] as number;
    if (needle[border] === needle[index]) border++;
    borders[index] = border;
  }
  return borders;
}
