// Numbers of users and groups in this user namespace. @see user_namespaces(7)
import { fs } from "./builtin.js";

const { existsSync, readFileSync } = fs;

const EVERY_ID = 2 ** 32 - 1; // 4294967295 itself stands for none
const USUAL_STAND_IN = 65_534;

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Whether this namespace has a number for every id of the system; also if /proc does not tell. */
function mapsEveryId(kind: "uid" | "gid"): boolean {
  const path = `/proc/self/${kind}_map`;
  const text = existsSync(path) ? textOf(path) : `0 0 ${EVERY_ID}`; // empty: it maps none
  const counts = [...text.matchAll(/^\s*\d+\s+\d+\s+(\d+)$/gm)].map(([, count]) => Number(count));
  return counts.reduce((sum, count) => sum + count, 0) >= EVERY_ID;
}

/**
 * Whether the kernel may have given this number in place of an id that the namespace has no number for. If a namespace maps
 * every id, the number is that of the user nobody.
 */
export function mayStandForAnother(kind: "uid" | "gid", id: number): boolean {
  const standIn = Number(textOf(`/proc/sys/kernel/overflow${kind}`) || USUAL_STAND_IN);
  return id === standIn && !mapsEveryId(kind);
}
