// The core in assembly/, compiled once.
import { instantiateSync } from "@assemblyscript/loader";
import type { WasmMemory } from "../../memory/layout.js";
import { core } from "../binary.js";
import type { Exports } from "./exports.js";

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/** The compiled core, and the numbers that both sides must agree on. */
export class Build {
  readonly #module: WebAssembly.Module;
  /** Records in page 0. */
  readonly records: number;
  /** Where in page 0 the scratch area is, and its size: bytes. */
  readonly scratch: number;
  readonly scratchSize: number;
  /** The value of `fault` if bytes are not a valid encoding, or encode more than a number holds. */
  readonly malformed: number;
  readonly unsafe: number;

  /**
   * The loader compiles and checks the core, once. Its instances are not used: it wraps every export of each, which
   * takes longer than making the instance, and a core of numbers needs none of the conveniences.
   */
  constructor() {
    const env = { memory: new WebAssembly.Memory({ initial: 1 }) };
    const { module, instance } = instantiateSync(decode(core), { env });
    const constants = instance.exports as unknown as Exports;
    this.#module = module;
    this.records = constants.RECORD_COUNT.value as number;
    this.scratch = constants.SCRATCH.value as number;
    this.scratchSize = constants.SCRATCH_SIZE.value as number;
    this.malformed = constants.MALFORMED.value as number;
    this.unsafe = constants.UNSAFE.value as number;
  }

  instanceIn(memory: WasmMemory): Exports {
    return new WebAssembly.Instance(this.#module, { env: { memory } }).exports as unknown as Exports;
  }
}

let build: Build | undefined;

export function coreBuild(): Build {
  build ??= new Build();
  return build;
}
