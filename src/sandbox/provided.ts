// What a guest imports: functions of its caller, else of this package, else such that trap.
import { shownName } from "../module/names.js";
import { HOST, makeWasi, WASI, type Wasi, type WasiHost, type WasiJob } from "./wasi.js";

/** Functions that trap: by module and name. */
export type Traps = readonly (readonly [module: string, name: string])[];

/** What a guest is given of this package, as data. */
export interface ProvidedJob {
  readonly wasi?: WasiJob | undefined;
}

export const isProvided = ({ wasi }: ProvidedJob, module: string): boolean => wasi !== undefined && module === WASI;

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
  const wasi = request.wasi && makeWasi(request.wasi, host as unknown as WasiHost, memory);
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module))
    if (wasi && kind === "function" && isProvided(request, from)) add(from, name, wasi.function(name));
  for (const [from, name] of request.traps) {
    const what = `${shownName(from)}.${shownName(name)}`;
    add(from, name, () => {
      throw new WebAssembly.RuntimeError(`the guest called ${what}, which nobody gave it`);
    });
  }
  imports["env"] = { ...imports["env"], memory };
  return { imports, wasi };
}
