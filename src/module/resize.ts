// The import by which a module has its host make its memory larger, as emscripten's modules do. Its answer decides what their
// allocator takes for its own: after a "yes" without more memory, blocks would lie in what follows.
import type { ModuleBinary } from "./binary.js";
import { I32 } from "./types.js";

/** Emscripten's name of it. At -O3 the names of imports are letters. */
export const isResize = (name: string): boolean => /^_?emscripten_resize_heap$/.test(name);

/** A place in a function's body: bytes of the module. */
export interface Found {
  readonly kind: "size" | "grow" | "resize";
  readonly start: number;
  readonly end: number;
}

/** A call of an imported function that takes a number, and returns one. */
export interface HeapCall extends Found {
  readonly kind: "resize";
  readonly callee: number;
}

/** The imports that may be it, by index, and whether each has its name. */
export function resizersOf({ imports, types }: ModuleBinary): ReadonlyMap<number, boolean> {
  const functions = imports.flatMap((each) => (each.kind === "function" ? [each] : []));
  const found = new Map<number, boolean>();
  for (const [index, { type, name }] of functions.entries()) {
    const { parameters = [], results = [] } = types[type] ?? {};
    if (parameters.length === 1 && parameters[0] === I32 && results.length === 1 && results[0] === I32)
      found.set(index, isResize(name));
  }
  return found;
}

/**
 * Adds the calls of it to the instructions that ask for the memory's size: calls of the import of its name, else of the import
 * that a function calls which asks for the size, in a module that grows its memory by no instruction.
 *
 * @returns the indices of the imports that it can be. If there are several, no call is added
 */
export function addResizes(
  bodies: Map<number, Found[]>,
  calls: ReadonlyMap<number, readonly HeapCall[]>,
  resizers: ReadonlyMap<number, boolean>,
): ReadonlySet<number> {
  const hasName = [...calls.values()].flat().some(({ callee }) => resizers.get(callee));
  const grows = [...bodies.values()].flat().some(({ kind }) => kind === "grow");
  const isIt = (code: number, { callee }: HeapCall): boolean =>
    hasName ? resizers.get(callee) === true : !grows && bodies.has(code);
  const found = [...calls].map(([code, all]) => [code, all.filter((call) => isIt(code, call))] as const);
  const callees = new Set(found.flatMap(([, all]) => all.map(({ callee }) => callee)));
  if (callees.size > 1) return callees;
  for (const [code, all] of found)
    if (all.length > 0)
      bodies.set(
        code,
        [...(bodies.get(code) ?? []), ...all].sort((one, other) => one.start - other.start),
      );
  return callees;
}
