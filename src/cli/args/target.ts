// The segments that a command works on, as the command line names them: by id, as key:KEY, or by --key.
import { Argument, type Command, Option } from "commander";
import type { SegmentInfo } from "../../host/host.js";
import type { Segment } from "../../segment/segment.js";
import type { Shm } from "../../segment/shm.js";
import { completeWith, segmentIds, segmentKeys } from "../completion/values.js";
import { UsageError } from "../failure.js";
import { kernelShm } from "../io/kernel.js";
import { parseKey, parseTarget, type Target } from "./values.js";

/** An option that takes a segment's key. */
export function keyOption(flags: string, description: string): Option {
  return completeWith(new Option(flags, description).argParser(parseKey), segmentKeys);
}

export interface TargetOptions {
  key?: number;
}

/** Adds `[id]` and `--key` to a command that works on one segment. */
export function addTarget(command: Command): Command {
  const id = new Argument("[id]", "id of the segment, or key:KEY").argParser(parseTarget);
  return command
    .addArgument(completeWith(id, segmentIds))
    .addOption(keyOption("-k, --key <key>", "key of the segment, instead of its id"));
}

export interface TargetsOptions {
  key: Target[];
}

/** Adds `[id...]` to a command that works on several segments. */
export function addIds(command: Command): Command {
  const ids = new Argument("[id...]", "ids of the segments, or key:KEY").argParser(
    (text: string, before: Target[] = []) => [...before, parseTarget(text)],
  );
  return command.addArgument(completeWith(ids, segmentIds));
}

/** Adds `[id...]` and `--key` to a command that works on several segments. */
export function addTargets(command: Command): Command {
  return addIds(command).addOption(
    keyOption("-k, --key <key>", "key of a segment, instead of its id; may be repeated")
      .argParser((text: string, before: Target[]) => [...before, { key: parseKey(text) }])
      .default([], "none"),
  );
}

/** The segments that were named: at least one. @throws {UsageError} none was named */
export function targetsOf(ids: readonly Target[] | undefined, { key }: TargetsOptions): Target[] {
  const targets = [...(ids ?? []), ...key];
  if (targets.length > 0) return targets;
  throw new UsageError("which segments? Give their ids, or --key; wasm-shm ls lists them");
}

/** @throws {UsageError} the segment was named twice */
export function refuseBoth(target: Target | undefined, key: number | undefined): void {
  if (target !== undefined && key !== undefined)
    throw new UsageError("name the segment by its id or --key, not by both");
}

/** The segment that was named. @throws {UsageError} none was named, or two were */
export function targetOf(target: Target | undefined, key: number | undefined): Target {
  refuseBoth(target, key);
  if (target !== undefined) return target;
  if (key !== undefined) return { key };
  throw new UsageError("which segment? Give its id, or --key; wasm-shm ls lists them");
}

/** @throws {ShmError} the segment does not exist, or the kernel refuses it to this user */
export async function openTarget(target: Target): Promise<Segment> {
  return openIn(await kernelShm(), target);
}

/** As openTarget, but at once. */
export function openIn(shm: Shm, target: Target): Segment {
  return shm.open("id" in target ? target.id : target);
}

/**
 * What the kernel says of a segment, also if its mode does not let this user read it.
 *
 * @throws {ShmError} the segment does not exist
 */
export async function infoOf(target: Target): Promise<SegmentInfo> {
  const shm = await kernelShm();
  const found = shm.list().find(({ id, key }) => ("id" in target ? id === target.id : key === (target.key | 0)));
  return found ?? (await openTarget(target)).stat();
}
