// How the files of a run are scheduled. Every name here must exist; test/run.test.ts checks it.

/**
 * These measure time, memory or the whole machine, so they run last and alone: beside another file their limits would
 * have to be so loose that they would prove little.
 */
export const ALONE = ["sandbox/hostile", "native/fault", "native/scale", "stream/memory"];

/** The longest of the others, longest first. The remaining files take a few seconds each, in any order. */
export const LONGEST: string[] = [];
