// The bench's own addon, bench/native: the bare system calls, and a segment by native code. Built here, by who needs it, and by no install.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** What they return is nanoseconds, or -errno. */
interface Lifecycle {
  /** shmat(2) and shmdt(2), so many times. */
  attachAndDetach(id: number, count: number): number;
  /** So many segments made, attached, detached and removed, one after the other. */
  wholeLives(size: number, count: number): number;
  /** The same, but all are made first, then all attached, and so on: `times` gets the four. Returns 0 or -errno. */
  steps(size: number, count: number, times: Float64Array): number;
  /** Attaches so many times more; they stay until `detachAll`. */
  attach(id: number, count: number): number;
  detachAll(): number;
  /** The first store to each `step` bytes of a segment, by an attachment of its own. */
  touch(id: number, size: number, step: number): number;
}

export interface BareCalls extends Lifecycle {
  /** Attaches the segment that all below work on, in place of the one before; 0 or -errno. Offsets are not checked. */
  map(id: number): number;
  unmap(): void;

  // One operation, as an addon would offer it.
  readFloat64(offset: number): number;
  writeFloat64(offset: number, value: number): void;
  read(offset: number, target: Uint8Array): void;
  write(offset: number, source: Uint8Array): void;
  add(offset: number): number;
  compareExchange(offset: number, expected: number, value: number): number;

  // A whole pass in one call: the limit.
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

const root = fileURLToPath(new URL("../../..", import.meta.url)); // this file runs from build/bench/…

/** @throws {Error} it did not compile; the compiler's words are on stderr */
export function buildAddon(): void {
  const { status } = spawnSync(process.execPath, ["tools/addon.js", "bench/native"], { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error("bench/native was not built");
}

let loaded: BareCalls | undefined;

export function bareCalls(): BareCalls {
  loaded ??= (createRequire(import.meta.url)("node-gyp-build") as (folder: string) => BareCalls)(`${root}bench/native`);
  return loaded;
}

/** What a call of the addon took, where it was not refused. */
export function spent(nanoseconds: number): number {
  if (nanoseconds < 0) throw new Error(`the system refused: errno ${-nanoseconds}`);
  return nanoseconds;
}
