import type { Width } from "../../common/elements.js";
import type { Window } from "../../memory/window.js";
import { type CoreCursor, type CoreName, TRAP } from "../core.js";
import { CLOSED } from "./closed.js";
import { crc32c } from "./crc.js";
import { fromBits, toBits } from "./float16.js";
import { copySwapped } from "./swap.js";
import {
  found,
  halvesSize,
  numberSize,
  readBig,
  readNumber,
  readSigned,
  unzigzagBig,
  writeHalves,
  writeNumber,
  zigzag,
  zigzagBig,
} from "./varint.js";

/** Bytes that are searched one by one before a call of the engine is worth its cost. */
const NEAR = 32;

export class JsCursor implements CoreCursor {
  // Declared, not defined: V8 knows the class of what a field holds if the first value has it, and checks it at each load
  // if that was undefined (readUint32: 1.3 against 1.9 ns; Node 20 to 26, x86-64). A closed window is of the class, too.
  declare protected window: Window;
  #position = 0;

  constructor(window: Window) {
    this.window = window;
  }

  get core(): CoreName {
    return "js";
  }

  get position(): number {
    return this.#position;
  }

  seek(offset: number, whence: number): number {
    const base = whence === 0 ? 0 : whence === 1 ? this.#position : this.window.byteLength;
    const target = base + offset;
    if (target < 0 || target > Number.MAX_SAFE_INTEGER) throw TRAP;
    this.#position = target;
    return target;
  }

  take(length: number): number {
    const position = this.#position;
    // Past the end, closed (no bytes) or grown (detached views, no bytes): one check finds all three.
    if (length > this.window.bytes.length - position) this.#retry(length);
    this.#position = position + length;
    return position;
  }

  peek(length: number): number {
    const position = this.take(length);
    this.#position = position;
    return position;
  }

  claim(length: number): number {
    const position = this.#position;
    const size = this.window.current().bytes.length;
    if (position >= size) return size;
    this.#position = position + Math.min(length, size - position);
    return position;
  }

  find(byte: number, limit: number): number {
    const { bytes } = this.window.current();
    const position = this.#position;
    const most = Math.min(limit, bytes.length - position); // negative past the end
    const near = Math.min(most, NEAR);
    for (let index = 0; index < near; index++) if (bytes[position + index] === byte) return index;
    if (most <= NEAR) return -1;
    if (most < limit) {
      const place = bytes.indexOf(byte, position + NEAR); // up to the window's end, so without a view of the part
      return place < 0 ? -1 : place - position;
    }
    const index = this.window.part(position + NEAR, most - NEAR).indexOf(byte);
    return index < 0 ? -1 : NEAR + index;
  }

  readUint8(): number {
    const position = this.take(1);
    return this.window.view.getUint8(position);
  }

  readInt8(): number {
    const position = this.take(1);
    return this.window.view.getInt8(position);
  }

  readUint16(littleEndian: boolean): number {
    const position = this.take(2);
    return this.window.view.getUint16(position, littleEndian);
  }

  readInt16(littleEndian: boolean): number {
    const position = this.take(2);
    return this.window.view.getInt16(position, littleEndian);
  }

  readUint32(littleEndian: boolean): number {
    const position = this.take(4);
    return this.window.view.getUint32(position, littleEndian);
  }

  readInt32(littleEndian: boolean): number {
    const position = this.take(4);
    return this.window.view.getInt32(position, littleEndian);
  }

  readBigUint64(littleEndian: boolean): bigint {
    const position = this.take(8);
    return this.window.view.getBigUint64(position, littleEndian);
  }

  readBigInt64(littleEndian: boolean): bigint {
    const position = this.take(8);
    return this.window.view.getBigInt64(position, littleEndian);
  }

  readFloat16(littleEndian: boolean): number {
    const position = this.take(2);
    return fromBits(this.window.view.getUint16(position, littleEndian));
  }

  readFloat32(littleEndian: boolean): number {
    const position = this.take(4);
    return this.window.view.getFloat32(position, littleEndian);
  }

  readFloat64(littleEndian: boolean): number {
    const position = this.take(8);
    return this.window.view.getFloat64(position, littleEndian);
  }

  writeUint8(value: number): void {
    const position = this.take(1);
    this.window.view.setUint8(position, value);
  }

  writeInt8(value: number): void {
    const position = this.take(1);
    this.window.view.setInt8(position, value);
  }

  writeUint16(value: number, littleEndian: boolean): void {
    const position = this.take(2);
    this.window.view.setUint16(position, value, littleEndian);
  }

  writeInt16(value: number, littleEndian: boolean): void {
    const position = this.take(2);
    this.window.view.setInt16(position, value, littleEndian);
  }

