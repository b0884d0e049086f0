// Which files a run on another engine takes.

/** Their results depend on the engine: how it compiles, maps, collects and ends. */
export const ENGINE_ROOMS = ["channel/", "conformance/", "core/", "module/", "native/", "sandbox/", "stream/", "sync/"];

/** Random calls and storms: their results do, too. A turn of Bun or Deno has them; on Node, CI runs them by themselves. */
export const RANDOM_ROOMS = ["fuzz/", "storm/"];

/** Files of these rooms whose results do not: searches over models, and other programs. The machine's own Node runs them. */
export const ALIKE = ["channel/model", "channel/mutants", "channel/peers", "sync/model", "sync/peers"];

/**
 * Of limits of the kernel, and of what a killed process leaves to others: the machine's own Node runs them in npm test, and
 * another Node with --all. Other engines have them.
 */
export const ALIKE_ON_NODE = ["channel/kills", "channel/leftovers", "native/recovery", "native/system", "sync/kills"];

/** Of those, a short turn, of two minutes at most: each host and core, what crosses into the addon, threads. */
export const SHORT_TURN = [
  "conformance/cursor/",
  "conformance/range/copy",
  "conformance/segment/",
  "core/auto",
  "core/copy",
  "core/crossings",
  "native/addon",
  "native/copies",
  "native/killed",
  "native/recycled",
  "native/threads",
  "sandbox/stores",
  "sandbox/windows",
  "stream/web",
  "sync/mutex",
];

/** Of Node alone: these start what npm and Node have, such as flags and compilers. A run with --all leaves them out elsewhere. */
export const NODE_ROOMS = [
  "bench",
  "browser",
  "builtins",
  "cli",
  "engines",
  "guests",
  "package",
  "pages",
  "run",
  "standalone",
];

/** The rooms that such a run leaves out unless it has --all, and why. */
export const OTHER_ROOMS: Readonly<Record<string, string>> = {
  bench: "it measures, with one engine at a time by its own option",
  browser: "browsers are engines of their own",
  builtins: "it starts each engine itself",
  cli: "the command is a program of Node's, and calls nothing that the other rooms do not",
  engines: "the flags are tested by npm test; with --all on each Node",
  fuzz: "on Node npm run test:fuzz:addon runs it; on Bun and Deno it runs",
  examples: "they call nothing that the other rooms do not",
  guests: "the modules and their compilers are the same",
  model: "a long search, of which one engine has its share",
  package: "npm, compilers and types are the same",
  pages: "the blocks call nothing that the other rooms do not",
  peers: "the other programs are the same",
  run: "it tests the runner, which the machine's own Node runs",
  standalone: "it is C++ alone",
  storm: "on Node npm run test:storm runs it; on Bun and Deno it runs",
  x11: "the X server is the same",
};
