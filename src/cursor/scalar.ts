import { checkBigInt, checkNumber } from "../common/arguments.js";
import { Position } from "./position.js";

/**
 * Numbers at the cursor, under DataView's names. Each moves the position by its size in bytes, or throws and moves
 * nothing: `ShmRangeError` `ERR_SHM_OUT_OF_BOUNDS` where fewer bytes remain, `ShmError` `ERR_SHM_DETACHED` after a
 * detach, and for writes `TypeError` `ERR_INVALID_ARG_TYPE` where the value is not of the kind and `ShmError`
 * `ERR_SHM_READ_ONLY` where the attachment is. Little-endian unless
 * told otherwise; a value too large for its kind keeps its low bits, as DataView's do.
 *
 * @see https://tc39.es/ecma262/#sec-dataview-objects
 */
export abstract class ScalarCursor extends Position {
  /** Reads an unsigned byte, 1 byte. */
  readUint8(): number {
    try {
      return this.running.readUint8();
    } catch (cause) {
      throw this.refusal(cause, "readUint8", 1);
    }
  }

  /** Reads a signed byte, 1 byte. */
  readInt8(): number {
    try {
      return this.running.readInt8();
    } catch (cause) {
      throw this.refusal(cause, "readInt8", 1);
    }
  }

  /** Reads an unsigned 16-bit integer, 2 bytes. */
  readUint16(littleEndian = true): number {
    try {
      return this.running.readUint16(littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "readUint16", 2);
    }
  }

  /** Reads a signed 16-bit integer, 2 bytes. */
  readInt16(littleEndian = true): number {
    try {
      return this.running.readInt16(littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "readInt16", 2);
    }
  }

  /** Reads an unsigned 32-bit integer, 4 bytes. */
  readUint32(littleEndian = true): number {
    try {
      return this.running.readUint32(littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "readUint32", 4);
    }
  }

  /** Reads a signed 32-bit integer, 4 bytes. */
  readInt32(littleEndian = true): number {
    try {
      return this.running.readInt32(littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "readInt32", 4);
    }
  }

  /** Reads an unsigned 64-bit integer, 8 bytes. */
  readBigUint64(littleEndian = true): bigint {
    try {
      return this.running.readBigUint64(littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "readBigUint64", 8);
    }
  }

  /** Reads a signed 64-bit integer, 8 bytes. */
  readBigInt64(littleEndian = true): bigint {
    try {
      return this.running.readBigInt64(littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "readBigInt64", 8);
    }
  }

  /** Reads a 16-bit IEEE 754 number, 2 bytes. */
  readFloat16(littleEndian = true): number {
    try {
      return this.running.readFloat16(littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "readFloat16", 2);
    }
  }

  /** Reads a 32-bit IEEE 754 number, 4 bytes. */
  readFloat32(littleEndian = true): number {
    try {
      return this.running.readFloat32(littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "readFloat32", 4);
    }
  }

  /** Reads a 64-bit IEEE 754 number, 8 bytes. */
  readFloat64(littleEndian = true): number {
    try {
      return this.running.readFloat64(littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "readFloat64", 8);
    }
  }

  /** Writes an unsigned byte, 1 byte. */
  writeUint8(value: number): void {
    checkNumber("value", value);
    this.checkWritable("writeUint8");
    try {
      this.running.writeUint8(value);
    } catch (cause) {
      throw this.refusal(cause, "writeUint8", 1);
    }
  }

  /** Writes a signed byte, 1 byte. */
  writeInt8(value: number): void {
    checkNumber("value", value);
    this.checkWritable("writeInt8");
    try {
      this.running.writeInt8(value);
    } catch (cause) {
      throw this.refusal(cause, "writeInt8", 1);
    }
  }

  /** Writes an unsigned 16-bit integer, 2 bytes. */
  writeUint16(value: number, littleEndian = true): void {
    checkNumber("value", value);
    this.checkWritable("writeUint16");
    try {
      this.running.writeUint16(value, littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "writeUint16", 2);
    }
  }

  /** Writes a signed 16-bit integer, 2 bytes. */
  writeInt16(value: number, littleEndian = true): void {
    checkNumber("value", value);
    this.checkWritable("writeInt16");
    try {
      this.running.writeInt16(value, littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "writeInt16", 2);
    }
  }

  /** Writes an unsigned 32-bit integer, 4 bytes. */
  writeUint32(value: number, littleEndian = true): void {
    checkNumber("value", value);
    this.checkWritable("writeUint32");
    try {
      this.running.writeUint32(value, littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "writeUint32", 4);
    }
  }

  /** Writes a signed 32-bit integer, 4 bytes. */
  writeInt32(value: number, littleEndian = true): void {
    checkNumber("value", value);
    this.checkWritable("writeInt32");
    try {
      this.running.writeInt32(value, littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "writeInt32", 4);
    }
  }

  /** Writes an unsigned 64-bit integer, 8 bytes. */
  writeBigUint64(value: bigint, littleEndian = true): void {
    checkBigInt("value", value);
    this.checkWritable("writeBigUint64");
    try {
      this.running.writeBigUint64(value, littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "writeBigUint64", 8);
    }
  }

  /** Writes a signed 64-bit integer, 8 bytes. */
  writeBigInt64(value: bigint, littleEndian = true): void {
    checkBigInt("value", value);
    this.checkWritable("writeBigInt64");
    try {
      this.running.writeBigInt64(value, littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "writeBigInt64", 8);
    }
  }

  /** Writes a 16-bit IEEE 754 number, 2 bytes: rounded once, to nearest, ties to even. */
  writeFloat16(value: number, littleEndian = true): void {
    checkNumber("value", value);
    this.checkWritable("writeFloat16");
    try {
      this.running.writeFloat16(value, littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "writeFloat16", 2);
    }
  }

  /** Writes a 32-bit IEEE 754 number, 4 bytes. */
  writeFloat32(value: number, littleEndian = true): void {
    checkNumber("value", value);
    this.checkWritable("writeFloat32");
    try {
      this.running.writeFloat32(value, littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "writeFloat32", 4);
    }
  }

  /** Writes a 64-bit IEEE 754 number, 8 bytes. */
  writeFloat64(value: number, littleEndian = true): void {
    checkNumber("value", value);
    this.checkWritable("writeFloat64");
    try {
      this.running.writeFloat64(value, littleEndian);
    } catch (cause) {
      throw this.refusal(cause, "writeFloat64", 8);
    }
  }
}
