/// <reference lib="esnext.disposable" preserve="true" />
// What both entry points export, beside their own createShm.

export { Channel, type ChannelMode, type ChannelOptions } from "./channel/channel.js";
export type { Claim } from "./channel/claim.js";
export type {
  ChannelWritable,
  Codec,
  CodecName,
  CodecOption,
  NodeWritableOptions,
  WebReadable,
  WebWritable,
} from "./channel/codec.js";
export type { Message } from "./channel/message.js";
export type { ReaderOptions, WriterOptions } from "./channel/options.js";
export type { Reader } from "./channel/reader.js";
export type { Handler, RequestContext, ServeOptions, Server } from "./channel/server.js";
export { Service, type ServiceOptions } from "./channel/service.js";
export { type Overrun, Topic, type TopicOptions, type TopicWriterOptions } from "./channel/topic.js";
export type { Writer } from "./channel/writer.js";
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
export type { FixedTextOptions } from "./cursor/fixed.js";
export type {
  CursorReadable,
  CursorReadableOptions,
  CursorWritable,
  CursorWritableOptions,
} from "./cursor/streaming.js";
export { Domain, type JoinOptions } from "./domain/domain.js";
export type {
  Capability,
  Explanation,
  Host,
  HostCall,
  JoinRequest,
  Limits,
  Mapping,
  MapRequest,
  Membership,
  SegmentInfo,
} from "./host/host.js";
export { localHost } from "./host/local.js";
export type { PeerKind } from "./host/membership.js";
export type { WasmMemory } from "./memory/layout.js";
export { Checksum, type CreateChecksumOptions } from "./range/incremental.js";
export type {
  Checksum32,
  Checksum32Options,
  Checksum64,
  Checksum64Options,
  CopiedBytes,
  Ranges,
  RangeTextOptions,
  WindowBytes,
} from "./range/range.js";
export { Attachment } from "./segment/attachment.js";
export type { ChannelMaker, Messaging, ServiceMaker, TopicMaker } from "./segment/messaging.js";
export type { ModuleImports, ModuleSource, WasmInstance, WasmModule } from "./segment/modulesource.js";
export type { Own, OwnOptions, OwnTarget } from "./segment/own.js";
export type { AttachOptions } from "./segment/request.js";
export { type Permissions, Segment } from "./segment/segment.js";
export type { CreateOptions, SegmentKey, Shm, ShmOptions } from "./segment/shm.js";
export { type TypedOptions, TypedSegment } from "./segment/typed.js";
export { Barrier, type BarrierOptions } from "./sync/barrier.js";
export { Condition } from "./sync/condition.js";
export { SharedEvent } from "./sync/event.js";
export type { Held } from "./sync/held.js";
export { Mutex } from "./sync/mutex.js";
export type { SyncWaitOptions, WaitOptions, WaitSignal } from "./sync/options.js";
export type { Peer, PeerEvent, PeerListener } from "./sync/peers.js";
export { type LockSide, RwLock } from "./sync/rwlock.js";
export type { AcquireOptions, Permit, SemaphoreOptions, SyncAcquireOptions } from "./sync/semaphore.js";
export { Semaphore } from "./sync/semaphore.js";
export { Seqlock, type SeqlockOptions } from "./sync/seqlock.js";
