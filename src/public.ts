/// <reference lib="esnext.disposable" preserve="true" />
// What both entry points export, beside their own createShm.

export type {
  BigIntArrayConstructor,
  ElementArray,
  ElementArrayConstructor,
  NumberArray,
  NumberArrayConstructor,
} from "./common/elements.js";
export type { ArgumentRangeError, ArgumentTypeError, ArgumentValueError } from "./common/errors.js";
export { ShmError, ShmRangeError } from "./common/errors.js";
export { type Access, type MemoryKind, SegmentStatus, SharedMemoryFlags, Whence } from "./common/flags.js";
export type { TextEncoding, TextOptions } from "./common/text.js";
export { VERSION } from "./common/version.js";
export type { CoreName } from "./core/core.js";
export { Cursor } from "./cursor/cursor.js";
export type {
  CursorReadable,
  CursorReadableOptions,
  CursorWritable,
  CursorWritableOptions,
} from "./cursor/streaming.js";
export type {
  Capability,
  Explanation,
  Host,
  HostCall,
  Limits,
  Mapping,
  MapRequest,
  SegmentInfo,
} from "./host/host.js";
export { localHost } from "./host/local.js";
export type { WasmMemory } from "./memory/layout.js";
export type {
  Checksum32,
  Checksum32Options,
  Checksum64,
  Checksum64Options,
  CopiedBytes,
  Ranges,
  RangeTextOptions,
} from "./range/range.js";
export { Attachment } from "./segment/attachment.js";
export { type AttachOptions, type Permissions, Segment } from "./segment/segment.js";
export type { CreateOptions, Shm, ShmOptions } from "./segment/shm.js";
