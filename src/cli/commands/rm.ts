import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { SegmentStatus } from "../../common/flags.js";
import type { SegmentInfo } from "../../host/host.js";
import { addTargets, infoOf, kernelShm, type TargetsOptions, targetsOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { forPeople, Refusal, Told, UsageError } from "../failure.js";
import { type Row, rowOf, segmentTable } from "../format/rows.js";
import { say, writeOut } from "../io/output.js";
import { isMine } from "./ls.js";

interface RmOptions extends TargetsOptions {
  orphans?: true;
  yes?: true;
  dryRun?: true;
}

/** Tries one; a failure is told, and does not stop the rest. */
function tried(remove: () => void): boolean {
  try {
    remove();
    return true;
  } catch (error) {
    if (typeof (error as { code?: unknown }).code !== "string") throw error;
    say(`wasm-shm: ${forPeople(error)}`);
    return false;
  }
}

function removeEach(targets: readonly Target[]): void {
  const removed = targets.filter((target) =>
    tried(() => kernelShm().destroySegment("id" in target ? target.id : infoOf(target).id)),
  );
  if (removed.length < targets.length) throw new Told();
}

/** Nobody is attached, it is ours, and it is not marked already. */
function isIdle(info: SegmentInfo): boolean {
  return info.nattch === 0 && isMine(info) && !(info.mode & SegmentStatus.Destroyed);
}

/** Asks on the terminal; the end of input and Ctrl-C are a no. */
async function agrees(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // A question that is closed is refused by some versions of Node, and never settled by others.
    const closed = once(terminal, "close").then(() => "");
    const answer = await Promise.race([terminal.question(question).catch(() => ""), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/** Removes those that are still as they were shown: someone may have attached, or made another under the same id. */
function removeOrphans(orphans: readonly Row[]): void {
  let failed = false;
  let removed = 0;
  for (const { info } of orphans) {
    const now = kernelShm()
      .list()
      .find(({ id }) => id === info.id);
    const same = now && isIdle(now) && now.cpid === info.cpid && Number(now.ctime) === Number(info.ctime);
    if (!same) say(`segment ${info.id} ${now ? "is in use, or another, by now: left alone" : "has gone by itself"}`);
    else if (tried(() => kernelShm().destroySegment(info.id))) removed++;
    else failed = true;
  }
  say(`removed ${removed} of ${orphans.length}`);
  if (failed) throw new Told();
}

async function rmOrphans({ yes, dryRun }: RmOptions): Promise<void> {
  const idle = kernelShm().list().filter(isIdle).map(rowOf);
  const orphans = idle.filter(({ creator }) => creator.state === "gone");
  const doubtful = idle.filter(({ creator }) => creator.state === "reused").map(({ info }) => info.id);
  if (doubtful.length > 0)
    say(`left alone, as a newer process has the creator's pid: ${doubtful.join(" ")}; wasm-shm rm ID removes one`);
  if (orphans.length === 0) return say("there are no orphans");
  if (dryRun) return writeOut(segmentTable(orphans, { stream: process.stdout }));
  process.stderr.write(segmentTable(orphans, { stream: process.stderr }));
  if (!yes) {
    if (!process.stdin.isTTY)
      throw new UsageError("there is no terminal to ask on: --yes removes them, --dry-run shows");
    const what =
      orphans.length === 1
        ? "this segment, with all that is in it"
        : `these ${orphans.length} segments, with all that is in them`;
    if (!(await agrees(`Remove ${what}? [y/N] `))) throw new Refusal("nothing was removed");
  }
  removeOrphans(orphans);
}

export function addRm(program: Command): void {
  addTargets(program.command("rm"))
    .summary("remove segments")
    .description(
      "Removes segments: nobody finds one by its key any more, and it goes with its last attachment. All are tried. " +
        "An orphan is a segment that this user owns or made, that nobody has attached, and whose creator is gone: no " +
        "process has its pid (so is one that wasm-shm open made, until someone attaches it). Where a newer process has " +
        "that pid it is left alone, as clocks can be set; so is one that was made in another container.",
    )
    .option("--orphans", "remove all orphans; shows them, and asks first")
    .option("-y, --yes", "do not ask")
    .option("-n, --dry-run", "only show the orphans")
    .addHelpText("after", "\nExamples:\n  wasm-shm rm 3 key:0x51\n  wasm-shm rm --orphans --dry-run")
    .action(async (ids: Target[] | undefined, options: RmOptions) => {
      const isNamed = (ids?.length ?? 0) + options.key.length > 0;
      if (options.orphans && isNamed) throw new UsageError("--orphans finds them itself: name none");
      if (options.orphans) return rmOrphans(options);
      if (options.yes || options.dryRun) throw new UsageError("--yes and --dry-run go with --orphans");
      removeEach(targetsOf(ids, options));
    });
}
