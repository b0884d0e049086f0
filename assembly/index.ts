// The core's exports, all of them. It imports env.memory and nothing else; what it may touch is in record.ts.
export { adler32 } from "./adler32";
export { claim, position, seek, take } from "./cursor";
export { close, open, RECORD_COUNT, WINDOW_START } from "./record";
export {
  readBigInt64,
  readBigUint64,
  readFloat32,
  readFloat64,
  readInt8,
  readInt16,
  readInt32,
  readUint8,
  readUint16,
  readUint32,
  writeBigInt64,
  writeBigUint64,
  writeFloat32,
  writeFloat64,
  writeInt8,
  writeInt16,
  writeInt32,
  writeUint8,
  writeUint16,
  writeUint32,
} from "./scalar";
