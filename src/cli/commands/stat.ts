import type { Command } from "commander";
import { addTarget, infoOf, type TargetOptions, targetOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { formatAge, formatKey, formatMode, formatOctalMode, formatSize } from "../format/numbers.js";
import { jsonOf } from "../format/segments.js";
import { coloursOf, tableText } from "../format/table.js";
import { formatProcess, formatStatus, printable } from "../format/words.js";
import { attachments, residences } from "../io/attached.js";
import { detailsOf } from "../io/details.js";
import { say, writeJson, writeOut } from "../io/output.js";
import { userName } from "../io/users.js";

function formatTime(time: Date | undefined, now: number): string {
  return time ? `${time.toISOString().replace(".000Z", "Z")}, ${formatAge(time, now)} ago` : "never";
}

async function stat(id: Target | undefined, options: TargetOptions & { json?: true }): Promise<void> {
  const details = detailsOf(await infoOf(targetOf(id, options.key)));
  const found = { residences: residences(), attachments: attachments() };
  if (options.json) return writeJson(jsonOf(details, found));
  const { info, owner, creator, last } = details;
  const { byId, hidden } = found.attachments;
  const { rss, swap } = found.residences.get(info.id) ?? { rss: 0, swap: 0 };
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
    ["in memory", `${formatSize(rss)}, and ${formatSize(swap)} in swap`],
    ...(byId.get(info.id) ?? []).map(({ pid, user, bytes, writable, command }, index): [string, string] => [
      index === 0 ? "attached by" : "",
      `${pid} of ${user}: ${formatSize(bytes)}, ${writable ? "read-write" : "read-only"}: ${printable(command)}`,
    ]),
  ];
  await writeOut(tableText(rows.map(([label, value]) => [bold(label), value])));
  if (hidden > 0 && (byId.get(info.id)?.length ?? 0) < info.nattch)
    say(`processes that this user may not look at: ${hidden}`);
}

export function addStat(program: Command): void {
  addTarget(program.command("stat"))
    .summary("show everything the kernel tells about a segment")
    .description(
      "Show everything the kernel tells about a segment (shmctl(2), IPC_STAT), the processes behind its pids, how much of it " +
        "is in memory and in swap, and every process that has attached it, with its user and command line.",
    )
    .option("--json", "print JSON: exact sizes, ISO dates, the names of shmctl(2)")
    .addHelpText("after", "\nExample:\n  wasm-shm stat --key 0x51")
    .action(stat);
}
