// The codecs of a cursor by the core in assembly/. What is in JS arrays crosses through the scratch area.
import type { Width } from "../../common/elements.js";
import { type CoreCursor, TRAP } from "../core.js";
import { WasmScalars } from "./scalar.js";

export class WasmCursor extends WasmScalars implements CoreCursor {
  readVarUint(): number {
    try {
      return this.exports.readVarUint(this.record);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  readVarInt(): number {
    try {
      return this.exports.readVarInt(this.record);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  readBigVarUint(): bigint {
    try {
      return BigInt.asUintN(64, this.exports.readBigVarUint(this.record));
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  readBigVarInt(): bigint {
    try {
      return this.exports.readBigVarInt(this.record);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeVarUint(value: number): number {
    try {
      return this.exports.writeVarUint(this.record, value);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeVarInt(value: number): number {
    try {
      return this.exports.writeVarInt(this.record, value);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeBigVarUint(value: bigint): number {
    try {
      return this.exports.writeBigVarUint(this.record, value);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  writeBigVarInt(value: bigint): number {
    try {
      return this.exports.writeBigVarInt(this.record, value);
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }

  readVarUints(target: Float64Array): void {
    const { exports, instance, record } = this;
    this.#checkRemain(target.length); // a byte each, at least
    this.#inParts(target.length, instance.float64.length, (from, count) => {
      exports.readVarUints(record, count);
      target.set(instance.float64.subarray(0, count), from);
    });
  }

  writeVarUints(values: Float64Array): number {
    const { exports, instance, record } = this;
    const most = instance.float64.length;
    let length = 0;
    for (let from = 0; from < values.length; from += most) {
      const part = values.subarray(from, from + most);
      instance.float64.set(part);
      length += exports.varUintsLength(part.length);
    }
    this.#checkRemain(length);
    this.#inParts(values.length, most, (from, count) => {
      instance.float64.set(values.subarray(from, from + count));
      exports.writeVarUints(record, count);
    });
    return length;
  }

  readReversed(target: Uint8Array, width: Width): void {
    const { exports, instance, record } = this;
    this.#checkRemain(target.length);
    this.#inParts(target.length, instance.bytes.length, (from, length) => {
      exports.readReversed(record, length, width);
      target.set(instance.bytes.subarray(0, length), from);
    });
  }

  writeReversed(source: Uint8Array, width: Width): void {
    const { exports, instance, record } = this;
    this.#checkRemain(source.length);
    this.#inParts(source.length, instance.bytes.length, (from, length) => {
      instance.bytes.set(source.subarray(from, from + length));
      exports.writeReversed(record, length, width);
    });
  }

  readFloat16s(target: Float32Array, littleEndian: boolean): void {
    const { exports, instance, record } = this;
    this.#checkRemain(2 * target.length);
    this.#inParts(target.length, instance.float32.length, (from, count) => {
      exports.readFloat16s(record, count, littleEndian ? 1 : 0);
      target.set(instance.float32.subarray(0, count), from);
    });
  }

  writeFloat16s(source: Float32Array, littleEndian: boolean): void {
    const { exports, instance, record } = this;
    this.#checkRemain(2 * source.length);
    this.#inParts(source.length, instance.float32.length, (from, count) => {
      instance.float32.set(source.subarray(from, from + count));
      exports.writeFloat16s(record, count, littleEndian ? 1 : 0);
    });
  }

  crc32c(bytes: Uint8Array): number {
    const { exports, instance } = this;
    const most = instance.bytes.length;
    let sum = 0;
    for (let from = 0; from < bytes.length; from += most) {
      const part = bytes.subarray(from, from + most);
      instance.bytes.set(part);
      sum = exports.crc32cOfScratch(part.length, sum) >>> 0;
    }
    return sum;
  }

  /** Throws TRAP where fewer than `length` bytes remain. */
  #checkRemain(length: number): void {
    const { position } = this;
    this.take(length);
    this.seek(position, 0);
  }

  /** Calls `part` for 0 up to `total`, at most `most` at a time; where one traps, the position is again as it was. */
  #inParts(total: number, most: number, part: (from: number, count: number) => void): void {
    const { position } = this;
    try {
      for (let from = 0; from < total; from += most) part(from, Math.min(most, total - from));
    } catch (error) {
      this.seek(position, 0);
      throw error === TRAP ? error : this.instance.reasonOf(error);
    }
  }
}
