/** A short pattern is repeated up to this many bytes first, so that few calls write them: well inside the nearest cache. */
const BLOCK = 16384;

/**
 * Writes the pattern repeatedly. The copies come from private memory: another process may already have changed a copy that
 * is in the range.
 */
export function fill(bytes: Uint8Array, pattern: Uint8Array, start: number, end: number): void {
  const block = repeated(pattern, Math.min(BLOCK, end - start));
  let at = start;
  for (; block.length <= end - at; at += block.length) bytes.set(block, at);
  if (at < end) bytes.set(block.subarray(0, end - at), at);
}

/** As many whole patterns as fit into `length` bytes, but at least one. */
function repeated(pattern: Uint8Array, length: number): Uint8Array {
  const copies = Math.floor(length / pattern.length);
  if (copies <= 1) return pattern;
  const block = new Uint8Array(copies * pattern.length);
  block.set(pattern);
  for (let done = pattern.length; done < block.length; done *= 2) block.copyWithin(done, 0, done);
  return block;
}

/** As memmove. */
export function copyWithin(bytes: Uint8Array, target: number, start: number, end: number): void {
  bytes.copyWithin(target, start, end);
}
