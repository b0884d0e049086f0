// Who made a segment and who used it last: names of users and processes, from /etc/passwd and /proc.
import { readFileSync, readlinkSync } from "node:fs";

/** A file's text; undefined where it is not there, or not for this user. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

let names: Map<number, string> | undefined;

/** A user's name, from /etc/passwd; elsewhere (LDAP, a container's host) the number. */
export function userName(uid: number): string {
  names ??= new Map(
    (textOf("/etc/passwd") ?? "")
      .split("\n")
      .map((line) => line.split(":"))
      .map(([name = "", , id = ""]) => [id === "" ? -1 : Number(id), name]),
  );
  return names.get(uid) ?? String(uid);
}

/**
 * `unseen`: the kernel tells no pid: the process was of another PID namespace, or there was none. `reused`: a process
 * has the pid, and started after the segment was last changed, so it is not the one that made it.
 */
export type ProcessState = "running" | "gone" | "reused" | "unseen";

export interface ProcessInfo {
  state: ProcessState;
  /** /proc/PID/comm, of one that runs. */
  command: string | undefined;
}

/** /proc is of another PID namespace where /proc/self is not this process; its pids are then others'. */
function procIsOurs(): boolean {
  try {
    return readlinkSync("/proc/self") === String(process.pid);
  } catch {
    return false;
  }
}

/** Whether the kernel knows the pid; signal 0 is not sent. EPERM is another user's process. @see kill(2) */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

const TICKS_A_SECOND = 100; // USER_HZ, the same on all of Node's Linux platforms: time(7)
const SLACK_MS = 2000; // the segment's times and the boot's are whole seconds

/** When a process started by today's clock, ms. @see proc_pid_stat(5), field 22 */
function startOf(fields: readonly string[]): number {
  const boot = Number(/^btime (\d+)$/m.exec(textOf("/proc/stat") ?? "")?.[1]);
  return (boot + Number(fields[19]) / TICKS_A_SECOND) * 1000;
}

/**
 * What became of a process. In doubt it runs.
 *
 * @param before a time at which it had started: the segment's last change
 */
export function processOf(pid: number, before: Date | undefined): ProcessInfo {
  if (pid === 0) return { state: "unseen", command: undefined };
  if (!exists(pid)) return { state: "gone", command: undefined };
  if (!procIsOurs()) return { state: "running", command: undefined };
  // "PID (any name) STATE …": the name may hold anything, brackets too.
  const fields =
    textOf(`/proc/${pid}/stat`)
      ?.replace(/^.*\) /s, "")
      .split(" ") ?? [];
  if (fields[0] === "Z" || fields[0] === "X") return { state: "gone", command: undefined };
  const command = textOf(`/proc/${pid}/comm`)?.trimEnd();
  const reused = before !== undefined && startOf(fields) > before.getTime() + SLACK_MS;
  return { state: reused ? "reused" : "running", command };
}
