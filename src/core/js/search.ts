// In `text`, which is a range of a window: another process may write there meanwhile. Each step goes on by a byte at
// least, whatever it read.

/** Shorter needles are looked for by one byte of theirs first; longer ones skip more at each look than that gains. */
const SHORT = 16;

/**
 * Bytes that a candidate which was none is worth; where there are more of them, the byte is no rare one. And how many
 * are free.
 */
const CANDIDATE = 64;
const FREE = 32;

/** Bytes of a sample, from which part of the text, and the shortest text worth one. */
const SAMPLE = 256;
const SAMPLED = 65536;
const WORTH_SAMPLE = 4096;

export function indexOfByte(text: Uint8Array, byte: number): number {
  return text.indexOf(byte);
}

export function lastIndexOfByte(text: Uint8Array, byte: number): number {
  return text.lastIndexOf(byte);
}

export function indexOf(text: Uint8Array, needle: Uint8Array): number {
  const last = text.length - needle.length;
  if (last < 0) return -1;
  if (needle.length >= SHORT) return search(text, needle, 0, true);
  const offset = rareByte(text, needle);
  const byte = needle[offset] as number;
  let credit = CANDIDATE * FREE;
  for (let from = 0; from <= last; ) {
    const at = text.indexOf(byte, from + offset) - offset;
    if (at < from || at > last) return -1;
    if (isAt(text, needle, at)) return at;
    credit += at - from - CANDIDATE;
    from = at + 1;
    if (credit < 0) return search(text, needle, from, true);
  }
  return -1;
}

export function lastIndexOf(text: Uint8Array, needle: Uint8Array): number {
  const { length } = needle;
  const last = text.length - length;
  if (last < 0) return -1;
  if (length >= SHORT) return lastFrom(text, needle, last);
  const offset = rareByte(text, needle);
  const byte = needle[offset] as number;
  let credit = CANDIDATE * FREE;
  for (let from = last; from >= 0; ) {
    const at = text.lastIndexOf(byte, from + offset) - offset;
    if (at < 0 || at > from) return -1;
    if (isAt(text, needle, at)) return at;
    credit += from - at - CANDIDATE;
    from = at - 1;
    if (credit < 0) return lastFrom(text, needle, from);
  }
  return -1;
}

/** The last match that begins at `from` or before: the first of the needle's mirror image in the text's. */
function lastFrom(text: Uint8Array, needle: Uint8Array, from: number): number {
  if (from < 0) return -1;
  const { length } = needle;
  const at = search(text, needle.slice().reverse(), text.length - length - from, false);
  return at < 0 ? -1 : text.length - length - at;
}

function isAt(text: Uint8Array, needle: Uint8Array, at: number): boolean {
  for (let index = 0; index < needle.length; index++) if (text[at + index] !== needle[index]) return false;
  return true;
}

/** Which of the needle's bytes a sample of the text has least of. */
function rareByte(text: Uint8Array, needle: Uint8Array): number {
  if (text.length < WORTH_SAMPLE) return 0;
  const step = Math.floor(Math.min(text.length, SAMPLED) / SAMPLE);
  const counts = new Uint16Array(256);
  for (let index = 0; index < SAMPLE; index++) (counts[text[index * step] as number] as number)++;
  let rarest = 0;
  for (let index = 1; index < needle.length; index++) {
    const count = counts[needle[index] as number] as number;
    if (count < (counts[needle[rarest] as number] as number)) rarest = index;
  }
  return rarest;
}

/**
 * Crochemore and Perrin, "Two-way string-matching" (1991): at most two looks at a byte of the text, whatever it is, and
 * no memory but this; with Horspool's skip by the byte under the needle's end, as musl's memmem does it. From `first`;
 * where not `forward`, in the text as read from its end.
 */
function search(text: Uint8Array, needle: Uint8Array, first: number, forward: boolean): number {
  const { length } = needle;
  const end = text.length - 1;
  const final = text.length - length;
  const { cut, period, periodic } = factorize(needle);
  const known = periodic ? length - period : 0; // bytes that still match after a move by the period
  const shift = periodic ? period : Math.max(cut, length - cut) + 1;

  const skips = new Uint32Array(256).fill(length);
  for (let index = 0; index < length; index++) skips[needle[index] as number] = length - 1 - index;

  let memory = 0;
  for (let at = first; at <= final; ) {
    const under = at + length - 1;
    const skip = skips[text[forward ? under : end - under] as number] as number;
    if (skip > 0) {
      at += Math.max(skip, memory);
      memory = 0;
      continue;
    }
    let index = Math.max(cut, memory);
    while (index < length && text[forward ? at + index : end - at - index] === needle[index]) index++;
    if (index < length) {
      at += index - cut + 1;
      memory = 0;
      continue;
    }
    index = cut - 1;
    while (index >= memory && text[forward ? at + index : end - at - index] === needle[index]) index--;
    if (index < memory) return at;
    at += shift;
    memory = known;
  }
  return -1;
}

/** Where to cut the needle, the period of the part behind, and whether that is the whole needle's. */
function factorize(needle: Uint8Array): { cut: number; period: number; periodic: boolean } {
  const rising = maximalSuffix(needle, false);
  const falling = maximalSuffix(needle, true);
  const { start: cut, period } = falling.start > rising.start ? falling : rising;
  let periodic = cut + period <= needle.length;
  for (let index = 0; periodic && index < cut; index++) periodic = needle[index] === needle[index + period];
  return { cut, period, periodic };
}

/** The greatest suffix in the order of bytes, or in the reverse one, and its period. */
function maximalSuffix(needle: Uint8Array, reverse: boolean): { start: number; period: number } {
  let start = 0;
  let period = 1;
  for (let candidate = 1, matched = 0; candidate + matched < needle.length; ) {
    const ours = needle[start + matched] as number;
    const theirs = needle[candidate + matched] as number;
    if (ours === theirs) {
      matched++;
      if (matched === period) {
        candidate += period;
        matched = 0;
      }
    } else if (reverse ? theirs > ours : theirs < ours) {
      candidate += matched + 1;
      matched = 0;
      period = candidate - start;
    } else {
      start = candidate++;
      matched = 0;
      period = 1;
    }
  }
  return { start, period };
}
