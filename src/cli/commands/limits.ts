import type { Command } from "commander";
import { formatSize } from "../format/numbers.js";
import { coloursOf, tableText } from "../format/table.js";
import { kernelShm } from "../io/kernel.js";
import { allLimits, type Limit } from "../io/limits.js";
import { writeJson, writeOut } from "../io/output.js";

function formatAmount(amount: number | undefined, unit: Limit["unit"]): string {
  if (amount === undefined) return "-";
  if (amount === Number.POSITIVE_INFINITY) return "no limit";
  return unit === "bytes" ? formatSize(amount) : String(amount);
}

async function limits({ json }: { json?: true }): Promise<void> {
  const all = allLimits((await kernelShm()).limits());
  if (json)
    return writeJson(
      all.map(({ what, unit, used = null, allowed, setting = null, raise = null }) => ({
        ...{ what, unit, used, setting, raise },
        allowed: Number.isFinite(allowed) ? allowed : null,
      })),
    );
  const { bold, dim } = coloursOf(process.stdout);
  const rows = all.map(({ what, unit, used, allowed, setting, raise }) => [
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
    .summary("show the limits of shared memory, and how to raise them")
    .description(
      "Show each limit that shared memory may meet, how much of it is in use, its setting, and a command that raises it. " +
        "The command needs root and lasts until the next boot; /etc/sysctl.d keeps a setting.",
    )
    .option("--json", "print JSON: null for no limit, and for an amount that is not counted")
    .addHelpText("after", "\nExample:\n  wasm-shm limits")
    .action(limits);
}
