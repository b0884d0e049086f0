// The word that a misspelt one was probably meant to be.

/** Edit distance: insertions, deletions, replacements and swaps of neighbours each count one (optimal string alignment). */
function distance(left: string, right: string): number {
  const rows = [Array.from({ length: right.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    const [before, previous] = [rows[i - 2], rows[i - 1]] as [number[] | undefined, number[]];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1];
      const swapped = left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      const edits = [
        (previous[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (previous[j - 1] as number) + (same ? 0 : 1),
      ];
      if (swapped && before) edits.push((before[j - 2] as number) + 1);
      row.push(Math.min(...edits));
    }
    rows.push(row);
  }
  return (rows[left.length] as number[])[right.length] as number;
}

/** The word of `words` that is nearest to `word`; undefined if none shares enough with it to be a likely misspelling. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const lower = word.slice(0, 64).toLowerCase();
  let [found, least] = [undefined as string | undefined, Math.max(2, Math.ceil(lower.length / 3)) + 1];
  for (const candidate of words) {
    const edits = distance(lower, candidate.toLowerCase());
    if (edits < least) [found, least] = [candidate, edits];
  }
  return found;
}
