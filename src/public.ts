/// <reference lib="esnext.disposable" preserve="true" />
// What both public faces export, beside their own createShm.
export { Attachment } from "./attachment.js";
export type { CoreName } from "./core/core.js";
export type {
  CursorReadable,
  CursorReadableOptions,
  CursorWritable,
  CursorWritableOptions,
} from "./cursor/streams.js";
export type { TextOptions } from "./cursor/text.js";
export { Cursor } from "./cursor.js";
export type {
  BigIntArrayConstructor,
  ElementArray,
  ElementArrayConstructor,
  NumberArray,
  NumberArrayConstructor,
} from "./elements.js";
export type { ArgumentRangeError, ArgumentTypeError } from "./errors.js";
export { ShmError, ShmRangeError } from "./errors.js";
export { type Access, SegmentStatus, SharedMemoryFlags, Whence } from "./flags.js";
export type { Capability, Host, Limits, Mapping, MapRequest, SegmentInfo } from "./host/host.js";
export { memoryHost } from "./host/memory.js";
export type { Checksum32, Checksum64, Ranges } from "./range.js";
export { type AttachOptions, type Permissions, Segment } from "./segment.js";
export type { CreateOptions, Shm, ShmOptions } from "./shm.js";
export { VERSION } from "./version.js";
export type { WasmMemory } from "./window.js";
