// The names of the access paths. They are the same in all suites, so that a report can draw a line for each.

/** The paths by way of a core are named by `coreOf` in bench/harness/window.ts. */
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

/** The path that a rival's name implies, for rivals that do not state one. */
const implied: readonly (readonly [name: RegExp, path: string])[] = [
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

export const pathOf = (rival: string): string | undefined => implied.find(([name]) => name.test(rival))?.[1];
