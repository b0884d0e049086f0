// Which segments a run made, and which of them are still there when a test file has ended.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { destroySegment, list, type SegmentInfo, type ShmError, shm } from "wasm-shm";
import { root } from "../support/child.js";
import { isThere } from "../support/processes.js";

/** How long a process that was killed, and that is attached, may take to end. */
const GRACE_MS = 2000;

const NAME = "made.so";

const preloaded = (process.env["LD_PRELOAD"] ?? "").split(/[ :]/).filter(Boolean);

/** The segments of one run. Runs side by side on one machine do not see each other's. */
export class MadeSegments {
  /** Why segments cannot be watched; undefined if they can, or if this platform has none. */
  readonly problem: string | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), "wasm-shm-run-"));
  /** What the processes of the run preload; undefined if segments are not watched. */
  readonly #preload: string[] | undefined;
  #files = 0;

  constructor() {
    chmodSync(this.#folder, 0o711); // tests start processes of another user; they must reach the library and the notes
    if (shm.host.name !== "sysv") return;
    this.#preload = preloaded;
    if (preloaded.some((path) => basename(path) === NAME)) return; // this run is part of a test of another run
    const library = join(this.#folder, NAME);
    this.problem = compile(library);
    this.#preload = this.problem === undefined ? [...preloaded, library] : undefined;
  }

  /** Starts notes for one test file: where they are, and the environment that makes its processes write them. */
  begin(): { notes: string; environment: NodeJS.ProcessEnv } {
    const notes = join(this.#folder, `${this.#files++}`);
    writeFileSync(notes, "");
    chmodSync(notes, 0o622);
    if (this.#preload === undefined) return { notes, environment: {} };
    const asan = [process.env["ASAN_OPTIONS"], "verify_asan_link_order=0"].filter(Boolean).join(":");
    // AddressSanitizer refuses to start behind another library, unless told that this is meant.
    return { notes, environment: { WASM_SHM_MADE: notes, LD_PRELOAD: this.#preload.join(":"), ASAN_OPTIONS: asan } };
  }

  /** The noted segments that exist now. */
  left(notes: string): SegmentInfo[] {
    const made = new Set(readFileSync(notes, "latin1").split("\n").filter(Boolean));
    return made.size === 0 ? [] : list().filter(({ id, cpid }) => made.has(`${id} ${cpid}`));
  }

  /** Removes what a test file left behind once all its processes had time to end, and describes it. */
  async removeLeft(notes: string): Promise<string[]> {
    const mayStillGo = (): boolean => this.left(notes).some(({ cpid, nattch }) => nattch > 0 || isThere(cpid));
    for (const limit = Date.now() + GRACE_MS; mayStillGo() && Date.now() < limit; ) await sleep(50);
    return this.removeNow(notes);
  }

  removeNow(notes: string): string[] {
    const left = this.left(notes);
    for (const { id } of left) remove(id);
    return left.map(describe);
  }

  /** Removes the notes and the library. */
  end(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Compiles the library; returns why it failed, or undefined. */
function compile(library: string): string | undefined {
  const compiler = process.env["CXX"] ?? "c++";
  const args = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-o", library, join(root, "test/runner/made.cc")];
  const { status, error, stderr } = spawnSync(compiler, args, { encoding: "utf8" });
  if (status === 0) return undefined;
  return `segments are not watched: ${compiler} failed: ${error?.message ?? stderr}`;
}

function remove(id: number): void {
  try {
    destroySegment(id);
  } catch (error) {
    const { code } = error as ShmError;
    if (code !== "EINVAL" && code !== "EIDRM") throw error; // those: another process removed it just now
  }
}

/** Enough to find the test that left it. */
const describe = ({ id, size, key, mode, nattch, cpid, ctime }: SegmentInfo): string =>
  `${id} (${size} bytes, key ${key}, mode ${mode.toString(8)}, attached ${nattch} times, by process ${cpid} at ${ctime?.toISOString()})`;
