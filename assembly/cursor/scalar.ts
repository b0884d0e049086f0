// Numbers at the cursor, in either byte order. takeAddress() makes the one bounds check of each call: the address that
// it returns is checked for as many bytes as were asked for. WebAssembly's loads and stores are little-endian, at any
// alignment.
import { takeAddress } from "./cursor";

export function readUint8(cursor: u32): u32 {
  return load<u8>(takeAddress(cursor, 1));
}

export function readInt8(cursor: u32): i32 {
  return load<i8>(takeAddress(cursor, 1));
}

export function readUint16(cursor: u32, littleEndian: bool): u32 {
  const value = load<u16>(takeAddress(cursor, 2));
  return littleEndian ? value : bswap<u16>(value);
}

export function readInt16(cursor: u32, littleEndian: bool): i32 {
  const value = load<i16>(takeAddress(cursor, 2));
  return littleEndian ? value : bswap<i16>(value);
}

export function readUint32(cursor: u32, littleEndian: bool): u32 {
  const value = load<u32>(takeAddress(cursor, 4));
  return littleEndian ? value : bswap<u32>(value);
}

export function readInt32(cursor: u32, littleEndian: bool): i32 {
  const value = load<i32>(takeAddress(cursor, 4));
  return littleEndian ? value : bswap<i32>(value);
}

export function readBigUint64(cursor: u32, littleEndian: bool): u64 {
  const value = load<u64>(takeAddress(cursor, 8));
  return littleEndian ? value : bswap<u64>(value);
}

export function readBigInt64(cursor: u32, littleEndian: bool): i64 {
  const value = load<i64>(takeAddress(cursor, 8));
  return littleEndian ? value : bswap<i64>(value);
}

export function readFloat32(cursor: u32, littleEndian: bool): f32 {
  return reinterpret<f32>(readUint32(cursor, littleEndian));
}

export function readFloat64(cursor: u32, littleEndian: bool): f64 {
  return reinterpret<f64>(readBigUint64(cursor, littleEndian));
}

export function writeUint8(cursor: u32, value: u32): void {
  store<u8>(takeAddress(cursor, 1), value);
}

export function writeInt8(cursor: u32, value: i32): void {
  store<i8>(takeAddress(cursor, 1), value);
}

export function writeUint16(cursor: u32, value: u32, littleEndian: bool): void {
  store<u16>(takeAddress(cursor, 2), littleEndian ? value : bswap<u16>(<u16>value));
}

export function writeInt16(cursor: u32, value: i32, littleEndian: bool): void {
  store<i16>(takeAddress(cursor, 2), littleEndian ? value : bswap<i16>(<i16>value));
}

export function writeUint32(cursor: u32, value: u32, littleEndian: bool): void {
  store<u32>(takeAddress(cursor, 4), littleEndian ? value : bswap<u32>(value));
}

export function writeInt32(cursor: u32, value: i32, littleEndian: bool): void {
  store<i32>(takeAddress(cursor, 4), littleEndian ? value : bswap<i32>(value));
}

export function writeBigUint64(cursor: u32, value: u64, littleEndian: bool): void {
  store<u64>(takeAddress(cursor, 8), littleEndian ? value : bswap<u64>(value));
}

export function writeBigInt64(cursor: u32, value: i64, littleEndian: bool): void {
  store<i64>(takeAddress(cursor, 8), littleEndian ? value : bswap<i64>(value));
}

export function writeFloat32(cursor: u32, value: f32, littleEndian: bool): void {
  writeUint32(cursor, reinterpret<u32>(value), littleEndian);
}

export function writeFloat64(cursor: u32, value: f64, littleEndian: bool): void {
  writeBigUint64(cursor, reinterpret<u64>(value), littleEndian);
}
