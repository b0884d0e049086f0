// Runs jobs, one after the other, each in a fresh process of the Node that is asked for, and puts their cases together.
// A suite runs in several processes: what a compiler knew, and where memory came to lie, differs from process to process
// and stays for as long as one lives, so no number of rounds within one shows it (T. Kalibera and R. Jones, Rigorous
// Benchmarking in Reasonable Time, ISMM 2013; T. Mytkowicz et al., Producing Wrong Data Without Doing Anything Obviously
// Wrong!, ASPLOS 2009).
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Earlier, Measured, paces } from "../harness/harness.js";
import type { Case } from "../harness/result.js";
import type { Variant } from "../harness/window.js";
import type { Job, Message, Request } from "./job.js";
import { suites } from "./registry.js";

const script = fileURLToPath(new URL("./job.js", import.meta.url));

export interface Plan {
  readonly suites: readonly string[];
  readonly pace: keyof typeof paces;
  readonly processes: number;
  /** The Node that measures. */
  readonly binary: string;
}

export interface Watcher {
  /** A group begins, in the job that follows so many done ones. */
  begun(where: string, jobsDone: number): void;
  /** A case is complete: the last of its processes has measured it. */
  finished(result: Case): void;
}

/** A run of jobs that can be stopped: what is being timed then cleans up and ends. */
export class Runner {
  /** Of all processes so far. */
  readonly pids: number[] = [];
  #child: ChildProcess | undefined;
  #stopped = false;

  stop(): void {
    this.#stopped = true;
    if (this.#child?.connected) this.#child.send({ stop: true } satisfies Request);
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** @throws {Error} a suite failed: an answer was wrong, or its process ended */
  async run(plan: Plan, watcher: Watcher): Promise<void> {
    const { pace, processes } = plan;
    const all = jobs(plan.suites).map((job) => ({ ...job, earlier: {} as Record<string, Earlier> }));
    let done = 0;
    // All jobs once, then all again: the processes of a case are minutes apart, and a machine's mood of one minute is not
    // that of them all.
    for (let turn = 1; turn <= processes; turn++)
      for (const { suite, core, earlier } of all) {
        if (this.#stopped) return;
        const where = processes > 1 ? `${turn} of ${processes}, ${suite}, ${core}` : `${suite}, ${core}`;
        await this.#runJob(plan.binary, { suite, core, pace, processes, earlier }, (message) => {
          if ("begun" in message) watcher.begun(`${where}: ${message.begun}`, done);
          if (!("measured" in message)) return;
          earlier[message.measured.name] = timesOf(message.measured);
          if (turn === processes) watcher.finished({ suite, core, ...message.measured });
        });
        done++;
      }
  }

  /** Resolves once the process has ended, and its attachments with it. */
  #runJob(binary: string, job: Job, heard: (message: Message) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = fork(script, { execPath: binary, execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
      this.#child = child;
      if (child.pid !== undefined) this.pids.push(child.pid);
      let failure: string | undefined;
      let complete = false;
      child.on("message", (message: Message) => {
        if ("failed" in message) failure = message.failed;
        if ("consumed" in message) complete = true;
        heard(message);
      });
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        this.#child = undefined;
        if (failure === undefined && (complete || this.#stopped)) resolve();
        else
          reject(new Error(failure ?? `${job.suite} on the ${job.core} core ended with ${signal ?? `code ${code}`}`));
      });
      child.send({ start: job } satisfies Request);
    });
  }
}

/** Each suite once for each of its variants. */
export const jobs = (names: readonly string[]): { suite: string; core: Variant }[] =>
  names.flatMap((suite) => (suites[suite]?.variants ?? []).map((core) => ({ suite, core })));

const timesOf = ({ rivals }: Measured): Earlier => Object.fromEntries(rivals.map(({ name, times }) => [name, times]));
