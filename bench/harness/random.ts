// Random numbers that are the same in every run, so that two runs do the same work.

/** Marsaglia's xorshift32: whole numbers of 32 bits, signed, never 0. */
export function xorshift32(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}

/** The linear congruential generator of Numerical Recipes: numbers from 0 up to 1. */
export function congruential(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
