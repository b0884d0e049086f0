// What a guest imports: functions of its caller, else of this package, else such that trap.
import { shownName } from "../module/names.js";
import {
  ENV,
  HOST,
  type ProvidedJob,
  type Surroundings,
  type Toolchain,
  type Traps,
  WASI,
  type WasiHost,
  type WasiJob,
} from "./providedjob.js";
import { toolchainFunction } from "./toolchains.js";
import { makeWasi, type Wasi } from "./wasi.js";

export interface Provided {
  readonly imports: WebAssembly.Imports;
  readonly wasi: Wasi | undefined;
}

const isOfWasi = (module: string, known: string): boolean =>
  module === WASI || /^(args|environ|clock|fd|path|poll|proc|random|sched|sock)_/.test(known);

/** Whether a toolchain's modules import this name of {@link ENV}. */
export const hasFunction = (toolchain: Toolchain, name: string): boolean =>
  toolchainFunction(toolchain, name, {} as Surroundings) !== undefined;

/** The name by which this package knows an imported function that it provides. */
export function providedName(
  { wasi, toolchain, aliases = [] }: ProvidedJob,
  module: string,
  name: string,
): string | undefined {
  const alias = aliases.find(([from, each]) => from === module && each === name)?.[2];
  const known = alias ?? (module === ENV || module === WASI ? name : "");
  const has = isOfWasi(module, known) ? wasi : toolchain && hasFunction(toolchain, known);
  return has ? known : undefined;
}

export function provide(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  request: ProvidedJob & { readonly imports: WebAssembly.Imports; readonly traps: Traps },
): Provided {
  const { [HOST]: host, ...given } = request.imports;
  const imports: Record<string, WebAssembly.ModuleImports> = Object.assign(Object.create(null), given); // "__proto__" is a name, too
  const add = (from: string, name: string, value: unknown): void => {
    imports[from] = { [name]: value as WebAssembly.ImportValue, ...imports[from] };
  };
  const around = { memory, wasi: request.wasi as WasiJob, host: host as unknown as WasiHost };
  const wasi = request.wasi && makeWasi(around);
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    const known = kind === "function" && providedName(request, from, name);
    if (known === undefined || known === false) continue;
    const isWasi = isOfWasi(from, known);
    add(from, name, isWasi ? wasi?.function(known) : toolchainFunction(request.toolchain as Toolchain, known, around));
  }
  for (const [from, name] of request.traps) {
    const what = `${shownName(from)}.${shownName(name)}`;
    add(from, name, () => {
      throw new WebAssembly.RuntimeError(`the guest called ${what}, which nobody gave it`);
    });
  }
  imports[ENV] = { ...imports[ENV], memory };
  return { imports, wasi };
}
