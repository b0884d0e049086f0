import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { kernelShm } from "../args/target.js";
import { formatSize } from "../format/numbers.js";
import { coloursOf, tableText } from "../format/table.js";
import { writeJson, writeOut } from "../io/output.js";

const NO_LIMIT = 2 ** 63; // the kernel's defaults lie just below 2^64
const MOST_SEGMENTS = 32768; // IPCMNI: no kernel.shmmni above it

interface Limit {
  what: string;
  unit: "segments" | "pages" | "bytes" | "mappings" | "huge pages";
  /** undefined where nobody counts. */
  used: number | undefined;
  /** Infinity where there is no limit. */
  allowed: number;
  /** What it is called where it is set; undefined for what is fixed. */
  setting: string | undefined;
  /** A command that raises it. */
  raise: string | undefined;
}

/** The numbers after a label in one of /proc's text files; none where it is not there. */
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

function limitsThere(): Limit[] {
  const limits = kernelShm().limits();
  const [hugePages] = numbersOf("/proc/meminfo", /^HugePages_Total:\s+(\d+)$/m);
  const [freeHugePages = 0] = numbersOf("/proc/meminfo", /^HugePages_Free:\s+(\d+)$/m);
  const [locked] = numbersOf("/proc/self/limits", /^Max locked memory\s+(\S+)/m);
  const fixed = { used: undefined, setting: undefined, raise: undefined };
  const { shmmni, shmall, shmmax, maxMapCount } = limits;
  return [
    sysctl("kernel.shmmni", "segments", "segments", limits.segmentsInUse, shmmni, MOST_SEGMENTS),
    sysctl("kernel.shmall", `pages of ${formatSize(limits.pageSize)} in all`, "pages", limits.pagesInUse, shmall),
    sysctl("kernel.shmmax", "largest segment", "bytes", undefined, shmmax),
    { ...fixed, what: "smallest segment", unit: "bytes", allowed: limits.shmmin },
    ...(maxMapCount === undefined
      ? []
      : [sysctl("vm.max_map_count", "mappings of a process", "mappings", undefined, maxMapCount)]),
    ...(hugePages === undefined || limits.hugePageSize === undefined
      ? []
      : [
          sysctl(
            "vm.nr_hugepages",
            `huge pages of ${formatSize(limits.hugePageSize)}`,
            "huge pages",
            hugePages - freeHugePages,
            hugePages,
          ),
        ]),
    ...(locked === undefined
      ? []
      : [
          {
            what: "locked memory of a user",
            unit: "bytes" as const,
            used: undefined,
            allowed: locked,
            setting: "RLIMIT_MEMLOCK",
            raise: Number.isFinite(locked) ? `ulimit -l ${Math.ceil((2 * locked) / 1024)}` : undefined,
          },
        ]),
  ];
}

function formatAmount(amount: number | undefined, unit: Limit["unit"]): string {
  if (amount === undefined) return "-";
  if (amount === Number.POSITIVE_INFINITY) return "no limit";
  return unit === "bytes" ? formatSize(amount) : String(amount);
}

async function limits({ json }: { json?: true }): Promise<void> {
  const there = limitsThere();
  if (json)
    return writeJson(
      there.map(({ what, unit, used = null, allowed, setting = null, raise = null }) => ({
        ...{ what, unit, used, setting, raise },
        allowed: Number.isFinite(allowed) ? allowed : null,
      })),
    );
  const { bold, dim } = coloursOf(process.stdout);
  const rows = there.map(({ what, unit, used, allowed, setting, raise }) => [
    what,
    formatAmount(used, unit),
    formatAmount(allowed, unit),
    setting ?? "-",
    dim(raise ?? "-"),
  ]);
  await writeOut(
    tableText([["LIMIT", "IN USE", "ALLOWED", "SETTING", "TO RAISE IT"].map(bold), ...rows], [false, true, true]),
  );
}

export function addLimits(program: Command): void {
  program
    .command("limits")
    .summary("what the kernel allows, and what raises it")
    .description(
      "Shows each limit that shared memory may meet, what is in use of it, where it is set, and a command that raises " +
        "it (as root, until the next boot; /etc/sysctl.d keeps it).",
    )
    .option("--json", "for programs: null where there is no limit, or where nobody counts")
    .addHelpText("after", "\nExample:\n  wasm-shm limits")
    .action(limits);
}
