// Runs jobs one after the other, each in a new process of the chosen Node, and puts their cases together. A suite runs
// in several processes. What the compiler knew, and where memory lay, differs from process to process and is fixed
// within one, so that no number of rounds in one process shows it (T. Kalibera and R. Jones, Rigorous Benchmarking in
// Reasonable Time, ISMM 2013; T. Mytkowicz et al., Producing Wrong Data Without Doing Anything Obviously Wrong!, ASPLOS
// 2009).
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Earlier, Measured } from "../harness/conclude.js";
import type { PaceName } from "../harness/pace.js";
import type { Case, Run } from "../harness/result.js";
import type { Variant } from "../harness/window.js";
import type { Job, Message, Request } from "./job.js";
import { suites } from "./registry.js";

const script = fileURLToPath(new URL("./job.js", import.meta.url));

export interface Plan {
  readonly suites: readonly string[];
  readonly pace: PaceName;
  /** Fewer, if the next ones would end after `minutes`. */
  readonly processes: number;
  /** Most minutes that it takes. A first process of each suite is measured in any case. */
  readonly minutes?: number;
  /** See `measure`. */
  readonly planted?: number;
  /** The Node that measures. */
  readonly binary: string;
}

export interface Measurement extends Pick<Run, "cases" | "incomplete"> {
  /** Processes that measured each case. */
  readonly processes: number;
}

export interface Watcher {
  /** A group begins; so many jobs are done. */
  begun(where: string, jobsDone: number): void;
  /** A case is complete: its last process has measured it. */
  finished(result: Case): void;
  /** A suite is left out from here on: an answer was wrong, or its process ended. */
  failed(message: string): void;
}

/** A job that sends nothing for so long is ended. The longest group takes seconds. */
const SILENCE_MS = 180_000;

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

  /**
   * What was measured. A suite that fails does not end the run, and keeps what its earlier processes measured. If the run is
   * stopped, each case has what it has by then.
   */
  async run(plan: Plan, watcher: Watcher): Promise<Measurement> {
    const { pace, processes, planted, minutes = Number.POSITIVE_INFINITY } = plan;
    const start = performance.now();
    const all = jobs(plan.suites).map((job) => ({ ...job, measured: new Map<string, Measured>(), hasFailed: false }));
    const incomplete: string[] = [];
    let done = 0;
    // All jobs once, then all jobs again: the processes of a case are minutes apart, so that a slow minute of the
    // machine does not affect all of them.
    let pass = 1;
    for (; pass <= processes && !this.#stopped; pass++) {
      const spent = performance.now() - start;
      if (pass > 1 && spent + spent / (pass - 1) > 60_000 * minutes) break;
      for (const job of all) {
        const { suite, core, measured } = job;
        const where = processes > 1 ? `${pass} of ${processes}, ${suite}, ${core}` : `${suite}, ${core}`;
        if (!job.hasFailed) {
          const earlier = Object.fromEntries([...measured].map(([name, result]) => [name, earlierOf(result)]));
          try {
            const order = { suite, core, pace, processes, earlier, ...(planted === undefined ? {} : { planted }) };
            await this.#runJob(plan.binary, order, (message) => {
              if ("begun" in message) watcher.begun(`${where}: ${message.begun}`, done);
              if (!("measured" in message)) return;
              measured.set(message.measured.name, message.measured);
              if (pass === processes) watcher.finished({ suite, core, ...message.measured });
            });
          } catch (error) {
            job.hasFailed = true;
            incomplete.push(`${where}: ${(error as Error).message}`);
            watcher.failed(incomplete.at(-1) as string);
          }
        }
        if (this.#stopped) {
          incomplete.push(`${where}: interrupted`);
          break;
        }
        done++;
      }
    }
    const cases = all.flatMap(({ suite, core, measured }) =>
      [...measured.values()].map((result): Case => ({ suite, core, ...result })),
    );
    if (pass <= processes && !this.#stopped) for (const one of cases) watcher.finished(one);
    return { cases, processes: pass - 1, ...(incomplete.length > 0 ? { incomplete } : {}) };
  }

  /**
   * Resolves once the process has ended, and with it its attachments.
   *
   * @throws {Error} the suite failed: an answer was wrong, or its process ended
   */
  #runJob(binary: string, job: Job, heard: (message: Message) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = fork(script, { execPath: binary, execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
      this.#child = child;
      if (child.pid !== undefined) this.pids.push(child.pid);
      let failure: string | undefined;
      let complete = false;
      const watchdog = setTimeout(() => {
        failure = `${job.suite} on the ${job.core} core did nothing for ${SILENCE_MS / 1000} s`;
        child.kill("SIGKILL");
      }, SILENCE_MS);
      child.on("message", (message: Message) => {
        watchdog.refresh();
        if ("failed" in message) failure = message.failed;
        if ("consumed" in message) complete = true;
        heard(message);
      });
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        clearTimeout(watchdog);
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

const earlierOf = ({ rivals }: Measured): Earlier => Object.fromEntries(rivals.map((rival) => [rival.name, rival]));
