import type { Command } from "commander";
import { addTarget, infoOf, type TargetOptions, targetOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { formatAge, formatKey, formatMode, formatOctalMode, formatSize } from "../format/numbers.js";
import { formatProcess, formatStatus, jsonOf } from "../format/segments.js";
import { coloursOf, tableText } from "../format/table.js";
import { detailsOf } from "../io/details.js";
import { writeJson, writeOut } from "../io/output.js";
import { userName } from "../io/users.js";

function formatTime(time: Date | undefined, now: number): string {
  return time ? `${time.toISOString().replace(".000Z", "Z")}, ${formatAge(time, now)} ago` : "never";
}

async function stat(id: Target | undefined, options: TargetOptions & { json?: true }): Promise<void> {
  const details = detailsOf(await infoOf(targetOf(id, options.key)));
  if (options.json) return writeJson(jsonOf(details));
  const { info, owner, creator, last } = details;
  const now = Date.now();
  const size = info.size < 1024 ? `${info.size} bytes` : `${info.size} bytes, ${formatSize(info.size)}`;
  const { bold } = coloursOf(process.stdout);
  const rows: [label: string, value: string][] = [
    ["id", String(info.id)],
    ["key", info.key === 0 ? "none" : formatKey(info.key)],
    ["size", size],
    ["mode", `${formatMode(info.mode)} (${formatOctalMode(info.mode)})`],
    ["status", formatStatus(info.mode) || "-"],
    ["owner", `${owner} (uid ${info.uid}, gid ${info.gid})`],
    ["created by", `${userName(info.cuid)} (uid ${info.cuid}, gid ${info.cgid})`],
    ["creator", formatProcess(info.cpid, creator)],
    ["last used by", formatProcess(info.lpid, last)],
    ["attachments", String(info.nattch)],
    ["attached", formatTime(info.atime, now)],
    ["detached", formatTime(info.dtime, now)],
    ["changed", formatTime(info.ctime, now)],
  ];
  await writeOut(tableText(rows.map(([label, value]) => [bold(label), value])));
}

export function addStat(program: Command): void {
  addTarget(program.command("stat"))
    .summary("show everything the kernel tells about a segment")
    .description(
      "Show everything the kernel tells about a segment (shmctl(2), IPC_STAT), and the processes behind its pids.",
    )
    .option("--json", "print JSON: exact sizes, ISO dates, the names of shmctl(2)")
    .addHelpText("after", "\nExample:\n  wasm-shm stat --key 0x51")
    .action(stat);
}
