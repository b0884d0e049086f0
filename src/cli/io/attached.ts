// Which process has attached which segment: from /proc/PID/maps. The inode of a segment's mapping is its id.
import { readdirSync, readlinkSync, statSync } from "node:fs";
import { commandLineOf, textOf } from "./processes.js";
import { userName } from "./users.js";

export interface AttachedProcess {
  readonly pid: number;
  readonly uid: number;
  readonly user: string;
  /** Its arguments, joined by spaces. */
  readonly command: string;
  /** Mapped bytes of the segment, and whether one of the mappings can be written. */
  readonly bytes: number;
  readonly writable: boolean;
}

export interface Attachments {
  /** By the segment's id, in the order of pids. */
  readonly byId: ReadonlyMap<number, readonly AttachedProcess[]>;
  /** Processes that this user may not look at. */
  readonly hidden: number;
}

/** "7f…-7f… rw-s 00000000 00:01 32769   /SYSV00000051 (deleted)": proc_pid_maps(5) */
const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) .(.).. \S+ \S+ (\d+)\s+\/SYSV[0-9a-f]{8}/gm;

/** The IPC namespace of a process: an id means another segment in another one. */
function ipcNamespaceOf(pid: number | "self"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/ipc`);
  } catch {
    return undefined;
  }
}

function ownerOf(pid: number): number {
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch {
    return -1; // it has ended
  }
}

/** Looks at every process once. One that ends meanwhile is left out. */
export function attachments(): Attachments {
  const own = ipcNamespaceOf("self");
  const byId = new Map<number, AttachedProcess[]>();
  let hidden = 0;
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  for (const pid of pids.map(Number).sort((a, b) => a - b)) {
    const namespace = ipcNamespaceOf(pid);
    const maps = namespace === undefined ? undefined : textOf(`/proc/${pid}/maps`);
    if (maps === undefined) hidden += ownerOf(pid) < 0 ? 0 : 1;
    if (maps === undefined || namespace !== own) continue;
    const found = new Map<number, { bytes: number; writable: boolean }>();
    for (const [, from, to, write, id] of maps.matchAll(MAPPING)) {
      const mapped = found.get(Number(id)) ?? { bytes: 0, writable: false };
      mapped.bytes += Number(BigInt(`0x${to}`) - BigInt(`0x${from}`));
      mapped.writable ||= write === "w";
      found.set(Number(id), mapped);
    }
    if (found.size === 0) continue;
    const uid = ownerOf(pid);
    const process = { pid, uid, user: userName(uid), command: commandLineOf(pid) ?? "" };
    for (const [id, mapped] of found) byId.set(id, [...(byId.get(id) ?? []), { ...process, ...mapped }]);
  }
  return { byId, hidden };
}

export interface Residence {
  /** Bytes in memory, and in swap. */
  readonly rss: number;
  readonly swap: number;
}

/** Where the pages of each segment are, by its id: /proc/sysvipc/shm, whose last two columns are bytes. */
export function residences(): ReadonlyMap<number, Residence> {
  const [head = "", ...rows] = (textOf("/proc/sysvipc/shm") ?? "").trim().split("\n");
  const names = head.trim().split(/\s+/);
  const [id, rss, swap] = ["shmid", "rss", "swap"].map((name) => names.indexOf(name)) as [number, number, number];
  const cells = rows.map((row) => row.trim().split(/\s+/).map(Number));
  return new Map(cells.map((row) => [row[id] ?? -1, { rss: row[rss] ?? 0, swap: row[swap] ?? 0 }]));
}
