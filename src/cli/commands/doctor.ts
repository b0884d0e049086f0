import type { Command } from "commander";
import { AlreadyReported } from "../failure.js";
import { formatSize } from "../format/numbers.js";
import { coloursOf, tableText } from "../format/table.js";
import { addonFact, checks, facts } from "../io/examination.js";
import { kernelShm } from "../io/kernel.js";
import { allLimits, type Limit } from "../io/limits.js";
import { writeJson, writeOut } from "../io/output.js";

function amount(value: number | undefined, unit: Limit["unit"]): string {
  if (value === undefined) return "-";
  if (value === Number.POSITIVE_INFINITY) return "no limit";
  return unit === "bytes" ? formatSize(value) : String(value);
}

async function doctor({ json }: { json?: true }): Promise<void> {
  const known = [...facts(), await addonFact()];
  const limits = await kernelShm().then(
    (shm) => allLimits(shm.limits()),
    () => [],
  );
  const tried = await checks();
  if (json)
    await writeJson({
      facts: Object.fromEntries(known),
      limits: Object.fromEntries(
        limits.map(({ what, used = null, allowed }) => [
          what,
          { used, allowed: Number.isFinite(allowed) ? allowed : null },
        ]),
      ),
      checks: tried.map(({ what, refused = null }) => ({ what, refused })),
    });
  else {
    const { bold, green, red } = coloursOf(process.stdout);
    const rows = [
      ...known.map(([what, value]) => [bold(what), value]),
      ...limits.map(({ what, unit, used, allowed }) => [
        bold(what),
        `${amount(used, unit)} in use, ${amount(allowed, unit)} allowed`,
      ]),
      ...tried.map(({ what, refused }) => [
        bold(what),
        refused === undefined ? green("works") : red(`refused: ${refused}`),
      ]),
    ];
    await writeOut(tableText(rows));
  }
  if (tried[0]?.refused !== undefined) throw new AlreadyReported();
}

export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .summary("print what a bug report needs")
    .description(
      "Print the versions, the system, the namespaces, the limits and the addon's file; then try what the package can do, and " +
        "print what is refused here, and why. Put it into a report of a fault. It leaves no segment behind. The exit code is 1 " +
        "if no segment can be created and attached.",
    )
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  wasm-shm doctor")
    .action(doctor);
}