  writeUint32(value: number, littleEndian: boolean): void {
    const position = this.take(4);
    this.window.view.setUint32(position, value, littleEndian);
  }

  writeInt32(value: number, littleEndian: boolean): void {
    const position = this.take(4);
    this.window.view.setInt32(position, value, littleEndian);
  }

  writeBigUint64(value: bigint, littleEndian: boolean): void {
    const position = this.take(8);
    this.window.view.setBigUint64(position, value, littleEndian);
  }

  writeBigInt64(value: bigint, littleEndian: boolean): void {
    const position = this.take(8);
    this.window.view.setBigInt64(position, value, littleEndian);
  }

  writeFloat16(value: number, littleEndian: boolean): void {
    const position = this.take(2);
    this.window.view.setUint16(position, toBits(value), littleEndian);
  }

  writeFloat32(value: number, littleEndian: boolean): void {
    const position = this.take(4);
    this.window.view.setFloat32(position, value, littleEndian);
  }

  writeFloat64(value: number, littleEndian: boolean): void {
    const position = this.take(8);
    this.window.view.setFloat64(position, value, littleEndian);
  }

  readVarUint(): number {
    const value = readNumber(this.#bytes(), this.#position);
    this.#position = found.end;
    return value;
  }

  readVarInt(): number {
    const value = readSigned(this.#bytes(), this.#position);
    this.#position = found.end;
    return value;
  }

  readBigVarUint(): bigint {
    const value = readBig(this.#bytes(), this.#position);
    this.#position = found.end;
    return value;
  }

  readBigVarInt(): bigint {
    return unzigzagBig(this.readBigVarUint());
  }

  writeVarUint(value: number): number {
    const size = numberSize(value);
    const position = this.take(size);
    writeNumber(this.window.bytes, position, value);
    return size;
  }

  writeVarInt(value: number): number {
    const unsigned = zigzag(value);
    return unsigned <= Number.MAX_SAFE_INTEGER ? this.writeVarUint(unsigned) : this.writeBigVarInt(BigInt(value));
  }

  writeBigVarUint(value: bigint): number {
    const low = Number(value & 0xffffffffn);
    const high = Number(value >> 32n);
    const size = halvesSize(low, high);
    const position = this.take(size);
    writeHalves(this.window.bytes, position, low, high);
    return size;
  }

  writeBigVarInt(value: bigint): number {
    return this.writeBigVarUint(zigzagBig(value));
  }

  readVarUints(target: Float64Array): void {
    let at = this.take(0); // past the end none can be read, not even 0
    const bytes = this.#bytes();
    for (let index = 0; index < target.length; index++) {
      target[index] = readNumber(bytes, at);
      at = found.end;
    }
    this.#position = at;
  }

  writeVarUints(values: Float64Array): number {
    let size = 0;
    for (let index = 0; index < values.length; index++) size += numberSize(values[index] as number);
    let at = this.take(size);
    const { bytes } = this.window;
    for (let index = 0; index < values.length; index++) at = writeNumber(bytes, at, values[index] as number);
    return size;
  }

  readReversed(target: Uint8Array, width: Width): void {
    const { length } = target;
    const position = this.take(length);
    copySwapped(viewOf(target), 0, this.window.view, position, length, width);
  }

  writeReversed(source: Uint8Array, width: Width): void {
    const { length } = source;
    const position = this.take(length);
    copySwapped(this.window.view, position, viewOf(source), 0, length, width);
  }

  readFloat16s(target: Float32Array, littleEndian: boolean): void {
    const start = this.take(2 * target.length);
    const { view } = this.window;
    for (let index = 0; index < target.length; index++)
      target[index] = fromBits(view.getUint16(start + 2 * index, littleEndian));
  }

  writeFloat16s(source: Float32Array, littleEndian: boolean): void {
    const start = this.take(2 * source.length);
    const { view } = this.window;
    for (let index = 0; index < source.length; index++)
      view.setUint16(start + 2 * index, toBits(source[index] as number), littleEndian);
  }

  crc32c(bytes: Uint8Array): number {
    return crc32c(viewOf(bytes), 0, bytes.length, 0);
  }

  close(): void {
    this.window = CLOSED;
    this.#position = 1; // past the end of nothing, so that even a take of 0 bytes traps
  }

  /**
   * The views may be of a buffer from before a grow. Makes new ones, and traps if they do not have the bytes either.
   */
  #retry(length: number): void {
    if (length > this.window.current().bytes.length - this.#position) throw TRAP;
  }

  /** The bytes of the window, none if it was closed. The caller checks each index. */
  #bytes(): Uint8Array {
    const { bytes } = this.window;
    return bytes.length > 0 ? bytes : this.window.current().bytes;
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
