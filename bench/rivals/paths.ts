// One segment, by every access path that there is.
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Attachment, Cursor, Segment } from "wasm-shm";
import { PATH } from "../harness/path.js";
import type { Absence } from "../harness/result.js";
import { coreOf, shmOf, type Variant } from "../harness/window.js";
import { type BareCalls, bareCalls } from "./addon.js";
import { loadNative } from "./packages.js";

export interface Paths {
  readonly attachment: Attachment;
  /** The segment again, in a plain memory: V8's own operations are fastest there. */
  readonly plain: Uint8Array;
  readonly core: string;
  readonly cursor: Cursor;
  readonly view: DataView;
  /** Buffers of the same size, by path. All are of the segment, but for mmap-io's, which is of a file in /dev/shm. */
  readonly buffers: ReadonlyMap<string, Buffer>;
  /** Attached to the segment. It has a call for each operation, and loops in native code. */
  readonly native: BareCalls;
  /** Destroyed: it lives by its attachments. shmat(2) still takes its id. */
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

/** Steps that undo what was done; run in reverse order in any case. */
type Undo = (() => void)[];

/** A segment under a key that is free, as shm-typed-array opens by key only. */
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
  const loaded = loadNative("shm-typed-array");
  if (!("module" in loaded)) return loaded;
  const shmTypedArray = loaded.module as ShmTypedArray;
  const buffer = shmTypedArray.get(key, "Buffer");
  if (buffer === null) throw new Error("shm-typed-array does not see the segment");
  undo.push(() => shmTypedArray.detachAll());
  return buffer;
}

/** The file is removed at once. The mapping ends with the Buffer, as mmap-io has no call to unmap. */
function byMmap(size: number): Buffer | Absence {
  const loaded = loadNative("mmap-io");
  if (!("module" in loaded)) return loaded;
  const mmapIo = ((loaded.module as { default?: MmapIo }).default ?? loaded.module) as MmapIo;
  const folder = mkdtempSync("/dev/shm/wasm-shm-bench-");
  try {
    const file = openSync(join(folder, "file"), "wx+", 0o600);
    try {
      ftruncateSync(file, size);
      return mmapIo.map(size, mmapIo.PROT_READ | mmapIo.PROT_WRITE, mmapIo.MAP_SHARED, file);
    } finally {
      closeSync(file);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Calls `work` with all paths to a new segment. It is destroyed before, so that not even a SIGKILL leaves it behind.
 */
export async function withPaths(variant: Variant, size: number, work: (paths: Paths) => Promise<void>): Promise<void> {
  const undo: Undo = [];
  try {
    const { segment, key } = createWithKey(variant, size);
    undo.push(() => segment[Symbol.dispose]());
    const attachment = segment.attach();
    undo.push(() => attachment.detach());
    const plain = segment.attach({ memory: "plain" });
    undo.push(() => plain.detach());
    const native = bareCalls();
    const refused = native.map(segment.id);
    if (refused < 0) throw new Error(`the addon was refused the segment: errno ${-refused}`);
    undo.push(() => native.unmap());
    const { bytes } = attachment;
    const buffers = new Map<string, Buffer>([[PATH.buffer, Buffer.from(bytes.buffer, bytes.byteOffset, size)]]);
    const absent: Absence[] = [];
    const packages = { [PATH.shmTypedArray]: byShmTypedArray(key, undo), [PATH.mmap]: byMmap(size) };
    for (const [path, loaded] of Object.entries(packages)) {
      if ("reason" in loaded) absent.push(loaded);
      else buffers.set(path, loaded);
    }
    segment.destroy();
    await work({
      attachment,
      plain: plain.bytes,
      core: coreOf(variant),
      cursor: attachment.cursor(),
      view: new DataView(bytes.buffer, bytes.byteOffset, size),
      buffers,
      native,
      segment,
      absent,
    });
  } finally {
    for (const step of undo.reverse()) step();
  }
}

/** The window as float64; its size must be a multiple of 8. */
export function numbersOf({ attachment: { bytes } }: Paths): Float64Array {
  return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
}
