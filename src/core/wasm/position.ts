// A cursor's position by the core in assembly/.
import { corePageWritten } from "../../common/errors.js";
import { TRAP } from "../core.js";
import type { Exports } from "./exports.js";
import { CLOSED, type Instance, keepFor, type Lease, MAX_LENGTH, release } from "./page.js";

export abstract class WasmPosition {
  readonly core = "wasm";
  protected readonly instance: Instance;
  protected readonly exports: Exports;
  protected record: number;
  readonly #lease: Lease;

  constructor(instance: Instance, lease: Lease) {
    this.instance = instance;
    this.exports = instance.exports;
    this.record = lease.record;
    this.#lease = lease;
    keepFor(this, lease);
  }

  get position(): number {
    return this.exports.position(this.record); // the caller has checked that the cursor is open, so this cannot trap
  }

  seek(offset: number, whence: number): number {
    try {
      return this.exports.seek(this.record, offset, whence);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  take(length: number): number {
    if (length > MAX_LENGTH) throw TRAP;
    try {
      return this.exports.take(this.record, length) >>> 0;
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  peek(length: number): number {
    if (length > MAX_LENGTH) throw TRAP;
    try {
      return this.exports.peek(this.record, length) >>> 0;
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  claim(length: number): number {
    return this.exports.claim(this.record, Math.min(length, MAX_LENGTH)) >>> 0; // cannot trap, as position
  }

  find(byte: number, limit: number): number {
    try {
      return this.exports.findNext(this.record, byte, Math.min(limit, MAX_LENGTH));
    } catch (error) {
      // It traps only past the end of the memory.
      throw error instanceof WebAssembly.RuntimeError ? corePageWritten(error) : error;
    }
  }

  close(): void {
    if (this.record === CLOSED) return;
    this.exports.close(this.record);
    this.record = CLOSED;
    release(this, this.#lease);
  }
}
