// One process of a pool, from its start to its end.
import { type ChildProcess, fork } from "node:child_process";
import { coordinationError } from "../common/errors.js";
import { POOL, type PoolPlace } from "./create.js";

/** A process that was started; also one that the system refused to start. */
export class PoolWorker {
  readonly #child: ChildProcess | undefined;
  #serves = false;
  #isDone = false;
  /** Fulfilled once it serves; rejected if it ends before. */
  readonly started: Promise<void>;
  /** Fulfilled when it has ended. */
  readonly ended: Promise<void>;

  constructor(file: string, place: PoolPlace) {
    let [served, failed, gone] = [nothing, nothing as (error: Error) => void, nothing];
    this.started = new Promise((resolve, reject) => {
      [served, failed] = [resolve, reject];
    });
    this.started.catch(nothing); // only createPool waits for it
    this.ended = new Promise((resolve) => {
      gone = resolve;
    });
    const end = (how: string, cause?: unknown): void => {
      const what = `createPool: a process of ${file} ended before it served: ${how}`;
      failed(coordinationError("ERR_SHM_PEER_DIED", what, undefined, cause));
      gone();
    };
    try {
      const child = fork(file, [], { env: { ...process.env, [POOL]: JSON.stringify(place) } });
      this.#child = child;
      child.once("message", () => {
        this.#serves = true;
        served();
      });
      // A process that could not be started has no pid, and only tells of the error.
      child.on("error", (error) => child.pid === undefined && end(error.message, error));
      child.once("exit", (code, signal) => {
        this.#isDone = code === 0;
        end(signal ?? `exit code ${code}`);
      });
    } catch (error) {
      end((error as Error).message, error);
    }
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether it served, whatever became of it. */
  get hasServed(): boolean {
    return this.#serves;
  }

  /** Whether it ended by itself, as it does when everything was answered. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Whether it keeps this process alive. */
  ref(on: boolean): void {
    const { channel } = this.#child ?? {};
    if (on) this.#child?.ref();
    else {
      this.#child?.unref();
      channel?.unref?.(); // Bun's has none, and keeps no process alive
    }
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }
}

function nothing(): void {}
