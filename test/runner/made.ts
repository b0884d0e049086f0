// Which segments a run made, and which of them are still there when a test file has ended.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { destroySegment, list, type SegmentInfo, shm } from "wasm-shm";
import { root } from "../support/child.js";
import { isThere } from "../support/processes.js";

/** How long a process that was killed, and that is attached, may take to end. */
const GRACE_MS = 2000;

/** The segments of one run. Runs side by side on one machine do not see each other's. */
export class MadeSegments {
  /** Why segments cannot be watched; undefined if they can, or if this platform has none. */
  readonly problem: string | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), "wasm-shm-run-"));
  readonly #library = join(this.#folder, "made.so");
  #files = 0;

  constructor() {
    chmodSync(this.#folder, 0o711); // tests start processes of another user; they must reach the library and the notes
    if (shm.host.name !== "sysv") return;
    const compiler = process.env["CXX"] ?? "c++";
    const args = ["-shared", "-fPIC", "-O1", "-o", this.#library, join(root, "test/runner/made.cc")];
    const { status, error, stderr } = spawnSync(compiler, args, { encoding: "utf8" });
    if (status !== 0) this.problem = `segments are not watched: ${compiler} failed: ${error?.message ?? stderr}`;
  }

  get #watches(): boolean {
    return shm.host.name === "sysv" && this.problem === undefined;
  }

  /** Starts notes for one test file: where they are, and the environment that makes its processes write them. */
  begin(): { notes: string; environment: NodeJS.ProcessEnv } {
    const notes = join(this.#folder, `${this.#files++}`);
    writeFileSync(notes, "");
    chmodSync(notes, 0o622);
    if (!this.#watches) return { notes, environment: {} };
    const others = (process.env["LD_PRELOAD"] ?? "").split(/[ :]/).filter((path) => path && !path.endsWith("/made.so"));
    return { notes, environment: { WASM_SHM_MADE: notes, LD_PRELOAD: [...others, this.#library].join(":") } };
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
    return this.left(notes).map((segment) => {
      destroySegment(segment.id);
      return describe(segment);
    });
  }

  /** Removes the notes and the library. */
  end(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Enough to find the test that left it. */
const describe = ({ id, size, key, mode, nattch, cpid, ctime }: SegmentInfo): string =>
  `${id} (${size} bytes, key ${key}, mode ${mode.toString(8)}, attached ${nattch} times, by process ${cpid} at ${ctime?.toISOString()})`;
