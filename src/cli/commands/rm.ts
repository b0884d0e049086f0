import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { SegmentStatus } from "../../common/flags.js";
import type { SegmentInfo } from "../../host/host.js";
import type { Shm } from "../../segment/shm.js";
import { addTargets, infoOf, type TargetsOptions, targetsOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { AlreadyReported, terminalMessage, UsageError, UserError } from "../failure.js";
import { segmentTable } from "../format/segments.js";
import { detailsOf, type SegmentDetails } from "../io/details.js";
import { kernelShm } from "../io/kernel.js";
import { say, writeOut } from "../io/output.js";
import { mineOnly } from "../io/users.js";

interface RmOptions extends TargetsOptions {
  orphans?: true;
  yes?: true;
  dryRun?: true;
}

/** Reports a failure of the system, so that the rest can be tried. @returns whether `remove` succeeded */
async function succeeds(remove: () => void | Promise<void>): Promise<boolean> {
  try {
    await remove();
    return true;
  } catch (error) {
    if (typeof (error as { code?: unknown }).code !== "string") throw error;
    say(`wasm-shm: ${terminalMessage(error)}`);
    return false;
  }
}

async function removeEach(targets: readonly Target[]): Promise<void> {
  const shm = await kernelShm();
  let failed = false;
  for (const target of targets)
    if (!(await succeeds(async () => shm.destroySegment("id" in target ? target.id : (await infoOf(target)).id))))
      failed = true;
  if (failed) throw new AlreadyReported();
}

/** Whether no process has attached the segment, and it has not been removed. */
function isIdle(info: SegmentInfo): boolean {
  return info.nattch === 0 && !(info.mode & SegmentStatus.Destroyed);
}

/** Asks on the terminal. The end of input and Ctrl-C mean no. */
async function agrees(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // If the terminal closes, some versions of Node reject the question and others never settle it.
    const closed = once(terminal, "close").then(() => "");
    const answer = await Promise.race([terminal.question(question).catch(() => ""), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/**
 * Removes the orphans that are still as they were shown. Meanwhile a process may have attached one, or a new segment may
 * have got the id of one.
 */
async function removeOrphans(
  shm: Shm,
  orphans: readonly SegmentDetails[],
  isMine: (info: SegmentInfo) => boolean,
): Promise<void> {
  let failed = false;
  let removed = 0;
  for (const { info } of orphans) {
    const now = shm.list().find(({ id }) => id === info.id);
    const isSame =
      now && isIdle(now) && isMine(now) && now.cpid === info.cpid && Number(now.ctime) === Number(info.ctime);
    if (!now) say(`segment ${info.id} no longer exists`);
    else if (!isSame) say(`segment ${info.id} is now in use, or another segment has its id: not removed`);
    else if (await succeeds(() => shm.destroySegment(info.id))) removed++;
    else failed = true;
  }
  say(`removed ${removed} of ${orphans.length}`);
  if (failed) throw new AlreadyReported();
}

async function rmOrphans({ yes, dryRun }: RmOptions): Promise<void> {
  const shm = await kernelShm();
  const isMine = mineOnly();
  const idle = shm.list().filter(isIdle).filter(isMine).map(detailsOf);
  const orphans = idle.filter(({ creator }) => creator.state === "gone");
  const doubtful = idle.filter(({ creator }) => creator.state === "reused").map(({ info }) => info.id);
  if (doubtful.length > 0)
    say(
      `not removed, because a newer process has the creator's pid: ${doubtful.join(" ")}; wasm-shm rm ID removes one`,
    );
  if (orphans.length === 0) return say("there are no orphans");
  if (dryRun) return writeOut(segmentTable(orphans, { stream: process.stdout }));
  process.stderr.write(segmentTable(orphans, { stream: process.stderr }));
  if (!yes) {
    if (!process.stdin.isTTY)
      throw new UsageError("there is no terminal to ask on: use --yes to remove them, --dry-run to list them");
    const what =
      orphans.length === 1 ? "this segment and its contents" : `these ${orphans.length} segments and their contents`;
    if (!(await agrees(`Remove ${what}? [y/N] `))) throw new UserError("nothing was removed");
  }
  await removeOrphans(shm, orphans, isMine);
}

async function rm(ids: Target[] | undefined, options: RmOptions): Promise<void> {
  const isNamed = (ids?.length ?? 0) + options.key.length > 0;
  if (options.orphans && isNamed) throw new UsageError("--orphans finds the segments itself: name none");
  if (options.orphans) return rmOrphans(options);
  if (options.yes || options.dryRun) throw new UsageError("--yes and --dry-run need --orphans");
  await removeEach(targetsOf(ids, options));
}

export function addRm(program: Command): void {
  addTargets(program.command("rm"))
    .summary("remove segments")
    .description(
      "Remove segments. A removed segment can no longer be found by its key, and is freed with its last attachment. If " +
        "one cannot be removed, the others still are. An orphan is a segment that this user owns or created, that no " +
        "process has attached, and whose creator is gone: no process has its pid. A segment that wasm-shm open created is " +
        "an orphan until a process attaches it. A segment is not an orphan if a newer process has the creator's pid, " +
        "because clocks can be set, or if it was created in another container.",
    )
    .option("--orphans", "list all orphans, ask, and remove them")
    .option("-y, --yes", "do not ask")
    .option("-n, --dry-run", "only list the orphans")
    .addHelpText("after", "\nExamples:\n  wasm-shm rm 3 key:0x51\n  wasm-shm rm --orphans --dry-run")
    .action(rm);
}
