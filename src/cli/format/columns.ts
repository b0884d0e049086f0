// The columns of ls, each as text for a person and as a value for a program.
import { SegmentStatus } from "../../common/flags.js";
import type { Residence } from "../io/attached.js";
import type { SegmentDetails } from "../io/details.js";
import type { ProcessInfo } from "../io/processes.js";
import { userName } from "../io/users.js";
import { formatAge, formatKey, formatOctalMode, formatSize } from "./numbers.js";
import type { coloursOf } from "./table.js";
import { formatProcess, formatStatus } from "./words.js";

export interface Row extends SegmentDetails {
  /** Participants of the domain at byte 0; undefined for none. */
  readonly peers: number | undefined;
  readonly residence: Residence | undefined;
}

/** How cells are written. */
export interface Style {
  readonly colours: ReturnType<typeof coloursOf>;
  readonly now: number;
  /** Sizes in bytes, not rounded. */
  readonly exact: boolean;
}

export interface Column {
  readonly head: string;
  readonly right?: boolean;
  /** A narrow terminal loses the columns with the highest first. Undefined: it stays. */
  readonly spare?: number;
  /** Only if it is asked for. */
  readonly hidden?: true;
  cell(row: Row, style: Style): string;
  /** Exact, without colours; empty if there is none. */
  raw(row: Row): string;
}

const sizeOf = (bytes: number | undefined, exact: boolean): string =>
  bytes === undefined ? "-" : exact ? String(bytes) : formatSize(bytes);

const age = (head: string, name: "atime" | "dtime" | "ctime", spare: number): Column => ({
  head,
  right: true,
  spare,
  cell: ({ info }, { now }) => formatAge(info[name], now),
  raw: ({ info }) => info[name]?.toISOString() ?? "",
});

const processCell = (pid: number, process: ProcessInfo, { colours }: Style): string =>
  (process.state === "running" ? String : colours.dim)(formatProcess(pid, process));

/** A column that is a number, the same in both forms. */
const plain = (head: string, value: (row: Row) => string | number, hidden?: true): Column => ({
  head,
  ...(hidden && { hidden }),
  cell: (row) => String(value(row)),
  raw: (row) => String(value(row)),
});

/** By the names that `-o` takes, in the order of the table. */
export const columns: Readonly<Record<string, Column>> = {
  key: {
    head: "KEY",
    cell: ({ info }, { colours }) => (info.key === 0 ? colours.dim(formatKey(0)) : formatKey(info.key)),
    raw: ({ info }) => formatKey(info.key),
  },
  id: {
    head: "ID",
    right: true,
    cell: ({ info }, { colours }) => colours.bold(String(info.id)),
    raw: ({ info }) => String(info.id),
  },
  owner: plain("OWNER", ({ owner }) => owner),
  mode: plain("MODE", ({ info }) => formatOctalMode(info.mode)),
  size: {
    head: "SIZE",
    right: true,
    cell: ({ info }, { exact }) => sizeOf(info.size, exact),
    raw: ({ info }) => String(info.size),
  },
  used: {
    head: "USED",
    right: true,
    cell: ({ info }, { colours }) => (info.nattch > 0 ? colours.green(String(info.nattch)) : "0"),
    raw: ({ info }) => String(info.nattch),
  },
  peers: {
    head: "PEERS",
    right: true,
    hidden: true,
    cell: ({ peers }) => String(peers ?? "-"),
    raw: ({ peers }) => String(peers ?? ""),
  },
  status: {
    head: "STATUS",
    spare: 1,
    cell: ({ info }, { colours }) =>
      (info.mode & SegmentStatus.Destroyed ? colours.red : colours.yellow)(formatStatus(info.mode)),
    raw: ({ info }) => formatStatus(info.mode),
  },
  creator: {
    head: "CREATOR",
    cell: ({ info, creator }, style) => processCell(info.cpid, creator, style),
    raw: ({ info, creator }) => formatProcess(info.cpid, creator),
  },
  last: {
    head: "LAST",
    spare: 2,
    cell: ({ info, last }, style) => processCell(info.lpid, last, style),
    raw: ({ info, last }) => formatProcess(info.lpid, last),
  },
  attached: age("ATTACHED", "atime", 4),
  detached: age("DETACHED", "dtime", 5),
  changed: age("CHANGED", "ctime", 3),
  rss: {
    head: "RSS",
    right: true,
    hidden: true,
    cell: ({ residence }, { exact }) => sizeOf(residence?.rss, exact),
    raw: ({ residence }) => String(residence?.rss ?? ""),
  },
  swap: {
    head: "SWAP",
    right: true,
    hidden: true,
    cell: ({ residence }, { exact }) => sizeOf(residence?.swap, exact),
    raw: ({ residence }) => String(residence?.swap ?? ""),
  },
  uid: plain("UID", ({ info }) => info.uid, true),
  gid: plain("GID", ({ info }) => info.gid, true),
  cuid: plain("CUID", ({ info }) => info.cuid, true),
  maker: plain("MAKER", ({ info }) => userName(info.cuid), true),
  cpid: plain("CPID", ({ info }) => info.cpid, true),
  lpid: plain("LPID", ({ info }) => info.lpid, true),
};
