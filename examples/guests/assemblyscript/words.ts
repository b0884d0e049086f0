// Words of UTF-8 text, by Unicode's White_Space. Each word is kept on the heap, so the heap grows while windows are mapped.

let counts = new Map<string, i32>();

/** How many bytes of white space begin here; 0 if there is none. */
function spaceAt(address: usize, end: usize): usize {
  const byte = load<u8>(address);
  if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return 1;
  if (byte < 0xc2 || byte > 0xe3) return 0;
  const remaining = end - address;
  if (remaining < 2) return 0;
  const second = load<u8>(address, 1);
  if (byte === 0xc2) return second === 0x85 || second === 0xa0 ? 2 : 0;
  if (remaining < 3) return 0;
  const third = load<u8>(address, 2);
  if (byte === 0xe1) return second === 0x9a && third === 0x80 ? 3 : 0; // U+1680
  if (byte === 0xe3) return second === 0x80 && third === 0x80 ? 3 : 0; // U+3000
  if (byte !== 0xe2) return 0;
  if (second === 0x81) return third === 0x9f ? 3 : 0; // U+205F
  if (second !== 0x80) return 0;
  const isSpace = (third >= 0x80 && third <= 0x8a) || third === 0xa8 || third === 0xa9 || third === 0xaf;
  return isSpace ? 3 : 0;
}

/** Words in the text; they are kept, for the two functions below, until the next call. */
export function countWords(input: usize, length: usize): i32 {
  counts = new Map<string, i32>();
  const end = input + length;
  let total = 0;
  while (input !== end) {
    const space = spaceAt(input, end);
    if (space !== 0) {
      input += space;
      continue;
    }
    const start = input;
    while (input !== end && spaceAt(input, end) === 0) input++;
    const word = String.UTF8.decodeUnsafe(start, input - start);
    counts.set(word, (counts.has(word) ? counts.get(word) : 0) + 1);
    total++;
  }
  return total;
}

/** Different words in the text of the last countWords. */
export function distinctWords(): i32 {
  return counts.size;
}

/** How often a word, given as UTF-8 at `input`, was in the text of the last countWords. */
export function occurrences(input: usize, length: usize): i32 {
  const word = String.UTF8.decodeUnsafe(input, length);
  return counts.has(word) ? counts.get(word) : 0;
}
