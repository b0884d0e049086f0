// Runs jobs one after the other, each in a new process of the chosen Node, and puts their cases together. A suite runs
// in several processes. What the compiler knew, and where memory lay, differs from process to process and is fixed
// within one, so that no number of rounds in one process shows it (T. Kalibera and R. Jones, Rigorous Benchmarking in
// Reasonable Time, ISMM 2013; T. Mytkowicz et al., Producing Wrong Data Without Doing Anything Obviously Wrong!, ASPLOS
// 2009).
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Measured } from "../harness/conclude.js";
import type { Earlier } from "../harness/measure.js";
import type { PaceName } from "../harness/pace.js";
import type { Case } from "../harness/result.js";
import type { Variant } from "../harness/window.js";
import type { Job, Message, Request } from "./job.js";
import { suites } from "./registry.js";

const script = fileURLToPath(new URL("./job.js", import.meta.url));

export interface Plan {
  readonly suites: readonly string[];
  readonly pace: PaceName;
  readonly processes: number;
  /** The Node that measures. */
  readonly binary: string;
}

export interface Watcher {
  /** A group begins; so many jobs are done. */
  begun(where: string, jobsDone: number): void;
  /** A case is complete: its last process has measured it. */
  finished(result: Case): void;
}

/** A run of jobs that can be stopped: the current job then cleans up and ends. */
export class Runner {
  /** The ids of all processes so far. */
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
    // All jobs once, then all jobs again: the processes of a case are minutes apart, so that a slow minute of the
    // machine does not affect all of them.
    for (let pass = 1; pass <= processes; pass++)
      for (const { suite, core, earlier } of all) {
        if (this.#stopped) return;
        const where = processes > 1 ? `${pass} of ${processes}, ${suite}, ${core}` : `${suite}, ${core}`;
        await this.#runJob(plan.binary, { suite, core, pace, processes, earlier }, (message) => {
          if ("begun" in message) watcher.begun(`${where}: ${message.begun}`, done);
          if (!("measured" in message)) return;
          earlier[message.measured.name] = timesOf(message.measured);
          if (pass === processes) watcher.finished({ suite, core, ...message.measured });
        });
        done++;
      }
  }

  /** Resolves once the process has ended, and with it its attachments. */
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
        // Of a job that was told to stop, a failure says nothing: the signal may have ended its peers first.
        if (this.#stopped || (complete && failure === undefined)) resolve();
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
