// Position and numbers of a cursor by the core in assembly/.
import { TRAP } from "../core.js";
import type { Exports } from "./exports.js";
import { CLOSED, type Instance, keepFor, type Lease, MAX_LENGTH, release } from "./page.js";

/**
 * Each call that a check can fail has a `try` of its own, right around the export: V8 inlines the call into wasm there,
 * and does not where only a caller further up has one (3.4 against 6.3 ns for readUint32; Node 20 to 26, x86-64).
 */
export abstract class WasmScalars {
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
    return this.exports.position(this.record); // not asked of a closed cursor, nor is claim
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

  claim(length: number): number {
    return this.exports.claim(this.record, Math.min(length, MAX_LENGTH)) >>> 0;
  }

  find(byte: number, limit: number): number {
    return this.exports.findNext(this.record, byte, Math.min(limit, MAX_LENGTH)); // nor is this
  }

  readUint8(): number {
    try {
      return this.exports.readUint8(this.record);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  readInt8(): number {
    try {
      return this.exports.readInt8(this.record);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  readUint16(littleEndian: boolean): number {
    try {
      return this.exports.readUint16(this.record, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  readInt16(littleEndian: boolean): number {
    try {
      return this.exports.readInt16(this.record, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  readUint32(littleEndian: boolean): number {
    try {
      return this.exports.readUint32(this.record, littleEndian ? 1 : 0) >>> 0;
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  readInt32(littleEndian: boolean): number {
    try {
      return this.exports.readInt32(this.record, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  readBigUint64(littleEndian: boolean): bigint {
    try {
      return BigInt.asUintN(64, this.exports.readBigUint64(this.record, littleEndian ? 1 : 0));
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  readBigInt64(littleEndian: boolean): bigint {
    try {
      return this.exports.readBigInt64(this.record, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  readFloat16(littleEndian: boolean): number {
    try {
      return this.exports.readFloat16(this.record, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  readFloat32(littleEndian: boolean): number {
    try {
      return this.exports.readFloat32(this.record, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  readFloat64(littleEndian: boolean): number {
    try {
      return this.exports.readFloat64(this.record, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeUint8(value: number): void {
    try {
      this.exports.writeUint8(this.record, value);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeInt8(value: number): void {
    try {
      this.exports.writeInt8(this.record, value);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeUint16(value: number, littleEndian: boolean): void {
    try {
      this.exports.writeUint16(this.record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeInt16(value: number, littleEndian: boolean): void {
    try {
      this.exports.writeInt16(this.record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeUint32(value: number, littleEndian: boolean): void {
    try {
      this.exports.writeUint32(this.record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeInt32(value: number, littleEndian: boolean): void {
    try {
      this.exports.writeInt32(this.record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeBigUint64(value: bigint, littleEndian: boolean): void {
    try {
      this.exports.writeBigUint64(this.record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeBigInt64(value: bigint, littleEndian: boolean): void {
    try {
      this.exports.writeBigInt64(this.record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeFloat16(value: number, littleEndian: boolean): void {
    try {
      this.exports.writeFloat16(this.record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeFloat32(value: number, littleEndian: boolean): void {
    try {
      this.exports.writeFloat32(this.record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeFloat64(value: number, littleEndian: boolean): void {
    try {
      this.exports.writeFloat64(this.record, value, littleEndian ? 1 : 0);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  close(): void {
    if (this.record === CLOSED) return;
    this.exports.close(this.record);
    this.record = CLOSED;
    release(this, this.#lease);
  }
}
