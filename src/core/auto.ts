// Both cores, each for the work that it is better at: JS for numbers and text, because it needs no call into wasm; wasm
// for long arrays, and for ranges that the engine has no native code for, because it has vectors and 64-bit integers.
import type { Width } from "../common/elements.js";
import { ShmError } from "../common/errors.js";
import type { Window } from "../memory/window.js";
import { AutoRange } from "./autorange.js";
import type { Core, CoreCursor, CoreName } from "./core.js";
import type { Engine } from "./engine.js";
import { JsCursor } from "./js/cursor.js";
import { jsCore } from "./js.js";
import { wasmCore } from "./wasm.js";

/**
 * Bytes from which on an array goes to wasm. Of the time that JS takes, wasm then needs 25 to 40 % for reversed elements,
 * 40 % to read float16 and 60 % to write it, 65 and 85 % for varints, and 60 % for a frame's checksum (Node 20, x86-64).
 * The two are equal at 64 to 256 bytes, but the first array that goes to wasm compiles the core, for some milliseconds.
 */
const LONG = 1024;

/** If the wasm cursor fails, this one has not moved. */
class AutoCursor extends JsCursor {
  readonly #wasm: Core;
  #made: CoreCursor | undefined;

  constructor(window: Window, wasm: Core) {
    super(window);
    this.#wasm = wasm;
  }

  override get core(): CoreName {
    return "auto";
  }

  override readReversed(target: Uint8Array, width: Width): void {
    if (target.length < LONG) super.readReversed(target, width);
    else this.#byWasm(target.length, (long) => long.readReversed(target, width));
  }

  override writeReversed(source: Uint8Array, width: Width): void {
    if (source.length < LONG) super.writeReversed(source, width);
    else this.#byWasm(source.length, (long) => long.writeReversed(source, width));
  }

  override readFloat16s(target: Float32Array, littleEndian: boolean): void {
    if (2 * target.length < LONG) super.readFloat16s(target, littleEndian);
    else this.#byWasm(2 * target.length, (long) => long.readFloat16s(target, littleEndian));
  }

  override writeFloat16s(source: Float32Array, littleEndian: boolean): void {
    if (2 * source.length < LONG) super.writeFloat16s(source, littleEndian);
    else this.#byWasm(2 * source.length, (long) => long.writeFloat16s(source, littleEndian));
  }

  override readVarUints(target: Float64Array): void {
    if (target.length < LONG) super.readVarUints(target);
    else this.#readLongVarUints(target);
  }

  override writeVarUints(values: Float64Array): number {
    if (values.length < LONG) return super.writeVarUints(values);
    const length = this.#ahead(values.length).writeVarUints(values);
    this.take(length);
    return length;
  }

  override crc32c(bytes: Uint8Array): number {
    return bytes.length < LONG ? super.crc32c(bytes) : this.#long.crc32c(bytes);
  }

  override close(): void {
    super.close();
    this.#made?.close();
  }

  /** A wasm cursor of the same window, made for the first long array. */
  get #long(): CoreCursor {
    this.#made ??= this.#wasm.open(this.window);
    return this.#made;
  }

  /**
   * The wasm cursor, moved to where this one is.
   *
   * @param least traps if fewer bytes remain, or if this cursor is closed: no wasm cursor is made then
   */
  #ahead(least: number): CoreCursor {
    const start = this.peek(least);
    const long = this.#long;
    long.seek(start, 0);
    return long;
  }

  /** Varints alone do not say beforehand how many bytes they take. */
  #readLongVarUints(target: Float64Array): void {
    const long = this.#ahead(target.length);
    long.readVarUints(target);
    this.seek(long.position, 0);
  }

  /** Lets the wasm cursor work on the next `length` bytes, and moves past them. */
  #byWasm(length: number, work: (long: CoreCursor) => void): void {
    work(this.#ahead(length));
    this.take(length);
  }
}

/** The wasm core; the JS core once the engine has refused to compile WebAssembly, as a Content-Security-Policy may have it. */
function wasmOrJs(engine: Engine): Core {
  const js = jsCore(engine);
  const wasm = wasmCore(engine);
  let compiles = true;
  function choose<T>(use: (core: Core) => T): T {
    if (!compiles) return use(js);
    try {
      return use(wasm);
    } catch (error) {
      if (!(error instanceof ShmError && error.code === "ERR_SHM_UNSUPPORTED")) throw error;
      compiles = false;
      return use(js);
    }
  }
  return {
    name: "auto",
    anywhere: js,
    open: (window) => choose((core) => core.open(window)),
    range: (window) => choose((core) => core.range(window)),
    close: (window) => choose((core) => core.close(window)),
    expose: (window) => wasm.expose(window),
  };
}

export function autoCore(engine: Engine): Core {
  const long = wasmOrJs(engine);
  return {
    ...long,
    open: (window) => new AutoCursor(window, long),
    range: (window) => new AutoRange(window, long, engine),
  };
}
