// The system's processes by their ids: which exist, whose children they are, and how to signal one.
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** The ids of a process's children; empty if it has none or is gone. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** The command line of a process, joined by spaces; "" if it is gone. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

/** The kernel's name for this program: `node`, or since Node 24, by its first thread, `node-MainThread`. @see proc_pid_comm(5) */
export const ownName = (): string => readFileSync("/proc/self/comm", "utf8").trimEnd();

/** Whether a process exists; a zombie does. */
export const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** Whether a process exists and is not a zombie. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}

/** The processes of a group that run. */
export const membersOf = (group: number): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && groupOf(name) === group)
    .map(Number)
    .filter(isRunning);

/** @see proc_pid_stat(5): the command, in parentheses, may hold any character */
function groupOf(pid: string): number | undefined {
  try {
    return Number(/.*\) \S \d+ (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1]);
  } catch {
    return undefined; // it has ended
  }
}

/**
 * Sends a signal to one process.
 *
 * @throws {RangeError} `pid` is not a process's id: kill(2) takes 0 and less for groups, and a test's group holds the
 *   programs that run it
 */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  if (!(Number.isSafeInteger(pid) && pid > 1)) throw new RangeError(`${pid} is not the id of a process`);
  process.kill(pid, signal);
}
