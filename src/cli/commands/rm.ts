import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import type { SegmentInfo } from "../../host/host.js";
import type { Shm } from "../../segment/shm.js";
import {
  addKeys,
  addSelection,
  checkSelection,
  isSelecting,
  type KeyPattern,
  type SelectionOptions,
  select,
} from "../args/selection.js";
import { addIds, infoOf, targetsOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { AlreadyReported, terminalMessage, UsageError, UserError } from "../failure.js";
import { segmentTable } from "../format/segments.js";
import type { SegmentDetails } from "../io/details.js";
import { kernelShm } from "../io/kernel.js";
import { isIdle } from "../io/orphans.js";
import { say, writeOut } from "../io/output.js";

interface RmOptions extends SelectionOptions {
  key: KeyPattern[];
  yes?: true;
  dryRun?: true;
  quiet?: true;
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

async function removeEach(targets: readonly Target[], quiet: boolean): Promise<void> {
  const shm = await kernelShm();
  let failed = false;
  for (const target of targets) {
    const removed = await succeeds(async () => {
      const id = "id" in target ? target.id : (await infoOf(target)).id;
      shm.destroySegment(id);
      if (quiet) await writeOut(`${id}\n`);
    });
    failed ||= !removed;
  }
  if (failed) throw new AlreadyReported();
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

/** Whether a segment is still the one that was shown: an id may have got another one, and a process may have attached it. */
function isSame(now: SegmentInfo, shown: SegmentInfo): boolean {
  return (
    isIdle(now) &&
    now.uid === shown.uid &&
    now.cuid === shown.cuid &&
    now.cpid === shown.cpid &&
    now.key === shown.key &&
    Number(now.ctime) === Number(shown.ctime)
  );
}

/** Removes the segments that are still as they were shown. */
async function removeShown(shm: Shm, shown: readonly SegmentDetails[], quiet: boolean): Promise<void> {
  let failed = false;
  let removed = 0;
  for (const { info } of shown) {
    const now = shm.list().find(({ id }) => id === info.id);
    if (!now) say(`segment ${info.id} no longer exists`);
    else if (!isSame(now, info)) say(`segment ${info.id} is now in use, or another segment has its id: not removed`);
    else if (await succeeds(() => shm.destroySegment(info.id))) {
      removed++;
      if (quiet) await writeOut(`${info.id}\n`);
    } else failed = true;
  }
  if (!quiet) say(`removed ${removed} of ${shown.length}`);
  if (failed) throw new AlreadyReported();
}

/** Removes the idle segments that the options select, after a list and a question. */
async function rmSelected(options: RmOptions): Promise<void> {
  const { yes, dryRun, orphans, quiet = false } = options;
  const shm = await kernelShm();
  const { orphans: _, ...rest } = options;
  const selected = select(shm.list(), rest, false);
  const idle = selected.filter(({ info }) => isIdle(info));
  const chosen = idle.filter(({ creator }) => !orphans || creator.state === "gone");
  const doubtful = orphans ? idle.filter(({ creator }) => creator.state === "reused").map(({ info }) => info.id) : [];
  if (doubtful.length > 0)
    say(
      `not removed, because a newer process has the creator's pid: ${doubtful.join(" ")}; wasm-shm rm ID removes one`,
    );
  const used = selected.filter(({ info }) => info.nattch > 0).length;
  if (!orphans && used > 0)
    say(`not removed, because processes have attached them: ${used}; wasm-shm ls --attached shows who`);
  if (chosen.length === 0) return say(orphans ? "there are no orphans" : "there is no such segment");
  if (dryRun)
    return writeOut(
      quiet ? chosen.map(({ info }) => `${info.id}\n`).join("") : segmentTable(chosen, { stream: process.stdout }),
    );
  if (!(quiet && yes)) process.stderr.write(segmentTable(chosen, { stream: process.stderr }));
  if (!yes) {
    if (!process.stdin.isTTY)
      throw new UsageError("there is no terminal to ask on: use --yes to remove them, --dry-run to list them");
    const others = options.user !== undefined || options.allUsers === true;
    const owners = others ? ` of ${[...new Set(chosen.map(({ owner }) => owner))].join(", ")}` : "";
    const [what, contents] =
      chosen.length === 1 ? ["this segment", "its contents"] : [`these ${chosen.length} segments`, "their contents"];
    if (!(await agrees(`Remove ${what}${owners} and ${contents}? [y/N] `))) throw new UserError("nothing was removed");
  }
  await removeShown(shm, chosen, quiet);
}

async function rm(ids: Target[] | undefined, options: RmOptions): Promise<void> {
  checkSelection(options);
  const { key: patterns, yes, dryRun, quiet = false } = options;
  const keys = patterns.flatMap(({ key }) => (key === undefined ? [] : [{ key }]));
  if (isSelecting(options) || keys.length < patterns.length) {
    if (ids !== undefined && ids.length > 0)
      throw new UsageError("options that select find the segments themselves: name none by its id");
    return rmSelected(options);
  }
  if (yes || dryRun) throw new UsageError("--yes and --dry-run are for segments that options select");
  await removeEach(targetsOf(ids, { key: keys }), quiet);
}

export function addRm(program: Command): void {
  const command = addIds(program.command("rm"))
    .summary("remove segments")
    .description(
      "Remove segments. A removed segment can no longer be found by its key, and is freed with its last attachment. If " +
        "one cannot be removed, the others still are. Options that select (--user, --all-users, --mine, --older-than, " +
        "--orphans, a pattern of keys) find segments that no process has attached: rm lists them, asks, and removes those " +
        "that are still as they were shown. Without --user and --all-users they are yours. An orphan's creator is gone, too: " +
        "no process has its pid. A segment that wasm-shm open created is " +
        "an orphan until a process attaches it. A segment is not an orphan if a newer process has the creator's pid, " +
        "because clocks can be set, or if it was created in another container.",
    );
  addSelection(addKeys(command, "key of a segment, instead of its id, or a pattern such as '0x61*'; may be repeated"))
    .option("-y, --yes", "do not ask")
    .option("-n, --dry-run", "only list what would be removed")
    .option("-q, --quiet", "print the ids of what was removed, and nothing else")
    .addHelpText(
      "after",
      "\nExamples:\n  wasm-shm rm 3 key:0x51\n  wasm-shm rm --orphans --dry-run\n  wasm-shm rm --user nobody --older-than 1h --dry-run",
    )
    .action(rm);
}
