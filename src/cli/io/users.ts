// The users of this system, and which segments belong to this one.
import { readFileSync } from "node:fs";
import type { SegmentInfo } from "../../host/host.js";

let names: ReadonlyMap<number, string> | undefined;

function readNames(): Map<number, string> {
  let text: string;
  try {
    text = readFileSync("/etc/passwd", "utf8");
  } catch {
    return new Map();
  }
  const lines = text.split("\n").map((line) => line.split(":"));
  return new Map(lines.flatMap(([name = "", , id = ""]) => (id === "" ? [] : [[Number(id), name]])));
}

/** A user's name from /etc/passwd. A user of another source (LDAP, a container's host) is shown by number. */
export function userName(uid: number): string {
  names ??= readNames();
  return names.get(uid) ?? String(uid);
}

/** Whether this user owns or created a segment. */
export function isMine({ uid, cuid }: SegmentInfo): boolean {
  const me = process.geteuid?.();
  return uid === me || cuid === me;
}
