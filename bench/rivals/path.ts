// What the access paths are called: the same in all suites, so that a report can draw a line for each.

/** The cores' are those of `coreOf` in bench/harness/window.ts. */
export const PATH = {
  view: "DataView",
  buffer: "Buffer",
  array: "typed array",
  call: "N-API call",
  shmTypedArray: "shm-typed-array",
  mmap: "mmap-io",
  wasm: "own wasm loop",
  native: "native",
} as const;

/** How a rival's name tells its path, where it does not say it itself. */
const told: readonly (readonly [RegExp, string])[] = [
  [/js core$/, "js core"],
  [/wasm core$/, "wasm core"],
  [/auto core$/, "auto core"],
  [/^(node:buffer |Buffer\.)/, PATH.buffer],
  [/^DataView/, PATH.view],
  [/^(Uint8Array\.|loop)/, PATH.array],
  [/^zlib\./, PATH.native],
  [/^hash-wasm$/, "hash-wasm"],
  [/^memcpy$/, "memcpy"],
];

export const pathOf = (name: string): string | undefined => told.find(([pattern]) => pattern.test(name))?.[1];
