// What may be given as a module, and its bytes.
import { sliceOf } from "../common/bytes.js";
import { invalidType, invalidValue, moduleError } from "../common/errors.js";
import type { UrlLike } from "../common/url.js";
import type { Engine } from "../core/engine.js";

/** A Response of any implementation of fetch. */
interface ResponseLike {
  readonly ok: boolean;
  readonly status: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** WebAssembly.Module, also for users who compile without TypeScript's `dom` library. */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : object;

/** WebAssembly.Instance, in the same way. */
export type WasmInstance = typeof globalThis extends { WebAssembly: { Instance: { prototype: infer I } } }
  ? I
  : { readonly exports: Record<string, unknown> };

/**
 * A module: its bytes, where they are (a URL: http, https, data, and in Node file), an answer of fetch, or the compiled
 * module, of which less can be checked.
 */
export type ModuleSource =
  | ArrayBufferLike
  | ArrayBufferView
  | UrlLike
  | ResponseLike
  | PromiseLike<ResponseLike>
  | WasmModule;

/** By module and name: functions, tables, globals and tags. The memory is the attachment's. */
export type ModuleImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const EXPECTED = "the bytes of a module (an ArrayBuffer or a view of one), a URL, a Response, or a WebAssembly.Module";

function viewOf(value: unknown): Uint8Array | undefined {
  try {
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    const kind = Object.prototype.toString.call(value);
    if (kind === "[object ArrayBuffer]" || kind === "[object SharedArrayBuffer]")
      return new Uint8Array(value as ArrayBuffer);
    return undefined;
  } catch {
    throw invalidValue("module", "Its buffer is detached.", value);
  }
}

const isResponse = (value: unknown): value is ResponseLike =>
  typeof (value as Partial<ResponseLike> | null | undefined)?.arrayBuffer === "function";

async function bytesOfResponse(response: ResponseLike, from: string): Promise<Uint8Array<ArrayBuffer>> {
  if (response.ok === false)
    throw moduleError("ERR_SHM_MODULE_INVALID", `${from} was answered with status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function bytesAt(url: UrlLike, engine: Engine): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol === "file:" && engine.readFile) return sliceOf(await engine.readFile(url));
  const from = url.href.slice(0, 200);
  let response: ResponseLike;
  try {
    response = await fetch(url.href);
  } catch (error) {
    const reason = (error as Error).message;
    throw moduleError("ERR_SHM_MODULE_INVALID", `${from} was not answered: ${reason}`, { cause: error });
  }
  return bytesOfResponse(response, from);
}

/**
 * The bytes of a module, a copy of them, or the compiled module.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` it is none of them
 */
export async function sourceOf(value: unknown, engine: Engine): Promise<Uint8Array<ArrayBuffer> | WasmModule> {
  if (value instanceof WebAssembly.Module) return value;
  if (value instanceof URL) return bytesAt(value, engine);
  const view = viewOf(value);
  if (view) return sliceOf(view);
  const awaited = await value;
  if (!isResponse(awaited)) throw invalidType("module", EXPECTED, value);
  return bytesOfResponse(awaited, "the request of the module");
}
