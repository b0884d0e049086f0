// Segments as a table, and as JSON for programs.
import { type Attachments, type Residence, residences } from "../io/attached.js";
import type { SegmentDetails } from "../io/details.js";
import { isOrphan } from "../io/orphans.js";
import { commandLineOf, type ProcessInfo } from "../io/processes.js";
import { type Column, columns } from "./columns.js";
import { formatKey, formatOctalMode, formatSize } from "./numbers.js";
import { coloursOf, tableText } from "./table.js";
import { printable } from "./words.js";

/** The fields of SegmentInfo, the owner's name and the processes. A value that does not exist is null. */
export function jsonOf(details: SegmentDetails, found: JsonParts): Record<string, unknown> {
  const { info, owner, creator, last } = details;
  const { atime = null, dtime = null, ctime = null } = info;
  const { rss = null, swap = null } = found.residences.get(info.id) ?? {};
  const whole = (pid: number, { state, command }: ProcessInfo): string | null =>
    (state === "running" ? commandLineOf(pid) : command) ?? command ?? null;
  return {
    ...info,
    atime,
    dtime,
    ctime,
    keyHex: formatKey(info.key),
    modeOctal: formatOctalMode(info.mode),
    orphan: isOrphan(details),
    rss,
    swap,
    owner,
    creatorState: creator.state,
    creatorCommand: whole(info.cpid, creator),
    lastState: last.state,
    lastCommand: whole(info.lpid, last),
    ...(found.peers && { peers: found.peers.get(info.id) ?? null }),
    ...(found.attachments && { attachedTo: found.attachments.byId.get(info.id) ?? [] }),
  };
}

/** What is read once for all segments. */
export interface JsonParts {
  readonly residences: ReadonlyMap<number, Residence>;
  readonly attachments?: Attachments;
  readonly peers?: ReadonlyMap<number, number | undefined>;
}

export interface TableOptions {
  /** Sizes in bytes, not rounded. */
  exact?: boolean;
  headings?: boolean;
  names?: readonly string[] | undefined;
  /** Participants of the domain at byte 0, by the segment's id; undefined for none. */
  peers?: ReadonlyMap<number, number | undefined> | undefined;
  /** Where the table goes. If that is a terminal too narrow for it, the least needed columns are left out. */
  stream: NodeJS.WriteStream;
}

/** @param names of columns; undefined: those that are not hidden */
export function segmentTable(
  rows: readonly SegmentDetails[],
  { exact = false, headings = true, names, peers, stream }: TableOptions,
): string {
  const chosen = columnsOf(names, peers !== undefined);
  const found = residencesFor(chosen);
  const style = { colours: coloursOf(stream), now: Date.now(), exact };
  const cells = rows.map((row) => {
    const whole = { ...row, residence: found?.get(row.info.id), peers: peers?.get(row.info.id) };
    return chosen.map((column) => column.cell(whole, style));
  });
  const all = [...(headings ? [chosen.map(({ head }) => style.colours.bold(head))] : []), ...cells];
  let left = chosen.map((_, index) => index);
  for (;;) {
    const text = tableText(
      all.map((row) => left.map((index) => row[index] as string)),
      left.map((index) => chosen[index]?.right ?? false),
    );
    const spare = names ? 0 : Math.max(...left.map((index) => chosen[index]?.spare ?? 0));
    if (!stream.isTTY || spare === 0 || widthOf(text) <= stream.columns) return text;
    left = left.filter((index) => chosen[index]?.spare !== spare);
  }
}

/** For programs: exact values, one space between them, and none inside one. */
export function rawTable(
  rows: readonly SegmentDetails[],
  { headings = true, names, peers }: Omit<TableOptions, "exact" | "stream">,
): string {
  const chosen = columnsOf(names, peers !== undefined);
  const found = residencesFor(chosen);
  const escaped = (text: string): string =>
    text.replaceAll(/[\s\\]/gu, (space) => `\\x${space.charCodeAt(0).toString(16).padStart(2, "0")}`) || "-";
  const lines = rows.map((row) => {
    const whole = { ...row, residence: found?.get(row.info.id), peers: peers?.get(row.info.id) };
    return chosen.map((column) => escaped(column.raw(whole)));
  });
  return [...(headings ? [chosen.map(({ head }) => head)] : []), ...lines]
    .map((line) => `${line.join(" ")}\n`)
    .join("");
}

const columnsOf = (names: readonly string[] | undefined, withPeers: boolean): Column[] =>
  names?.map((name) => columns[name] as Column) ??
  Object.values(columns).filter((column) => !column.hidden || (withPeers && column === columns["peers"]));

/** Read only if a column shows it. */
const residencesFor = (chosen: readonly Column[]): ReadonlyMap<number, Residence> | undefined =>
  chosen.includes(columns["rss"] as Column) || chosen.includes(columns["swap"] as Column) ? residences() : undefined;

/** The processes that have attached segments, a row for each of them. */
export function attachedTable(
  rows: readonly SegmentDetails[],
  { byId }: Attachments,
  stream: NodeJS.WriteStream,
): string {
  const { bold } = coloursOf(stream);
  const lines = rows.flatMap(({ info }) =>
    (byId.get(info.id) ?? []).map(({ pid, user, bytes, writable, command }) => [
      formatKey(info.key),
      bold(String(info.id)),
      formatSize(info.size),
      String(pid),
      user,
      formatSize(bytes),
      writable ? "rw" : "r",
      printable(command),
    ]),
  );
  const heads = ["KEY", "ID", "SIZE", "PID", "USER", "MAPPED", "ACCESS", "COMMAND"].map(bold);
  return tableText([heads, ...lines], [false, true, true, true, false, true]);
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
