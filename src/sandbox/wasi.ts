// WASI preview 1 for a guest: arguments, an environment, standard streams, clocks and random bytes. No files, no sockets: a
// function that is not here answers EBADF or ENOSYS.
//
// Pointers, lengths and counts are a guest's, and other processes may change what is in a window while it is read. So each
// number is read once, into a local, and each access is bounded by a Buffer of its own, whose RangeError becomes EFAULT.
// @bjorn3/browser_wasi_shim 0.4.2 does not do so: it takes pointers as signed (random_get at -16 fills the end of the memory),
// makes an object for each vector that a guest counts, and uses the memory that a guest chooses to export.
// https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
import { Buffer } from "node:buffer";
import { PART } from "./exchange.js";
import { MOST_RANDOM, type Surroundings } from "./providedjob.js";

export interface Wasi {
  /** The function that it imports under this name. */
  function(name: string): (...values: unknown[]) => number;
  /** The code of proc_exit, if it was called since this was last asked. */
  takeExit(): number | undefined;
}

const SUCCESS = 0;
const BADF = 8;
const FAULT = 21;
const INVAL = 28;
const NOSYS = 52;
const SPIPE = 70;

const CHARACTER_DEVICE = 2;
const RIGHTS = [2, 64, 64]; // fd_read, fd_write

/** Vectors, and bytes, of a read or a write: as on Linux. */
const MOST_VECTORS = 1024;
const MOST_BYTES = 2 ** 31 - 1;

/** Thrown through a guest that exits. */
export class GuestExit {
  constructor(readonly code: number) {}
}

/** Returns an errno. */
type Run = (...values: number[]) => number;

export function makeWasi({ wasi: job, host, memory }: Surroundings): Wasi {
  let exit: number | undefined;
  let stdin = Buffer.from(job.stdin ?? "", "base64");
  const isOpen = [job.stdin !== undefined, job.stdout, job.stderr];

  /** @throws {RangeError} they are not in the memory, as it is now */
  const bytes = (at: number, length: number): Buffer => Buffer.from(memory.buffer, at, length);
  const put = (at: number, value: number): void => void bytes(at, 4).writeUInt32LE(value);

  const strings = (list: readonly string[]) => {
    const texts = list.map((text) => Buffer.from(`${text}\0`));
    const all = Buffer.concat(texts);
    return {
      sizes(countAt: number, sizeAt: number): number {
        const size = bytes(sizeAt, 4);
        put(countAt, texts.length);
        size.writeUInt32LE(all.length);
        return SUCCESS;
      },
      get(pointersAt: number, start: number): number {
        const pointers = bytes(pointersAt, 4 * texts.length);
        all.copy(bytes(start, all.length));
        let at = start;
        for (const [index, text] of texts.entries()) {
          pointers.writeUInt32LE(at, 4 * index);
          at += text.length;
        }
        return SUCCESS;
      },
    };
  };
  const args = strings(job.args);
  const env = strings(job.env);

  /** Places and lengths, all within the memory, and the sum of the lengths; undefined if they are too many. */
  const vectors = (at: number, count: number): { found: [at: number, length: number][]; total: number } | undefined => {
    if (count > MOST_VECTORS) return undefined;
    const list = Buffer.from(bytes(at, 8 * count)); // a copy
    let total = 0;
    const found = Array.from({ length: count }, (_, index): [number, number] => {
      const length = list.readUInt32LE(8 * index + 4);
      total += length;
      return [bytes(list.readUInt32LE(8 * index), length).byteOffset, length];
    });
    return total > MOST_BYTES ? undefined : { found, total };
  };

  const functions: Record<string, Run> = {
    args_sizes_get: args.sizes,
    args_get: args.get,
    environ_sizes_get: env.sizes,
    environ_get: env.get,

    clock_time_get(id, _precision, at) {
      if (!job.clock) return NOSYS;
      if (id > 1) return INVAL; // processor time
      const now = id === 0 ? BigInt(Date.now()) * 1_000_000n : BigInt(Math.floor(performance.now() * 1e6));
      bytes(at, 8).writeBigUInt64LE(now);
      return SUCCESS;
    },
    clock_res_get(id, at) {
      if (!job.clock) return NOSYS;
      if (id > 1) return INVAL;
      bytes(at, 8).writeBigUInt64LE(id === 0 ? 1_000_000n : 1000n);
      return SUCCESS;
    },

    random_get(start, length) {
      if (!job.random) return NOSYS;
      bytes(start, length); // all of them, before one is filled
      for (let done = 0; done < length; done += MOST_RANDOM) {
        const step = Math.min(MOST_RANDOM, length - done);
        const random = host.random(step) as Uint8Array;
        bytes(start + done, step).set(random);
      }
      return SUCCESS;
    },

    fd_write(fd, at, count, writtenAt) {
      const write = fd === 1 ? host.stdout : host.stderr;
      if (fd === 0 || !isOpen[fd] || !write) return BADF;
      const all = vectors(at, count);
      if (!all) return INVAL;
      bytes(writtenAt, 4); // before any is written
      let written = 0;
      let part = new Uint8Array(Math.min(PART, all.total));
      let filled = 0;
      for (const [start, length] of all.found)
        for (let done = 0; done < length; ) {
          const step = Math.min(part.length - filled, length - done);
          part.set(bytes(start + done, step), filled); // a memory that grew has another buffer
          done += step;
          filled += step;
          if (filled < part.length) continue;
          write(part);
          written += filled;
          part = new Uint8Array(Math.min(PART, all.total - written));
          filled = 0;
        }
      put(writtenAt, written);
      return SUCCESS;
    },
    fd_read(fd, at, count, readAt) {
      if (fd !== 0 || !isOpen[fd]) return BADF;
      const all = vectors(at, count);
      if (!all) return INVAL;
      bytes(readAt, 4);
      let read = 0;
      for (const [start, length] of all.found) {
        read += stdin.copy(bytes(start, length));
        stdin = stdin.subarray(length);
      }
      put(readAt, read);
      return SUCCESS;
    },
    // A stream that can be neither sought nor told: wasi-libc takes it for a terminal, and writes each line at once.
    fd_fdstat_get(fd, at) {
      if (!isOpen[fd]) return BADF;
      const stat = bytes(at, 24).fill(0);
      stat[0] = CHARACTER_DEVICE;
      stat[8] = RIGHTS[fd] as number;
      return SUCCESS;
    },
    fd_filestat_get(fd, at) {
      if (!isOpen[fd]) return BADF;
      bytes(at, 64).fill(0)[16] = CHARACTER_DEVICE;
      return SUCCESS;
    },
    fd_seek: (fd) => (isOpen[fd] ? SPIPE : BADF),
    fd_tell: (fd) => (isOpen[fd] ? SPIPE : BADF),
    fd_close: (fd) => (isOpen[fd] ? SUCCESS : BADF),

    sched_yield: () => SUCCESS,
    proc_exit(code) {
      exit = code;
      throw new GuestExit(code);
    },
  };

  return {
    function(name) {
      const run = Object.hasOwn(functions, name) ? functions[name] : undefined;
      return (...values) => {
        // A guest may catch what proc_exit throws.
        if (exit !== undefined) throw new GuestExit(exit);
        if (!run) return name.startsWith("fd_") ? BADF : NOSYS;
        try {
          return run(...values.map((value) => Number(value) >>> 0));
        } catch (error) {
          if (error instanceof RangeError) return FAULT;
          throw error;
        }
      };
    },
    takeExit() {
      const code = exit;
      exit = undefined;
      return code;
    },
  };
}
