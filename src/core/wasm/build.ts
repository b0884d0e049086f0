// The core in assembly/, compiled once. tools/embed.js has read its constants, so nothing is instantiated for them: a
// memory of its own would take 10 GiB of address space.
import { outOfMemory, unsupported } from "../../common/errors.js";
import type { MemoryKind } from "../../common/flags.js";
import { hints } from "../../common/hints.js";
import { isShared, type WasmMemory } from "../../memory/layout.js";
import { core, memoryLimits } from "../binary.js";
import type { Exports } from "./exports.js";
import { lazyExports, type Table } from "./lazy.js";

export { constants } from "../binary.js";

interface Decoders {
  readonly Uint8Array: { readonly fromHex?: (hex: string) => Uint8Array<ArrayBuffer> };
  readonly Buffer?: { from(hex: string, encoding: "hex"): Uint8Array<ArrayBuffer> };
}

/**
 * By the engine, in 0.1 ms: new ones have a function, and Node has Buffer. Else by a loop, in 1 to 4 ms. Hexadecimal and not
 * base64, which hides from gzip where bytes begin: it makes a tarball that is 3 KB larger.
 */
function decode(hex: string): Uint8Array<ArrayBuffer> {
  const { Uint8Array: Bytes, Buffer } = globalThis as unknown as Decoders;
  if (Bytes.fromHex) return Bytes.fromHex(hex);
  if (Buffer) return Buffer.from(hex, "hex");
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16);
  return bytes;
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

/**
 * The binary imports a shared memory, whose limits are five bytes: shared, 1 page at least, 65536 at most. These five
 * take a plain memory instead, with or without a maximum: plain, 1 page at least, written in four bytes.
 */
const PLAIN_LIMITS = [0x00, 0x81, 0x80, 0x80, 0x00];

/** The core for memories of one kind. */
export function binaryFor(kind: MemoryKind): Uint8Array<ArrayBuffer> {
  const bytes = decode(core);
  if (kind === "plain") bytes.set(PLAIN_LIMITS, memoryLimits);
  return bytes;
}

/** By the kind of memory, each compiled when it is first used. */
const compiled = new Map<MemoryKind, WebAssembly.Module>();

function moduleFor(memory: WasmMemory): WebAssembly.Module {
  const kind = isShared(memory) ? "shared" : "plain";
  let module = compiled.get(kind);
  if (!module) {
    module = new WebAssembly.Module(binaryFor(kind));
    compiled.set(kind, module);
  }
  return module;
}

/**
 * An instance of the core that works in `memory`.
 *
 * @throws {ShmError} `ERR_SHM_UNSUPPORTED` the engine compiles no WebAssembly here; `ENOMEM`
 */
export function instanceIn(memory: WasmMemory): Exports {
  try {
    const { exports } = new WebAssembly.Instance(moduleFor(memory), { env: { memory } });
    return lazyExports(exports as unknown as Table);
  } catch (cause) {
    throw refusal(cause);
  }
}
