// A list of segments: as a table, and for programs.
import { SegmentStatus } from "../../common/flags.js";
import type { SegmentInfo } from "../../host/host.js";
import { type ProcessInfo, processOf, userName } from "../io/processes.js";
import { formatAge, formatKey, formatOctalMode, formatSize } from "./numbers.js";
import { coloursOf, tableText } from "./table.js";

/** A segment, and who made it and used it last. */
export interface Row {
  info: SegmentInfo;
  creator: ProcessInfo;
  last: ProcessInfo;
}

export function rowOf(info: SegmentInfo): Row {
  const used = [info.atime, info.dtime].filter((time) => time !== undefined).map(Number);
  const lastUse = used.length === 0 ? undefined : new Date(Math.max(...used));
  return { info, creator: processOf(info.cpid, info.ctime), last: processOf(info.lpid, lastUse) };
}

/** For programs: the names of SegmentInfo, and the commands; what there is not is null. */
export function jsonOf({ info, creator, last }: Row): Record<string, unknown> {
  const { atime = null, dtime = null, ctime = null } = info;
  return {
    ...info,
    atime,
    dtime,
    ctime,
    owner: userName(info.uid),
    creatorState: creator.state,
    creatorCommand: creator.command ?? null,
    lastState: last.state,
    lastCommand: last.command ?? null,
  };
}

/** `dest` and `locked`, as ipcs(1) has them. */
export function formatStatus(mode: number): string {
  return [mode & SegmentStatus.Destroyed && "dest", mode & SegmentStatus.Locked && "locked"].filter(Boolean).join(" ");
}

/** A process by its pid and command; a name is whatever its owner set it to, so it keeps its control characters. */
export function formatProcess(pid: number, { state, command }: ProcessInfo): string {
  if (state === "unseen") return "-";
  const name = state === "running" ? (command ?? "") : state;
  return `${pid} ${name.replaceAll(/\p{Cc}/gu, "?")}`.trimEnd();
}

export interface TableOptions {
  /** Sizes to the byte. */
  exact?: boolean;
  /** Leaves out the least needed columns where the terminal is narrower. */
  stream: NodeJS.WriteStream;
}

/** In the order of the table; the narrower the terminal, the more of `spare` go, highest first. */
const columns: readonly { head: string; right?: boolean; spare?: number }[] = [
  { head: "KEY" },
  { head: "ID", right: true },
  { head: "OWNER" },
  { head: "MODE" },
  { head: "SIZE", right: true },
  { head: "USED", right: true },
  { head: "STATUS", spare: 1 },
  { head: "CREATOR" },
  { head: "LAST", spare: 2 },
  { head: "ATTACHED", right: true, spare: 4 },
  { head: "DETACHED", right: true, spare: 5 },
  { head: "CHANGED", right: true, spare: 3 },
];

export function segmentTable(rows: readonly Row[], { exact = false, stream }: TableOptions): string {
  const now = Date.now();
  const { bold, dim, green, red, yellow } = coloursOf(stream);
  const ofProcess = (pid: number, process: ProcessInfo): string =>
    (process.state === "running" ? String : dim)(formatProcess(pid, process));
  const cells = rows.map(({ info, creator, last }) => [
    info.key === 0 ? dim(formatKey(0)) : formatKey(info.key),
    bold(String(info.id)),
    userName(info.uid),
    formatOctalMode(info.mode),
    exact ? String(info.size) : formatSize(info.size),
    info.nattch > 0 ? green(String(info.nattch)) : "0",
    info.mode & SegmentStatus.Destroyed ? red(formatStatus(info.mode)) : yellow(formatStatus(info.mode)),
    ofProcess(info.cpid, creator),
    ofProcess(info.lpid, last),
    formatAge(info.atime, now),
    formatAge(info.dtime, now),
    formatAge(info.ctime, now),
  ]);
  const all = [columns.map(({ head }) => bold(head)), ...cells];
  let left = columns.map((_, index) => index);
  for (;;) {
    const text = tableText(
      all.map((row) => left.map((index) => row[index] as string)),
      left.map((index) => columns[index]?.right ?? false),
    );
    const spare = Math.max(...left.map((index) => columns[index]?.spare ?? 0));
    if (!stream.isTTY || spare === 0 || widthOf(text) <= stream.columns) return text;
    left = left.filter((index) => columns[index]?.spare !== spare);
  }
}

function widthOf(text: string): number {
  // biome reads a literal escape as a slip; this is the start of a colour.
  const colours = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");
  return Math.max(
    ...text
      .replaceAll(colours, "")
      .split("\n")
      .map((line) => line.length),
  );
}
