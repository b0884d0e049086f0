// What a guest imports: functions of its caller, else of this package, else such that trap.
import { shownName } from "../module/names.js";
import { ENV, type Surroundings, type Toolchain, toolchainFunction } from "./toolchains.js";
import { HOST, makeWasi, WASI, type Wasi, type WasiHost, type WasiJob } from "./wasi.js";

/** Functions that trap: by module and name. */
export type Traps = readonly (readonly [module: string, name: string])[];

/** What a guest is given of this package, as data. */
export interface ProvidedJob {
  readonly wasi?: WasiJob | undefined;
  readonly toolchain?: Toolchain | undefined;
  /** Functions of either that it imports by names of its own. */
  readonly aliases?: readonly (readonly [module: string, name: string, known: string])[] | undefined;
}

/** Which function an import is. */
type Known = { readonly of: typeof WASI | typeof ENV; readonly name: string };

/** Names that only WASI has. */
const OF_WASI = /^(args|environ|clock|fd|path|poll|proc|random|sched|sock)_/;

function knownAs({ wasi, toolchain, aliases = [] }: ProvidedJob, module: string, name: string): Known | undefined {
  const known = aliases.find(([from, each]) => from === module && each === name)?.[2];
  if (wasi && (known === undefined ? module === WASI : OF_WASI.test(known))) return { of: WASI, name: known ?? name };
  if (!toolchain || (known === undefined && module !== ENV)) return undefined;
  return hasFunction(toolchain, known ?? name) ? { of: ENV, name: known ?? name } : undefined;
}

/** Whether a toolchain's modules import this name of {@link ENV}. */
export const hasFunction = (toolchain: Toolchain, name: string): boolean =>
  toolchainFunction(toolchain, name, {} as Surroundings) !== undefined;

export const isProvided = (job: ProvidedJob, module: string, name: string): boolean =>
  knownAs(job, module, name) !== undefined;

export interface Provided {
  readonly imports: WebAssembly.Imports;
  readonly wasi: Wasi | undefined;
}

export function provide(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  request: ProvidedJob & { readonly imports: WebAssembly.Imports; readonly traps: Traps },
): Provided {
  const { [HOST]: host, ...given } = request.imports;
  const imports: Record<string, WebAssembly.ModuleImports> = Object.assign(Object.create(null), given); // "__proto__" is a name, too
  const add = (from: string, name: string, value: WebAssembly.ImportValue): void => {
    imports[from] = { [name]: value, ...imports[from] };
  };
  const { wasi: job, toolchain } = request;
  const around = { memory, wasi: job as WasiJob, host: host as unknown as WasiHost };
  const wasi = job && makeWasi(job, around.host, memory);
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    const known = kind === "function" ? knownAs(request, from, name) : undefined;
    if (!known) continue;
    const isWasi = known.of === WASI;
    const value = isWasi ? wasi?.function(known.name) : toolchain && toolchainFunction(toolchain, known.name, around);
    add(from, name, value as WebAssembly.ImportValue);
  }
  for (const [from, name] of request.traps) {
    const what = `${shownName(from)}.${shownName(name)}`;
    add(from, name, () => {
      throw new WebAssembly.RuntimeError(`the guest called ${what}, which nobody gave it`);
    });
  }
  imports["env"] = { ...imports["env"], memory };
  return { imports, wasi };
}
