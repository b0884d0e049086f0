// Arrays of a cursor by the core in assembly/. They cross through the scratch area, in parts of at most its size.
import type { Width } from "../../common/elements.js";
import type { Window } from "../../memory/window.js";
import { type CoreCursor, TRAP } from "../core.js";
import { WasmNumbers } from "./numbers.js";
import type { Instance, Lease } from "./page.js";

export class WasmCursor extends WasmNumbers implements CoreCursor {
  readonly #window: Window;

  constructor(instance: Instance, lease: Lease, window: Window) {
    super(instance, lease);
    this.#window = window;
  }

  readVarUints(target: Float64Array): void {
    const { exports, instance, record } = this;
    // A varint has at least one byte.
    this.#inParts(target.length, target.length, instance.float64.length, (from, count) => {
      exports.readVarUints(record, count);
      this.#window.copy(target, instance.float64.subarray(0, count), from);
    });
  }

  writeVarUints(values: Float64Array): number {
    const { exports, instance, record } = this;
    const most = instance.float64.length;
    let length = 0;
    for (let from = 0; from < values.length; from += most) {
      const part = values.subarray(from, from + most);
      this.#window.copy(instance.float64, part);
      length += exports.varUintsLength(part.length);
    }
    this.#inParts(length, values.length, most, (from, count) => {
      this.#window.copy(instance.float64, values.subarray(from, from + count));
      exports.writeVarUints(record, count);
    });
    return length;
  }

  readReversed(target: Uint8Array, width: Width): void {
    const { exports, instance, record } = this;
    this.#inParts(target.length, target.length, instance.bytes.length, (from, length) => {
      exports.readReversed(record, length, width);
      this.#window.copy(target, instance.bytes.subarray(0, length), from);
    });
  }

  writeReversed(source: Uint8Array, width: Width): void {
    const { exports, instance, record } = this;
    this.#inParts(source.length, source.length, instance.bytes.length, (from, length) => {
      this.#window.copy(instance.bytes, source.subarray(from, from + length));
      exports.writeReversed(record, length, width);
    });
  }

  readFloat16s(target: Float32Array, littleEndian: boolean): void {
    const { exports, instance, record } = this;
    this.#inParts(2 * target.length, target.length, instance.float32.length, (from, count) => {
      exports.readFloat16s(record, count, littleEndian ? 1 : 0);
      this.#window.copy(target, instance.float32.subarray(0, count), from);
    });
  }

  writeFloat16s(source: Float32Array, littleEndian: boolean): void {
    const { exports, instance, record } = this;
    this.#inParts(2 * source.length, source.length, instance.float32.length, (from, count) => {
      this.#window.copy(instance.float32, source.subarray(from, from + count));
      exports.writeFloat16s(record, count, littleEndian ? 1 : 0);
    });
  }

  crc32c(bytes: Uint8Array): number {
    const { exports, instance } = this;
    const most = instance.bytes.length;
    let sum = 0;
    for (let from = 0; from < bytes.length; from += most) {
      const part = bytes.subarray(from, from + most);
      this.#window.copy(instance.bytes, part);
      try {
        sum = exports.crc32cOfScratch(part.length, sum) >>> 0;
      } catch (error) {
        throw instance.reasonOf(error);
      }
    }
    return sum;
  }

  /**
   * Calls `part` for 0 up to `total` elements, at most `most` at a time. Traps if fewer than `byteLength` bytes remain.
   * If a part traps, the position is restored.
   */
  #inParts(byteLength: number, total: number, most: number, part: (from: number, count: number) => void): void {
    const start = this.peek(byteLength);
    try {
      for (let from = 0; from < total; from += most) part(from, Math.min(most, total - from));
    } catch (error) {
      this.seek(start, 0);
      throw error === TRAP ? error : this.instance.reasonOf(error);
    }
  }
}
