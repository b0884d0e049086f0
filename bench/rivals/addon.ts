// The bench's own addon, bench/native: the bare system calls, and access to a segment by native code. `npm run bench`
// builds it if a suite needs it; no install does.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { root } from "../harness/root.js";

/** Each call returns nanoseconds, or -errno, unless it says otherwise. */
interface Lifecycle {
  /** shmat(2) and shmdt(2), `count` times. */
  attachAndDetach(id: number, count: number): number;
  /** Makes, attaches, detaches and removes `count` segments, one after the other. */
  wholeLives(size: number, count: number): number;
  /** Makes all segments, then attaches all, and so on. `times` gets the four steps. Returns 0 or -errno. */
  steps(size: number, count: number, times: Float64Array): number;
  /** Attaches `count` times more; the attachments stay until `detachAll`. */
  attach(id: number, count: number): number;
  detachAll(): number;
  /** The first store to each `step` bytes of a segment, through an attachment of its own. */
  touch(id: number, size: number, step: number): number;
}

interface Locks {
  /** Two threads that lock a mutex and unlock it, `rounds` times each. -1 if a change under it was lost. */
  contended(kind: number, rounds: number): number;
}

/** A ring in C, of the layout of the package's channels. */
interface Ring {
  /**
   * One side of `count` messages, at two rings of a window, which are not checked. Returns when the clock started, and when the last
   * message was there (ns of CLOCK_MONOTONIC); undefined if the other side did not answer, or sent something else.
   *
   * @param batch messages for each store of the tail, if they go one way
   */
  ring(
    window: Uint8Array,
    out: number,
    into: number,
    capacity: number,
    bytes: number,
    isOneWay: number,
    count: number,
    batch: number,
    sends: number,
  ): readonly [start: number, end: number] | undefined;
}

/** Of `contended`: wasm_shm_mutex, a mutex of the C library, and one of it that survives its owner. */
export const mutexKinds = { ours: 0, plain: 1, robust: 2 } as const;

export interface BareCalls extends Lifecycle, Locks, Ring {
  /**
   * Attaches the segment that all calls below work on, in place of the last one. Returns 0 or -errno. Offsets are not
   * checked.
   */
  map(id: number): number;
  unmap(): void;

  // One operation each, as an addon would offer it.
  readFloat64(offset: number): number;
  writeFloat64(offset: number, value: number): void;
  read(offset: number, target: Uint8Array): void;
  write(offset: number, source: Uint8Array): void;
  add(offset: number): number;
  compareExchange(offset: number, expected: number, value: number): number;

  // A whole pass in one call: the limit of what the machine does.
  sumAt(offsets: Uint32Array): number;
  sumFrom(offset: number, count: number): number;
  storeAt(offsets: Uint32Array): void;
  storeFrom(offset: number, count: number): void;
  sumRecords(count: number): number;
  readChunks(target: Uint8Array, chunks: number): void;
  writeChunks(source: Uint8Array, chunks: number): void;
  addMany(offset: number, count: number): void;
  exchangeMany(offset: number, count: number): void;
}

/** @throws {Error} it did not compile; the compiler's messages are on stderr */
export function buildAddon(): void {
  const { status } = spawnSync(process.execPath, ["tools/addon.js", "bench/native"], { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error("bench/native was not built");
}

let loaded: BareCalls | undefined;

export function bareCalls(): BareCalls {
  loaded ??= createRequire(import.meta.url)(`${root}bench/native/build/Release/wasm_shm_bench.node`) as BareCalls;
  return loaded;
}

/** Nanoseconds of a call of the addon. @throws {Error} the system refused the call */
export function spent(nanoseconds: number): number {
  if (nanoseconds < 0) throw new Error(`the system refused: errno ${-nanoseconds}`);
  return nanoseconds;
}
