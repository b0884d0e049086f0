// Made by tools/scalars.js from its table of kinds: npm run build:glue.
import { WasmPosition } from "./position.js";

/**
 * Numbers and varints of a cursor by the core in assembly/. Each call has a `try` of its own, right around the
 * export: V8 inlines the call into wasm there, and does not if only a caller further up has one (3.4 against 6.3 ns for
 * readUint32; Node 20 to 26, x86-64).
 */
export abstract class WasmNumbers extends WasmPosition {
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
}
