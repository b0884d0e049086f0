// The limits that shared memory may meet: what they allow, how much is in use, and what raises them.
import { readFileSync } from "node:fs";
import type { Limits } from "../../host/host.js";
import { formatSize } from "../format/numbers.js";

const NO_LIMIT = 2 ** 63; // the kernel's defaults lie just below 2^64
const MOST_SEGMENTS = 32768; // IPCMNI: kernel.shmmni cannot be higher

export interface Limit {
  what: string;
  unit: "segments" | "pages" | "bytes" | "mappings" | "huge pages";
  /** undefined if the system does not count it. */
  used: number | undefined;
  /** Infinity if there is no limit. */
  allowed: number;
  /** The name of the setting; undefined if the limit is fixed. */
  setting: string | undefined;
  /** A command that raises the limit. */
  raise: string | undefined;
}

/** The numbers after a label in one of /proc's text files; none if the file or the label does not exist. */
function numbersOf(path: string, label: RegExp): number[] {
  let text: string;
  try {
    text = readFileSync(path, "latin1");
  } catch {
    return [];
  }
  const [, values] = label.exec(text) ?? [];
  return values?.split(/\s+/).map((value) => (value === "unlimited" ? Number.POSITIVE_INFINITY : Number(value))) ?? [];
}

/** A limit that sysctl(8) sets. @param most the highest value that it takes */
function sysctl(
  setting: string,
  what: string,
  unit: Limit["unit"],
  used: number | undefined,
  value: number,
  most = Number.POSITIVE_INFINITY,
): Limit {
  const allowed = value >= NO_LIMIT ? Number.POSITIVE_INFINITY : value;
  const higher = Math.min(most, Math.max(1, 2 * allowed));
  const raise = Number.isFinite(allowed) && allowed < most ? `sysctl -w ${setting}=${higher}` : undefined;
  return { what, unit, used, allowed, setting, raise };
}

function hugePages(hugePageSize: number | undefined): Limit[] {
  const [total] = numbersOf("/proc/meminfo", /^HugePages_Total:\s+(\d+)$/m);
  const [free = 0] = numbersOf("/proc/meminfo", /^HugePages_Free:\s+(\d+)$/m);
  if (total === undefined || hugePageSize === undefined) return [];
  const what = `huge pages of ${formatSize(hugePageSize)}`;
  return [sysctl("vm.nr_hugepages", what, "huge pages", total - free, total)];
}

function lockedMemory(): Limit[] {
  const [allowed] = numbersOf("/proc/self/limits", /^Max locked memory\s+(\S+)/m);
  if (allowed === undefined) return [];
  const raise = Number.isFinite(allowed) ? `ulimit -l ${Math.ceil((2 * allowed) / 1024)}` : undefined;
  return [
    { what: "locked memory of a user", unit: "bytes", used: undefined, allowed, setting: "RLIMIT_MEMLOCK", raise },
  ];
}

/** Adds to the limits of shared memory those of /proc. */
export function allLimits(limits: Limits): Limit[] {
  const { shmmni, shmall, shmmax, shmmin, segmentsInUse, pagesInUse, pageSize, hugePageSize, maxMapCount } = limits;
  const fixed = { used: undefined, setting: undefined, raise: undefined };
  return [
    sysctl("kernel.shmmni", "segments", "segments", segmentsInUse, shmmni, MOST_SEGMENTS),
    sysctl("kernel.shmall", `pages of ${formatSize(pageSize)} in total`, "pages", pagesInUse, shmall),
    sysctl("kernel.shmmax", "largest segment", "bytes", undefined, shmmax),
    { ...fixed, what: "smallest segment", unit: "bytes", allowed: shmmin },
    ...(maxMapCount === undefined
      ? []
      : [sysctl("vm.max_map_count", "mappings of a process", "mappings", undefined, maxMapCount)]),
    ...hugePages(hugePageSize),
    ...lockedMemory(),
  ];
}
