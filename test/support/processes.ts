// Processes of this system by their ids: which are there, whose children they are, and how one is ended.
import { existsSync, readFileSync } from "node:fs";

/** The children a process has, by id, once `fork(2)` has made them; empty where it has none, or is gone. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** The command line of a process, its parts with spaces between; "" where it is gone. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

/** What the kernel calls this program: `node`, or since Node 24 after its first thread, `node-MainThread`. @see proc_pid_comm(5) */
export const ownName = (): string => readFileSync("/proc/self/comm", "utf8").trimEnd();

/** Whether a process is there, be it a zombie. */
export const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** Whether a process is there, and no zombie. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}

/**
 * Sends a signal to one process. What is no process's id throws RangeError: kill(2) takes 0 and less for groups, and the
 * group of a test is all that runs it.
 */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  if (!(Number.isSafeInteger(pid) && pid > 1)) throw new RangeError(`${pid} is no process to end`);
  process.kill(pid, signal);
}
