// Made by tools/scalars.js from its table of kinds: npm run build:glue.
import { wrongCall } from "../common/arguments.js";
import { access } from "./position.js";

const { coreOf, positionOf, writableCoreOf } = access;

/**
 * Numbers at the cursor, under DataView's names. Each call moves the position by the size of the number in bytes. A
 * call that throws moves nothing: `ShmRangeError` `ERR_SHM_OUT_OF_BOUNDS` if fewer bytes remain, `ShmError`
 * `ERR_SHM_DETACHED` after a detach, and for writes `TypeError` `ERR_INVALID_ARG_TYPE` if the value is not of the
 * kind and `ShmError` `ERR_SHM_READ_ONLY` if the attachment is read-only. Little-endian unless told otherwise. A
 * value too large for its kind keeps its low bits, as DataView's do.
 *
 * @see https://tc39.es/ecma262/#sec-dataview-objects
 */
export abstract class ScalarCodec {
  /** Reads an unsigned byte, 1 byte. */
  readUint8(): number {
    if (arguments.length > 0) throw wrongCall("readUint8", arguments, 0, false);
    try {
      return coreOf(this).readUint8();
    } catch (cause) {
      throw positionOf(this).refusal(cause, "readUint8", 1);
    }
  }

  /** Reads a signed byte, 1 byte. */
  readInt8(): number {
    if (arguments.length > 0) throw wrongCall("readInt8", arguments, 0, false);
    try {
      return coreOf(this).readInt8();
    } catch (cause) {
      throw positionOf(this).refusal(cause, "readInt8", 1);
    }
  }

  /** Reads an unsigned 16-bit integer, 2 bytes. */
  readUint16(littleEndian = true): number {
    if (arguments.length > 1 || typeof littleEndian !== "boolean") throw wrongCall("readUint16", arguments, 1, true);
    try {
      return coreOf(this).readUint16(littleEndian);
    } catch (cause) {
      throw positionOf(this).refusal(cause, "readUint16", 2);
    }
  }

  /** Reads a signed 16-bit integer, 2 bytes. */
  readInt16(littleEndian = true): number {
    if (arguments.length > 1 || typeof littleEndian !== "boolean") throw wrongCall("readInt16", arguments, 1, true);
    try {
      return coreOf(this).readInt16(littleEndian);
    } catch (cause) {
      throw positionOf(this).refusal(cause, "readInt16", 2);
    }
  }

  /** Reads an unsigned 32-bit integer, 4 bytes. */
  readUint32(littleEndian = true): number {
    if (arguments.length > 1 || typeof littleEndian !== "boolean") throw wrongCall("readUint32", arguments, 1, true);
    try {
      return coreOf(this).readUint32(littleEndian);
    } catch (cause) {
      throw positionOf(this).refusal(cause, "readUint32", 4);
    }
  }

  /** Reads a signed 32-bit integer, 4 bytes. */
  readInt32(littleEndian = true): number {
    if (arguments.length > 1 || typeof littleEndian !== "boolean") throw wrongCall("readInt32", arguments, 1, true);
    try {
      return coreOf(this).readInt32(littleEndian);
    } catch (cause) {
      throw positionOf(this).refusal(cause, "readInt32", 4);
    }
  }

  /** Reads an unsigned 64-bit integer, 8 bytes. */
  readBigUint64(littleEndian = true): bigint {
    if (arguments.length > 1 || typeof littleEndian !== "boolean") throw wrongCall("readBigUint64", arguments, 1, true);
    try {
      return coreOf(this).readBigUint64(littleEndian);
    } catch (cause) {
      throw positionOf(this).refusal(cause, "readBigUint64", 8);
    }
  }

  /** Reads a signed 64-bit integer, 8 bytes. */
  readBigInt64(littleEndian = true): bigint {
    if (arguments.length > 1 || typeof littleEndian !== "boolean") throw wrongCall("readBigInt64", arguments, 1, true);
    try {
      return coreOf(this).readBigInt64(littleEndian);
    } catch (cause) {
      throw positionOf(this).refusal(cause, "readBigInt64", 8);
    }
  }

  /** Reads a 16-bit IEEE 754 number, 2 bytes. */
  readFloat16(littleEndian = true): number {
    if (arguments.length > 1 || typeof littleEndian !== "boolean") throw wrongCall("readFloat16", arguments, 1, true);
    try {
      return coreOf(this).readFloat16(littleEndian);
    } catch (cause) {
      throw positionOf(this).refusal(cause, "readFloat16", 2);
    }
  }

  /** Reads a 32-bit IEEE 754 number, 4 bytes. */
  readFloat32(littleEndian = true): number {
    if (arguments.length > 1 || typeof littleEndian !== "boolean") throw wrongCall("readFloat32", arguments, 1, true);
    try {
      return coreOf(this).readFloat32(littleEndian);
    } catch (cause) {
      throw positionOf(this).refusal(cause, "readFloat32", 4);
    }
  }

