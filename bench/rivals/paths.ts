// One segment by every access path that there is for it.
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Attachment, Cursor, Segment } from "wasm-shm";
import type { Absence } from "../harness/result.js";
import { coreOf, shmOf, type Variant } from "../harness/window.js";
import { type BareCalls, bareCalls } from "./addon.js";
import { PATH } from "./path.js";
import { loadPeer } from "./peers.js";

export interface Paths {
  readonly attachment: Attachment;
  readonly core: string;
  readonly cursor: Cursor;
  readonly view: DataView;
  /** Buffers of the same size, by the path that made them; mmap-io's is of a file in /dev/shm, not of the segment. */
  readonly buffers: ReadonlyMap<string, Buffer>;
  /** Attached to the segment: a call for each operation, and loops in native code. */
  readonly native: BareCalls;
  /** Alive by its attachments alone; shmat(2) still takes its id. */
  readonly segment: Segment;
  readonly absent: readonly Absence[];
}

interface ShmTypedArray {
  get(key: number, type: "Buffer"): Buffer | null;
  detachAll(): number;
}

interface MmapIo {
  readonly PROT_READ: number;
  readonly PROT_WRITE: number;
  readonly MAP_SHARED: number;
  map(size: number, protection: number, flags: number, file: number): Buffer;
}

/** What must be undone, last first, whatever happens. */
type Undo = (() => void)[];

/** Under a key that is nobody's yet, as shm-typed-array opens by key alone. */
export function createWithKey(variant: Variant, size: number): { segment: Segment; key: number } {
  for (;;) {
    const key = 1 + Math.floor(Math.random() * 0x7ffffffe);
    try {
      return { segment: shmOf(variant).create(size, { key }), key };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function byShmTypedArray(key: number, undo: Undo): Buffer | Absence {
  const loaded = loadPeer("shm-typed-array");
  if (!("module" in loaded)) return loaded;
  const peer = loaded.module as ShmTypedArray;
  const buffer = peer.get(key, "Buffer");
  if (buffer === null) throw new Error("shm-typed-array does not see the segment");
  undo.push(() => peer.detachAll());
  return buffer;
}

/** The file is removed at once, and the map ends with the Buffer: mmap-io has no call for it. */
function byMmap(size: number): Buffer | Absence {
  const loaded = loadPeer("mmap-io");
  if (!("module" in loaded)) return loaded;
  const peer = ((loaded.module as { default?: MmapIo }).default ?? loaded.module) as MmapIo;
  const folder = mkdtempSync("/dev/shm/wasm-shm-bench-");
  try {
    const file = openSync(join(folder, "file"), "wx+", 0o600);
    try {
      ftruncateSync(file, size);
      return peer.map(size, peer.PROT_READ | peer.PROT_WRITE, peer.MAP_SHARED, file);
    } finally {
      closeSync(file);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Calls `work` with all paths to a new segment, which is destroyed before: not even a kill leaves one. */
export async function withPaths(variant: Variant, size: number, work: (paths: Paths) => Promise<void>): Promise<void> {
  const undo: Undo = [];
  try {
    const { segment, key } = createWithKey(variant, size);
    undo.push(() => segment[Symbol.dispose]());
    const attachment = segment.attach();
    undo.push(() => attachment.detach());
    const native = bareCalls();
    const refused = native.map(segment.id);
    if (refused < 0) throw new Error(`the addon was refused the segment: errno ${-refused}`);
    undo.push(() => native.unmap());
    const { bytes } = attachment;
    const buffers = new Map<string, Buffer>([[PATH.buffer, Buffer.from(bytes.buffer, bytes.byteOffset, size)]]);
    const absent: Absence[] = [];
    const peers = { [PATH.shmTypedArray]: byShmTypedArray(key, undo), [PATH.mmap]: byMmap(size) };
    for (const [name, peer] of Object.entries(peers)) {
      if ("reason" in peer) absent.push(peer);
      else buffers.set(name, peer);
    }
    segment.destroy();
    await work({
      attachment,
      core: coreOf(variant),
      cursor: attachment.cursor(),
      view: new DataView(bytes.buffer, bytes.byteOffset, size),
      buffers,
      native,
      segment,
      absent,
    });
  } finally {
    for (const back of undo.reverse()) back();
  }
}

/** A typed array over the window; its elements must fit. */
export function numbersOf({ attachment: { bytes } }: Paths): Float64Array {
  return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
}
