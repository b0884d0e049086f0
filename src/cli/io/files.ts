// Files and standard streams, as the sources and destinations of bytes.
import { constants, read } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { UsageError, UserError } from "../failure.js";
import { writeOut } from "./output.js";

/** The path that stands for standard input or standard output. */
export const STANDARD_STREAM = "-";

const STANDARD_INPUT_FD = 0;
const POLL_MS = 5; // if standard input was left non-blocking, and nothing is there yet

/** Where bytes come from. */
export interface Source {
  readonly name: string;
  /** Bytes still to come; undefined if the length is not known before the end. */
  readonly length: number | undefined;
  /** Whether `length` is what the system says of a file, which may grow or shrink meanwhile: its end decides. */
  readonly isEstimate: boolean;
  /** Reads the next bytes into `target`, at most as many as fit. @returns how many were read; 0 at the end */
  read(target: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** Where bytes go. */
export interface Sink {
  /** Called before the first byte. Until then nothing in the destination is lost. */
  begin(): Promise<void>;
  /** Writes all of `source`. @param onWritten is told of each part once it is written */
  write(source: Uint8Array, onWritten: (bytes: number) => void): Promise<void>;
  close(): Promise<void>;
}

const readAsync = promisify(read);

/** Not `process.stdin`, which would copy: read(2) stores straight into `target`. */
async function readInput(target: Uint8Array): Promise<number> {
  for (;;)
    try {
      return (await readAsync(STANDARD_INPUT_FD, target, 0, target.length, null)).bytesRead;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      await sleep(POLL_MS);
    }
}

/** Opens a file. `size` is that of a regular file; nothing else has offsets. */
async function openFile(path: string, flags: number, offset: number): Promise<{ file: FileHandle; size?: number }> {
  const file = await open(path, flags, 0o666);
  try {
    const about = await file.stat();
    if (about.isDirectory()) throw new UserError(`${path} is a directory`);
    if (about.isFile()) return { file, size: about.size };
    if (offset > 0) throw new UsageError(`${path} is not a regular file, so it has no offsets`);
    return { file };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function refuseOffset(offset: number): void {
  if (offset > 0) throw new UsageError("a standard stream has no offsets");
}

/** At most `length` bytes of what `readPart` gives. */
function limited(
  name: string,
  length: number | undefined,
  readPart: (target: Uint8Array) => Promise<number>,
  close: () => Promise<void>,
): Source {
  let left = length ?? Number.POSITIVE_INFINITY;
  return {
    name,
    length,
    isEstimate: false,
    async read(target) {
      const wanted = Math.min(target.length, left);
      const count = wanted === 0 ? 0 : await readPart(target.subarray(0, wanted));
      left -= count;
      return count;
    },
    close,
  };
}

/** Standard input, or at most `size` bytes of it. */
export function standardInput(size?: number): Source {
  return limited("standard input", size, readInput, async () => {});
}

const HEAD = 64 * 1024; // bytes: nearly all of /proc and /sys fits

/** Fills `target` unless the file ends before. @returns bytes read */
async function readUpTo(target: Uint8Array, readPart: (target: Uint8Array) => Promise<number>): Promise<number> {
  for (let filled = 0; ; ) {
    const count = filled === target.length ? 0 : await readPart(target.subarray(filled));
    if (count === 0) return filled;
    filled += count;
  }
}

/**
 * At most `limit` bytes of a regular file. The beginning is read at once, because the size that the system tells may be
 * wrong: 0 for a file of /proc, a page for one of /sys.
 *
 * @param told bytes to the end, as the system tells
 */
async function fileSource(
  name: string,
  told: number,
  limit: number | undefined,
  readPart: (target: Uint8Array) => Promise<number>,
  close: () => Promise<void>,
): Promise<Source> {
  const buffer = new Uint8Array(Math.min(HEAD, limit ?? HEAD));
  const filled = await readUpTo(buffer, readPart);
  let head = buffer.subarray(0, filled);
  const readOn = async (target: Uint8Array): Promise<number> => {
    if (head.length === 0) return readPart(target);
    const part = head.subarray(0, target.length);
    target.set(part);
    head = head.subarray(part.length);
    return part.length;
  };
  const ended = filled < buffer.length || filled === limit;
  if (ended) return limited(name, filled, readOn, close);
  if (told <= filled) return limited(name, limit, readOn, close);
  const length = Math.min(told, limit ?? told);
  return { ...limited(name, limit, readOn, close), length, isEstimate: true };
}

/**
 * At most `size` bytes of a file, from an offset.
 *
 * @throws {UsageError} the offset is past the end, or the file has no offsets
 */
export async function openSource(path: string, offset: number, size: number | undefined): Promise<Source> {
  if (path === STANDARD_STREAM) {
    refuseOffset(offset);
    return standardInput(size);
  }
  const { file, size: fileSize } = await openFile(path, constants.O_RDONLY, offset);
  let position = fileSize === undefined ? null : offset;
  const readPart = async (target: Uint8Array): Promise<number> => {
    const { bytesRead } = await file.read(target, 0, target.length, position);
    if (position !== null) position += bytesRead;
    return bytesRead;
  };
  const close = (): Promise<void> => file.close();
  if (fileSize === undefined) return limited(path, size, readPart, close);
  try {
    const source = await fileSource(path, fileSize - offset, size, readPart, close);
    if (source.length === 0 && size !== 0 && offset > fileSize)
      throw new UsageError(`offset ${offset} is past the end: ${path} has ${fileSize} bytes`);
    return source;
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * A file to write to. Without an offset it is replaced; with one, the bytes around what is written stay.
 *
 * @throws {UsageError} there is an offset, and the file has no offsets
 */
export async function openSink(path: string, offset: number | undefined): Promise<Sink> {
  if (path === STANDARD_STREAM) {
    refuseOffset(offset ?? 0);
    return {
      begin: async () => {},
      async write(source, onWritten) {
        await writeOut(source);
        onWritten(source.length);
      },
      close: async () => {},
    };
  }
  const { file, size } = await openFile(path, constants.O_WRONLY | constants.O_CREAT, offset ?? 0);
  let position = size === undefined ? null : (offset ?? 0);
  return {
    async begin() {
      if (size !== undefined && offset === undefined) await file.truncate(0);
    },
    async write(source, onWritten) {
      for (let at = 0; at < source.length; ) {
        const { bytesWritten } = await file.write(source, at, source.length - at, position);
        at += bytesWritten;
        if (position !== null) position += bytesWritten;
        onWritten(bytesWritten);
      }
    },
    close: () => file.close(),
  };
}
