// How the files of a run are scheduled. Every name here must exist; test/run.test.ts checks it.

/**
 * These measure time, memory or faults of many threads, and run after all others, as many at a time as there are cores:
 * beside a build or a bench their limits would have to be so loose that they would prove little.
 */
export const QUIET = [
  "sandbox/timelimit", // calls end on time
  "native/fault", // faults of many threads at once, within a time
  "sandbox/limits", // calls end on time, and how much the process grows
  "sandbox/sync", // calls end on time
  "sandbox/hostile", // time limits, and memory up to its end
  "stream/memory", // how much the process grows
  "sync/process", // deaths told in time, and the processor time of waits
];

/** These run last, and alone. */
export const ALONE = [
  "bench/compare", // finds 20 %, and no difference between two runs of the same code
];

/** The longest of the others, longest first. The remaining files take 7 seconds or less, in any order. */
export const LONGEST = [
  "builtins/race",
  "package/managers",
  "package/tarball",
  "package/fallback",
  "bench/run",
  "bench/messaging",
  "browser/browser",
  "sync/kills",
  "bench/lifecycle",
  "engines/frameworks",
  "engines/flags",
  "pages/docs",
  "builtins/engines",
  "standalone/standalone",
  "cli/completion",
  "native/guard",
  "cli/rm",
  "cli/open",
  "native/system",
  "native/scale",
  "cli/copy",
  "bench/report",
  "native/collector",
  "native/leak",
  "native/recovery",
  "fuzz/fuzz",
  "storm/storm",
  "run",
  "examples/start",
  "cli/dump",
  "model/fuzz",
  "cli/list",
  "native/process",
  "sandbox/guests",
  "package/package",
  "core/binary",
];
