import { type Command, Option } from "commander";
import type { SegmentInfo } from "../../host/host.js";
import { kernelShm } from "../args/target.js";
import { jsonOf, rowOf, segmentTable } from "../format/rows.js";
import { say, writeJson, writeOut } from "../io/output.js";

const orders = {
  id: (a: SegmentInfo, b: SegmentInfo) => a.id - b.id,
  key: (a: SegmentInfo, b: SegmentInfo) => (a.key >>> 0) - (b.key >>> 0),
  size: (a: SegmentInfo, b: SegmentInfo) => b.size - a.size,
  used: (a: SegmentInfo, b: SegmentInfo) => b.nattch - a.nattch,
  changed: (a: SegmentInfo, b: SegmentInfo) => Number(b.ctime ?? 0) - Number(a.ctime ?? 0),
};

interface LsOptions {
  bytes?: true;
  json?: true;
  mine?: true;
  sort?: keyof typeof orders;
}

/** Whether this user owns or made a segment. */
export function isMine({ uid, cuid }: SegmentInfo): boolean {
  const me = process.geteuid?.();
  return uid === me || cuid === me;
}

async function ls({ bytes, json, mine, sort }: LsOptions): Promise<void> {
  const there = kernelShm().list();
  const shown = mine ? there.filter(isMine) : there;
  if (sort) shown.sort(orders[sort]);
  const rows = shown.map(rowOf);
  if (json) return writeJson(rows.map(jsonOf));
  if (rows.length > 0) return writeOut(segmentTable(rows, { exact: bytes === true, stream: process.stdout }));
  say(mine && there.length > 0 ? `none of the ${there.length} segments is yours` : "there are no segments");
}

export function addLs(program: Command): void {
  program
    .command("ls")
    .summary("every segment there is")
    .description(
      "Lists every segment: key, id, owner, mode, size, attachments, the process that made it and the one that used it " +
        "last, and how long ago it was attached, detached and changed. The same as ipcs -m shows, and more. A process " +
        "is gone where none has its pid; reused, where one has that started after the segment was last changed; - where " +
        "the kernel does not tell, as it was of another container.",
    )
    .option("-b, --bytes", "sizes to the byte")
    .option("--mine", "only what this user owns or made")
    .addOption(new Option("--sort <by>", "in which order (default: the kernel's)").choices(Object.keys(orders)))
    .option("--json", "for programs: exact sizes, ISO dates, shmctl(2)'s names")
    .addHelpText("after", "\nExample:\n  wasm-shm ls --mine --sort size")
    .action(ls);
}