  /** Reads a 64-bit IEEE 754 number, 8 bytes. */
  readFloat64(littleEndian = true): number {
    if (arguments.length > 1 || typeof littleEndian !== "boolean") throw wrongCall("readFloat64", arguments, 1, true);
    try {
      return coreOf(this).readFloat64(littleEndian);
    } catch (cause) {
      throw positionOf(this).refusal(cause, "readFloat64", 8);
    }
  }

  /** Writes an unsigned byte, 1 byte. */
  writeUint8(value: number): void {
    if (arguments.length > 1 || typeof value !== "number") throw wrongCall("writeUint8", arguments, 1, false, "number");
    try {
      writableCoreOf(this).writeUint8(value);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeUint8", 1);
    }
  }

  /** Writes a signed byte, 1 byte. */
  writeInt8(value: number): void {
    if (arguments.length > 1 || typeof value !== "number") throw wrongCall("writeInt8", arguments, 1, false, "number");
    try {
      writableCoreOf(this).writeInt8(value);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeInt8", 1);
    }
  }

  /** Writes an unsigned 16-bit integer, 2 bytes. */
  writeUint16(value: number, littleEndian = true): void {
    if (arguments.length > 2 || typeof value !== "number" || typeof littleEndian !== "boolean")
      throw wrongCall("writeUint16", arguments, 2, true, "number");
    try {
      writableCoreOf(this).writeUint16(value, littleEndian);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeUint16", 2);
    }
  }

  /** Writes a signed 16-bit integer, 2 bytes. */
  writeInt16(value: number, littleEndian = true): void {
    if (arguments.length > 2 || typeof value !== "number" || typeof littleEndian !== "boolean")
      throw wrongCall("writeInt16", arguments, 2, true, "number");
    try {
      writableCoreOf(this).writeInt16(value, littleEndian);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeInt16", 2);
    }
  }

  /** Writes an unsigned 32-bit integer, 4 bytes. */
  writeUint32(value: number, littleEndian = true): void {
    if (arguments.length > 2 || typeof value !== "number" || typeof littleEndian !== "boolean")
      throw wrongCall("writeUint32", arguments, 2, true, "number");
    try {
      writableCoreOf(this).writeUint32(value, littleEndian);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeUint32", 4);
    }
  }

  /** Writes a signed 32-bit integer, 4 bytes. */
  writeInt32(value: number, littleEndian = true): void {
    if (arguments.length > 2 || typeof value !== "number" || typeof littleEndian !== "boolean")
      throw wrongCall("writeInt32", arguments, 2, true, "number");
    try {
      writableCoreOf(this).writeInt32(value, littleEndian);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeInt32", 4);
    }
  }

  /** Writes an unsigned 64-bit integer, 8 bytes. */
  writeBigUint64(value: bigint, littleEndian = true): void {
    if (arguments.length > 2 || typeof value !== "bigint" || typeof littleEndian !== "boolean")
      throw wrongCall("writeBigUint64", arguments, 2, true, "bigint");
    try {
      writableCoreOf(this).writeBigUint64(value, littleEndian);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeBigUint64", 8);
    }
  }

  /** Writes a signed 64-bit integer, 8 bytes. */
  writeBigInt64(value: bigint, littleEndian = true): void {
    if (arguments.length > 2 || typeof value !== "bigint" || typeof littleEndian !== "boolean")
      throw wrongCall("writeBigInt64", arguments, 2, true, "bigint");
    try {
      writableCoreOf(this).writeBigInt64(value, littleEndian);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeBigInt64", 8);
    }
  }

  /** Writes a 16-bit IEEE 754 number, 2 bytes: rounded once, to nearest, ties to even. */
  writeFloat16(value: number, littleEndian = true): void {
    if (arguments.length > 2 || typeof value !== "number" || typeof littleEndian !== "boolean")
      throw wrongCall("writeFloat16", arguments, 2, true, "number");
    try {
      writableCoreOf(this).writeFloat16(value, littleEndian);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeFloat16", 2);
    }
  }

  /** Writes a 32-bit IEEE 754 number, 4 bytes. */
  writeFloat32(value: number, littleEndian = true): void {
    if (arguments.length > 2 || typeof value !== "number" || typeof littleEndian !== "boolean")
      throw wrongCall("writeFloat32", arguments, 2, true, "number");
    try {
      writableCoreOf(this).writeFloat32(value, littleEndian);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeFloat32", 4);
    }
  }

  /** Writes a 64-bit IEEE 754 number, 8 bytes. */
  writeFloat64(value: number, littleEndian = true): void {
    if (arguments.length > 2 || typeof value !== "number" || typeof littleEndian !== "boolean")
      throw wrongCall("writeFloat64", arguments, 2, true, "number");
    try {
      writableCoreOf(this).writeFloat64(value, littleEndian);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeFloat64", 8);
    }
  }
}
