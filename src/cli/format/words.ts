// A segment's status and its processes, in words.
import { SegmentStatus } from "../../common/flags.js";
import type { ProcessInfo } from "../io/processes.js";

/** Text of another user, who may have put control characters into it. */
export const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, "?");

/** `dest` and `locked`, the words of ipcs(1). */
export function formatStatus(mode: number): string {
  return [mode & SegmentStatus.Destroyed && "dest", mode & SegmentStatus.Locked && "locked"].filter(Boolean).join(" ");
}

/** A process by its pid and command. Its owner may have set any name, so control characters are replaced. */
export function formatProcess(pid: number, { state, command }: ProcessInfo): string {
  if (state === "unseen") return "-";
  const name = state === "running" ? (command ?? "") : state;
  return `${pid} ${printable(name)}`.trimEnd();
}
