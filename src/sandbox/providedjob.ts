// What a guest is given of this package to import, as data.

/** The modules that it is imported from. */
export const WASI = "wasi_snapshot_preview1";
export const ENV = "env";

export const toolchains = ["assemblyscript", "emscripten"] as const;
export type Toolchain = (typeof toolchains)[number];

export interface WasiJob {
  readonly args: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  /** Base64; undefined: it is closed. */
  readonly stdin: string | undefined;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly clock: boolean;
  readonly random: boolean;
}

/** Functions that trap: by module and name. */
export type Traps = readonly (readonly [module: string, name: string])[];

export interface ProvidedJob {
  readonly wasi?: WasiJob | undefined;
  readonly toolchain?: Toolchain | undefined;
  /** Functions of either that it imports by names of its own. */
  readonly aliases?: readonly (readonly [module: string, name: string, known: string])[] | undefined;
}

/** Among a job's imports, the functions of the caller's thread that WASI needs. No guest is given them. */
export const HOST = "options.wasi";

export interface WasiHost {
  readonly stdout?: (bytes: Uint8Array) => unknown;
  readonly stderr?: (bytes: Uint8Array) => unknown;
  readonly random: (length: number) => unknown;
}

/** Bytes: the quota of crypto.getRandomValues. */
export const MOST_RANDOM = 65_536;

/** What those functions work with, in the guest's thread or process. */
export interface Surroundings {
  readonly memory: WebAssembly.Memory;
  readonly wasi: WasiJob;
  readonly host: WasiHost;
}
