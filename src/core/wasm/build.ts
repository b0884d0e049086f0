// The core in assembly/, compiled once. tools/embed.js has read its constants, so nothing is instantiated for them: a
// memory of its own would take 10 GiB of address space.
import { outOfMemory, unsupported } from "../../common/errors.js";
import { hints } from "../../common/hints.js";
import type { WasmMemory } from "../../memory/layout.js";
import { core } from "../binary.js";
import type { Exports } from "./exports.js";

export { constants } from "../binary.js";

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/** A page whose Content-Security-Policy lacks 'wasm-unsafe-eval' may make a Memory, but may not compile. */
function refusal(cause: unknown): unknown {
  if (cause instanceof RangeError) return outOfMemory("the WebAssembly core", { cause });
  if (!(cause instanceof WebAssembly.CompileError)) return cause;
  return unsupported("the WebAssembly core", `this engine refuses to compile it (${cause.message}); ${hints.useJs}`, {
    hint: hints.useJs,
    cause,
  });
}

let compiled: WebAssembly.Module | undefined;

/**
 * An instance of the core that works in `memory`.
 *
 * @throws {ShmError} `ERR_SHM_UNSUPPORTED` the engine compiles no WebAssembly here; `ENOMEM`
 */
export function instanceIn(memory: WasmMemory): Exports {
  try {
    compiled ??= new WebAssembly.Module(decode(core));
    return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Exports;
  } catch (cause) {
    throw refusal(cause);
  }
}
