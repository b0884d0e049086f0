// What copy copies from and to: a segment, a file, or a standard stream.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { InvalidArgumentError } from "commander";
import { UsageError, UserError } from "../failure.js";
import { readInput } from "../io/input.js";
import { writeOut } from "../io/output.js";
import { parseTarget, type Target } from "./values.js";

export type Operand = { kind: "segment"; target: Target } | { kind: "new" } | { kind: "file"; path: string };

/**
 * A number is a segment's id, `key:KEY` its key, `new` one that is to be made, `-` a standard stream; else a file.
 *
 * @throws {InvalidArgumentError} a key that is none, a number that is no id
 */
export function parseOperand(text: string): Operand {
  if (text === "new") return { kind: "new" };
  if (/^(\d+$|key:)/.test(text)) return { kind: "segment", target: parseTarget(text) };
  if (text === "") throw new InvalidArgumentError("A file has a name.");
  return { kind: "file", path: text };
}

/** Where bytes come from, a piece at a time. */
export interface Source {
  readonly name: string;
  /** Bytes that are to come; undefined where nobody can tell. */
  readonly length: number | undefined;
  /** Puts the next bytes into `target`. @returns how many; 0 at the end */
  read(target: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** Where they go. */
export interface Sink {
  /** Called before the first byte: until then nothing of what was there is lost. */
  begin(): Promise<void>;
  /** Writes all of it. @param landed is told of each part that did */
  write(source: Uint8Array, landed: (bytes: number) => void): Promise<void>;
  close(): Promise<void>;
}

/** An open file; its size where it is a regular one, which alone has offsets. */
async function opened(path: string, flags: number, offset: number): Promise<{ file: FileHandle; size?: number }> {
  const file = await open(path, flags, 0o666);
  try {
    const about = await file.stat();
    if (about.isDirectory()) throw new UserError(`${path} is a directory`);
    if (about.isFile()) return { file, size: about.size };
    if (offset > 0) throw new UsageError(`${path} has no offsets: it is no regular file`);
    return { file };
  } catch (error) {
    await file.close();
    throw error;
  }
}

const noOffset = (offset: number): void => {
  if (offset > 0) throw new UsageError("a standard stream has no offsets");
};

/** At most `size` bytes of a file, from an offset. */
export async function sourceOf(path: string, offset: number, size: number | undefined): Promise<Source> {
  if (path === "-") {
    noOffset(offset);
    return limited("standard input", size, readInput, async () => {});
  }
  const { file, size: whole } = await opened(path, constants.O_RDONLY, offset);
  if (whole !== undefined && offset > whole) {
    await file.close();
    throw new UsageError(`offset ${offset} is past the end: ${path} has ${whole} bytes`);
  }
  let position = whole === undefined ? null : offset;
  const read = async (target: Uint8Array): Promise<number> => {
    const { bytesRead } = await file.read(target, 0, target.length, position);
    if (position !== null) position += bytesRead;
    return bytesRead;
  };
  const length = whole === undefined ? size : Math.min(whole - offset, size ?? whole);
  return limited(path, length, read, () => file.close());
}

function limited(
  name: string,
  length: number | undefined,
  read: (target: Uint8Array) => Promise<number>,
  close: () => Promise<void>,
): Source {
  let left = length ?? Number.POSITIVE_INFINITY;
  return {
    name,
    length,
    async read(target) {
      const wanted = Math.min(target.length, left);
      const moved = wanted === 0 ? 0 : await read(target.subarray(0, wanted));
      left -= moved;
      return moved;
    },
    close,
  };
}

/** A file that is replaced, or written from an offset on. */
export async function sinkOf(path: string, offset: number | undefined): Promise<Sink> {
  if (path === "-") {
    noOffset(offset ?? 0);
    return {
      begin: async () => {},
      async write(source, landed) {
        await writeOut(source);
        landed(source.length);
      },
      close: async () => {},
    };
  }
  const { file, size } = await opened(path, constants.O_WRONLY | constants.O_CREAT, offset ?? 0);
  let position = size === undefined ? null : (offset ?? 0);
  return {
    async begin() {
      if (size !== undefined && offset === undefined) await file.truncate(0);
    },
    async write(source, landed) {
      for (let at = 0; at < source.length; ) {
        const { bytesWritten } = await file.write(source, at, source.length - at, position);
        at += bytesWritten;
        if (position !== null) position += bytesWritten;
        landed(bytesWritten);
      }
    },
    close: () => file.close(),
  };
}
