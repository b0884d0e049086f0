/**
 * The sign of the first difference between the bytes of `left` and as many of `right`; 0 if there is none. Each byte is
 * read once: what was found to differ also decides.
 */
export function compare(left: Uint8Array, right: Uint8Array): -1 | 0 | 1 {
  for (let index = 0; index < left.length; index++) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return 0;
}
