import type { Command } from "commander";
import { addTarget, infoOf, targetOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { ageWords, keyWords, modeWords, octalWords, sizeWords } from "../format/numbers.js";
import { jsonOf, processWords, rowOf, statusWords } from "../format/rows.js";
import { coloursOf, tableText } from "../format/table.js";
import { writeJson, writeOut } from "../io/output.js";
import { userName } from "../io/processes.js";

function timeWords(time: Date | undefined, now: number): string {
  return time ? `${time.toISOString().replace(".000Z", "Z")}, ${ageWords(time, now)} ago` : "never";
}

async function stat(id: Target | undefined, options: { key?: number; json?: true }): Promise<void> {
  const row = rowOf(infoOf(targetOf(id, options.key)));
  if (options.json) return writeJson(jsonOf(row));
  const { info, creator, last } = row;
  const now = Date.now();
  const size = info.size < 1024 ? `${info.size} bytes` : `${info.size} bytes, ${sizeWords(info.size)}`;
  const { bold } = coloursOf(process.stdout);
  const rows: [label: string, value: string][] = [
    ["id", String(info.id)],
    ["key", info.key === 0 ? "none" : keyWords(info.key)],
    ["size", size],
    ["mode", `${modeWords(info.mode)} (${octalWords(info.mode)})`],
    ["status", statusWords(info.mode) || "-"],
    ["owner", `${userName(info.uid)} (uid ${info.uid}, gid ${info.gid})`],
    ["made by", `${userName(info.cuid)} (uid ${info.cuid}, gid ${info.cgid})`],
    ["creator", processWords(info.cpid, creator)],
    ["last used by", processWords(info.lpid, last)],
    ["attachments", String(info.nattch)],
    ["attached", timeWords(info.atime, now)],
    ["detached", timeWords(info.dtime, now)],
    ["changed", timeWords(info.ctime, now)],
  ];
  await writeOut(tableText(rows.map(([label, value]) => [bold(label), value])));
}

export function addStat(program: Command): void {
  addTarget(program.command("stat"))
    .summary("all that the kernel says of a segment")
    .description(
      "Shows all that the kernel says of a segment (shmctl(2), IPC_STAT), and the processes behind the pids.",
    )
    .option("--json", "for programs: exact sizes, ISO dates, shmctl(2)'s names")
    .addHelpText("after", "\nExample:\n  wasm-shm stat --key 0x51")
    .action(stat);
}
