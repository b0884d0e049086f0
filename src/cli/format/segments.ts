// Segments as a table, and as JSON for programs.
import { SegmentStatus } from "../../common/flags.js";
import type { SegmentDetails } from "../io/details.js";
import type { ProcessInfo } from "../io/processes.js";
import { formatAge, formatKey, formatOctalMode, formatSize } from "./numbers.js";
import { coloursOf, tableText } from "./table.js";

/** The fields of SegmentInfo, the owner's name and the processes. A value that does not exist is null. */
export function jsonOf({ info, owner, creator, last }: SegmentDetails): Record<string, unknown> {
  const { atime = null, dtime = null, ctime = null } = info;
  return {
    ...info,
    atime,
    dtime,
    ctime,
    owner,
    creatorState: creator.state,
    creatorCommand: creator.command ?? null,
    lastState: last.state,
    lastCommand: last.command ?? null,
  };
}

/** `dest` and `locked`, the words of ipcs(1). */
export function formatStatus(mode: number): string {
  return [mode & SegmentStatus.Destroyed && "dest", mode & SegmentStatus.Locked && "locked"].filter(Boolean).join(" ");
}

/** A process by its pid and command. Its owner may have set any name, so control characters are replaced. */
export function formatProcess(pid: number, { state, command }: ProcessInfo): string {
  if (state === "unseen") return "-";
  const name = state === "running" ? (command ?? "") : state;
  return `${pid} ${name.replaceAll(/\p{Cc}/gu, "?")}`.trimEnd();
}

export interface TableOptions {
  /** Sizes in bytes, not rounded. */
  exact?: boolean;
  /** Where the table goes. If that is a terminal too narrow for it, the least needed columns are left out. */
  stream: NodeJS.WriteStream;
  /** Participants of the domain at byte 0, by the segment's id; undefined for none. */
  peers?: ReadonlyMap<number, number | undefined> | undefined;
}

/** In the order of the table. A narrow terminal loses the columns with the highest `spare` first. */
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
  { head: "PEERS", right: true },
];

export function segmentTable(
  segments: readonly SegmentDetails[],
  { exact = false, stream, peers }: TableOptions,
): string {
  const now = Date.now();
  const { bold, dim, green, red, yellow } = coloursOf(stream);
  const processCell = (pid: number, process: ProcessInfo): string =>
    (process.state === "running" ? String : dim)(formatProcess(pid, process));
  const cells = segments.map(({ info, owner, creator, last }) => [
    info.key === 0 ? dim(formatKey(0)) : formatKey(info.key),
    bold(String(info.id)),
    owner,
    formatOctalMode(info.mode),
    exact ? String(info.size) : formatSize(info.size),
    info.nattch > 0 ? green(String(info.nattch)) : "0",
    info.mode & SegmentStatus.Destroyed ? red(formatStatus(info.mode)) : yellow(formatStatus(info.mode)),
    processCell(info.cpid, creator),
    processCell(info.lpid, last),
    formatAge(info.atime, now),
    formatAge(info.dtime, now),
    formatAge(info.ctime, now),
    String(peers?.get(info.id) ?? "-"),
  ]);
  const all = [columns.map(({ head }) => bold(head)), ...cells];
  let left = columns.map((_, index) => index).filter((index) => peers || columns[index]?.head !== "PEERS");
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
  // Not a literal escape, which biome takes for a mistake in a regular expression.
  const colours = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");
  return Math.max(
    ...text
      .replaceAll(colours, "")
      .split("\n")
      .map((line) => line.length),
  );
}
