// The users of this system, and which segments belong to this one.
import { readFileSync } from "node:fs";
import type { SegmentInfo } from "../../host/host.js";
import { mayStandForAnother } from "../../host/ids.js";
import { UserError } from "../failure.js";

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

export function allUserNames(): string[] {
  names ??= readNames();
  return [...names.values()];
}

/** A user's number, from its name or number. @throws {UserError} no user has the name */
export function userId(name: string): number {
  names ??= readNames();
  const [found] = [...names].find(([, known]) => known === name) ?? [];
  if (found !== undefined) return found;
  if (/^\d+$/.test(name) && Number(name) < 0xffffffff) return Number(name);
  throw new UserError(`no user is called ${JSON.stringify(name)} in /etc/passwd; a number is taken, too`);
}

/**
 * A test for segments that this user owns or created.
 *
 * @throws {UserError} this user namespace shows other users by the same number
 */
export function mineOnly(): (info: SegmentInfo) => boolean {
  const me = process.geteuid?.();
  if (me !== undefined && mayStandForAnother("uid", me))
    throw new UserError(
      `in this user namespace ${me} stands for several users, so it is not known which segments are yours`,
    );
  return ({ uid, cuid }) => uid === me || cuid === me;
}
