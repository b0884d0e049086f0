// The core in assembly/, one instance a memory. The only file that touches its exports: a u32 arrives signed there,
// and a trap as a WebAssembly.RuntimeError.
import { instantiateSync } from "@assemblyscript/loader";
import type { WasmMemory, Window } from "../window.js";
import { base64 } from "./binary.js";
import { type Core, type CoreCursor, TRAP } from "./core.js";
import { jsCore } from "./js.js";

/** assembly/index.ts. A cursor is a record's number; a boolean crosses as 0 or 1. */
interface Exports {
  readonly RECORD_COUNT: WebAssembly.Global;
  readonly WINDOW_START: WebAssembly.Global;
  open(cursor: number, start: number, size: number): void;
  close(cursor: number): void;
  position(cursor: number): number;
  seek(cursor: number, offset: number, whence: number): number;
  take(cursor: number, length: number): number;
  claim(cursor: number, length: number): number;
  adler32(cursor: number, start: number, end: number, previous: number): number;
  readUint8(cursor: number): number;
  readInt8(cursor: number): number;
  readUint16(cursor: number, littleEndian: number): number;
  readInt16(cursor: number, littleEndian: number): number;
  readUint32(cursor: number, littleEndian: number): number;
  readInt32(cursor: number, littleEndian: number): number;
  readBigUint64(cursor: number, littleEndian: number): bigint;
  readBigInt64(cursor: number, littleEndian: number): bigint;
  readFloat32(cursor: number, littleEndian: number): number;
  readFloat64(cursor: number, littleEndian: number): number;
  writeUint8(cursor: number, value: number): void;
  writeInt8(cursor: number, value: number): void;
  writeUint16(cursor: number, value: number, littleEndian: number): void;
  writeInt16(cursor: number, value: number, littleEndian: number): void;
  writeUint32(cursor: number, value: number, littleEndian: number): void;
  writeInt32(cursor: number, value: number, littleEndian: number): void;
  writeBigUint64(cursor: number, value: bigint, littleEndian: number): void;
  writeBigInt64(cursor: number, value: bigint, littleEndian: number): void;
  writeFloat32(cursor: number, value: number, littleEndian: number): void;
  writeFloat64(cursor: number, value: number, littleEndian: number): void;
}

/**
 * Bytes a call of a function that runs over the window. V8 compiles a hot function anew, and better, but puts the
 * result to use at the next call: a first adler32 over 96 MiB runs at 3.4 to 3.9 GB/s in one call, at 7.1 to 8.1 in
 * these (Node 20 and 26, x86-64).
 */
const CALL_SIZE = 256 * 1024;

/** The compiled core, and how many records its page has. */
interface Loaded {
  readonly module: WebAssembly.Module;
  readonly records: number;
}

let loaded: Loaded | undefined;

/**
 * The loader compiles and checks the core, once. Its instances are not used: it wraps every export of each, which takes
 * longer than the instance itself (83 against 37 µs), for conveniences that a core of numbers has no use for.
 */
function load(): Loaded {
  if (loaded) return loaded;
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const { module, instance } = instantiateSync(bytes, { env: { memory: new WebAssembly.Memory({ initial: 1 }) } });
  loaded = { module, records: (instance.exports as unknown as Exports).RECORD_COUNT.value as number };
  return loaded;
}

/** The number of no record: every use of it traps. */
const CLOSED = 0;

/** The most that crosses as a u32; a larger length would arrive as its remainder. No window is as long. */
const MAX_LENGTH = 0xffffffff;

/** The core's instance in one memory, and which of its records are in use. */
class Instance {
  readonly exports: Exports;
  readonly free: number[] = [];
  readonly #byWindow = new WeakMap<Window, Set<number>>();
  readonly #records: number;
  #used = 1; // record 0 is CLOSED

  constructor(memory: WasmMemory) {
    const { module, records } = load();
    this.exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
    this.#records = records;
  }

  /** Opens a record over a window; undefined where all are in use. */
  open(window: Window): number | undefined {
    const record = this.free.pop() ?? (this.#used < this.#records ? this.#used++ : undefined);
    if (record === undefined) return undefined;
    this.exports.open(record, window.byteOffset, window.byteLength);
    this.recordsOf(window).add(record);
    return record;
  }

  recordsOf(window: Window): Set<number> {
    let records = this.#byWindow.get(window);
    if (!records) {
      records = new Set();
      this.#byWindow.set(window, records);
    }
    return records;
  }
}

/** By memory: hosts may give several attachments the same one, and then records must not be handed out twice. */
const instances = new WeakMap<WasmMemory, Instance>();

function instanceIn(memory: WasmMemory): Instance {
  let instance = instances.get(memory);
  if (!instance) {
    instance = new Instance(memory);
    instances.set(memory, instance);
  }
  return instance;
}

/** A record, and where to give it back. Nothing here leads to the memory, which must stay collectable. */
interface Lease {
  readonly record: number;
  readonly records: Set<number>;
  readonly free: number[];
}

function giveBack({ record, records, free }: Lease): void {
  records.delete(record);
  free.push(record);
}

/** For cursors that are dropped without a dispose. */
const dropped = new FinalizationRegistry<Lease>(giveBack);

/** A trap of the core becomes TRAP; anything else (a stack overflow, say) stays what it is. */
function trapOr(error: unknown): unknown {
  return error instanceof WebAssembly.RuntimeError ? TRAP : error;
}

/**
 * Each call that a check can fail has a `try` of its own, right around the export: V8 inlines the call into wasm there,
 * and does not where only a caller further up has one (3.4 against 6.3 ns for readUint32; Node 20 to 26, x86-64).
 */
class WasmCursor implements CoreCursor {
  readonly core = "wasm";
  readonly #exports: Exports;
  readonly #lease: Lease;
  #record: number;

