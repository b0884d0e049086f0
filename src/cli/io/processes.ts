// The processes that created a segment and used it last, from /proc.
import { readFileSync, readlinkSync } from "node:fs";

/** A file's text; undefined if the file does not exist, or this user may not read it. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * - `running`: a process has the pid, and may be the one.
 * - `gone`: no process has the pid, or the process has ended and its parent has not waited for it.
 * - `reused`: the process that has the pid started after the segment was last changed, so it is another one.
 * - `unseen`: the kernel gives no pid, because the process was in another PID namespace, or there was none.
 */
export type ProcessState = "running" | "gone" | "reused" | "unseen";

export interface ProcessInfo {
  state: ProcessState;
  /** /proc/PID/comm of a running process: at most 15 bytes. */
  command: string | undefined;
}

/** The arguments of a process, joined by spaces; what it calls itself if it has none. Undefined if it cannot be read. */
export function commandLineOf(pid: number): string | undefined {
  const whole = textOf(`/proc/${pid}/cmdline`);
  const words = whole?.replace(/\0+$/, "").replaceAll("\0", " ");
  return words || textOf(`/proc/${pid}/comm`)?.trimEnd();
}

/** If /proc/self is not this process, /proc is of another PID namespace, and its pids name other processes. */
function isProcOfThisNamespace(): boolean {
  try {
    return readlinkSync("/proc/self") === String(process.pid);
  } catch {
    return false;
  }
}

/** Whether the kernel knows the pid. Signal 0 is not sent; EPERM means another user's process. @see kill(2) */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

const TICKS_A_SECOND = 100; // USER_HZ, the same on all of Node's Linux platforms: time(7)
const SLACK_MS = 2000; // the segment's times and the boot time are whole seconds

/** When a process started, in ms by the present clock. @see proc_pid_stat(5), field 22 */
function startOf(fields: readonly string[]): number {
  const boot = Number(/^btime (\d+)$/m.exec(textOf("/proc/stat") ?? "")?.[1]);
  return (boot + Number(fields[19]) / TICKS_A_SECOND) * 1000;
}

/**
 * The state of a process. In doubt it is `running`: nothing may be removed on a guess.
 *
 * @param before a time at which the process had already started: the segment's last change
 */
export function processOf(pid: number, before: Date | undefined): ProcessInfo {
  if (pid === 0) return { state: "unseen", command: undefined };
  if (!exists(pid)) return { state: "gone", command: undefined };
  if (!isProcOfThisNamespace()) return { state: "running", command: undefined };
  // "PID (NAME) STATE …": the name may contain anything, also brackets and line breaks.
  const fields =
    textOf(`/proc/${pid}/stat`)
      ?.replace(/^.*\) /s, "")
      .split(" ") ?? [];
  if (fields[0] === "Z" || fields[0] === "X") return { state: "gone", command: undefined };
  const command = textOf(`/proc/${pid}/comm`)?.trimEnd();
  const reused = before !== undefined && startOf(fields) > before.getTime() + SLACK_MS;
  return { state: reused ? "reused" : "running", command };
}