  constructor(instance: Instance, window: Window, record: number) {
    this.#exports = instance.exports;
    this.#lease = { record, records: instance.recordsOf(window), free: instance.free };
    this.#record = record;
    dropped.register(this, this.#lease, this);
  }

  get position(): number {
    return this.#exports.position(this.#record); // not asked of a closed cursor, nor is claim
  }

  seek(offset: number, whence: number): number {
    try {
      return this.#exports.seek(this.#record, offset, whence);
    } catch (error) {
      throw trapOr(error);
    }
  }

  take(length: number): number {
    if (length > MAX_LENGTH) throw TRAP;
    try {
      return this.#exports.take(this.#record, length) >>> 0;
    } catch (error) {
      throw trapOr(error);
    }
  }

  claim(length: number): number {
    return this.#exports.claim(this.#record, Math.min(length, MAX_LENGTH)) >>> 0;
  }

  readUint8(): number {
    try {
      return this.#exports.readUint8(this.#record);
    } catch (error) {
      throw trapOr(error);
    }
  }

  readInt8(): number {
    try {
      return this.#exports.readInt8(this.#record);
    } catch (error) {
      throw trapOr(error);
    }
  }

  readUint16(littleEndian: boolean): number {
    try {
      return this.#exports.readUint16(this.#record, littleEndian ? 1 : 0);
    } catch (error) {
      throw trapOr(error);
    }
  }

  readInt16(littleEndian: boolean): number {
    try {
      return this.#exports.readInt16(this.#record, littleEndian ? 1 : 0);
    } catch (error) {
      throw trapOr(error);
    }
  }

  readUint32(littleEndian: boolean): number {
    try {
      return this.#exports.readUint32(this.#record, littleEndian ? 1 : 0) >>> 0;
    } catch (error) {
      throw trapOr(error);
    }
  }

  readInt32(littleEndian: boolean): number {
    try {
      return this.#exports.readInt32(this.#record, littleEndian ? 1 : 0);
    } catch (error) {
      throw trapOr(error);
    }
  }

  readBigUint64(littleEndian: boolean): bigint {
    try {
      return BigInt.asUintN(64, this.#exports.readBigUint64(this.#record, littleEndian ? 1 : 0));
    } catch (error) {
      throw trapOr(error);
    }
  }

  readBigInt64(littleEndian: boolean): bigint {
    try {
      return this.#exports.readBigInt64(this.#record, littleEndian ? 1 : 0);
    } catch (error) {
      throw trapOr(error);
    }
  }

  readFloat32(littleEndian: boolean): number {
    try {
      return this.#exports.readFloat32(this.#record, littleEndian ? 1 : 0);
    } catch (error) {
      throw trapOr(error);
    }
  }

  readFloat64(littleEndian: boolean): number {
    try {
      return this.#exports.readFloat64(this.#record, littleEndian ? 1 : 0);
    } catch (error) {
      throw trapOr(error);
    }
  }

  writeUint8(value: number): void {
    try {
      this.#exports.writeUint8(this.#record, value);
    } catch (error) {
      throw trapOr(error);
    }
  }

  writeInt8(value: number): void {
    try {
      this.#exports.writeInt8(this.#record, value);
    } catch (error) {
      throw trapOr(error);
    }
  }

  writeUint16(value: number, littleEndian: boolean): void {
    try {
      this.#exports.writeUint16(this.#record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw trapOr(error);
    }
  }

  writeInt16(value: number, littleEndian: boolean): void {
    try {
      this.#exports.writeInt16(this.#record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw trapOr(error);
    }
  }

  writeUint32(value: number, littleEndian: boolean): void {
    try {
      this.#exports.writeUint32(this.#record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw trapOr(error);
    }
  }

  writeInt32(value: number, littleEndian: boolean): void {
    try {
      this.#exports.writeInt32(this.#record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw trapOr(error);
    }
  }

  writeBigUint64(value: bigint, littleEndian: boolean): void {
    try {
      this.#exports.writeBigUint64(this.#record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw trapOr(error);
    }
  }

  writeBigInt64(value: bigint, littleEndian: boolean): void {
    try {
      this.#exports.writeBigInt64(this.#record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw trapOr(error);
    }
  }

  writeFloat32(value: number, littleEndian: boolean): void {
    try {
      this.#exports.writeFloat32(this.#record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw trapOr(error);
    }
  }

  writeFloat64(value: number, littleEndian: boolean): void {
    try {
      this.#exports.writeFloat64(this.#record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw trapOr(error);
    }
  }

  adler32(start: number, end: number, previous: number): number {
    let sum = previous;
    try {
      for (let from = start; from < end; from += CALL_SIZE)
        sum = this.#exports.adler32(this.#record, from, Math.min(from + CALL_SIZE, end), sum) >>> 0;
    } catch (error) {
      throw trapOr(error);
    }
    return sum;
  }

  close(): void {
    if (this.#record === CLOSED) return;
    dropped.unregister(this);
    this.#exports.close(this.#record);
    this.#record = CLOSED;
    giveBack(this.#lease);
  }
}

export const wasmCore: Core = {
  name: "wasm",
  open(window) {
    const instance = instanceIn(window.memory);
    const record = instance.open(window);
    // Page 0 holds so many records and no more. The contract is the same, so the cursor after the last is a JS one.
    return record === undefined ? jsCore.open(window) : new WasmCursor(instance, window, record);
  },
  close(window) {
    const instance = instances.get(window.memory);
    if (instance) for (const record of instance.recordsOf(window)) instance.exports.close(record);
    jsCore.close(window);
  },
};
