// The segment that a command works on.
import { type Command, Option } from "commander";
import type { SegmentInfo } from "../../host/host.js";
import type { Segment } from "../../segment/segment.js";
import type { Shm } from "../../segment/shm.js";
import { UsageError } from "../failure.js";
import { parseKey, parseTarget, type Target } from "./values.js";

let kernel: (() => Shm) | undefined;
let shm: Shm | undefined;

/**
 * Loads the library, which help need not wait for, and completion seldom. program.ts has it done before every action.
 */
export async function loadLibrary(): Promise<void> {
  const { createShm } = await import("../../node.js");
  kernel = () => createShm({ host: "sysv" });
}

/**
 * The kernel's segments, never the in-process stand-in's: those nobody else sees.
 * @throws {ShmError} `ERR_SHM_UNSUPPORTED` not Linux, or the addon did not load
 */
export function kernelShm(): Shm {
  if (!kernel) throw new Error("loadLibrary() comes first");
  shm ??= kernel();
  return shm;
}

export interface TargetOptions {
  key?: number;
}

/** Adds `[ID]` and `--key` to a command that works on one segment. */
export function addTarget(command: Command): Command {
  return command
    .argument("[id]", "the segment's id, or key:KEY", parseTarget)
    .addOption(new Option("-k, --key <key>", "the segment's key, in place of its id").argParser(parseKey));
}

export interface TargetsOptions {
  key: Target[];
}

/** Adds `[ID...]` and `--key` to a command that works on several segments. */
export function addTargets(command: Command): Command {
  return command
    .argument("[id...]", "ids of segments, or key:KEY", (text: string, before: Target[] = []) => [
      ...before,
      parseTarget(text),
    ])
    .addOption(
      new Option("-k, --key <key>", "a segment's key, in place of its id; may be repeated")
        .argParser((text: string, before: Target[]) => [...before, { key: parseKey(text) }])
        .default([], "none"),
    );
}

/** Those that were named: at least one. @throws {UsageError} none was */
export function targetsOf(ids: readonly Target[] | undefined, { key }: TargetsOptions): Target[] {
  const targets = [...(ids ?? []), ...key];
  if (targets.length > 0) return targets;
  throw new UsageError("which segments? Give their ids, or --key; wasm-shm ls shows those there are");
}

/** The one that was named. @throws {UsageError} none was, or two were */
export function targetOf(target: Target | undefined, key: number | undefined): Target {
  if (target !== undefined && key !== undefined)
    throw new UsageError("name the segment by its id or by --key, not by both");
  if (target !== undefined) return target;
  if (key !== undefined) return { key };
  throw new UsageError("which segment? Give its id, or --key; wasm-shm ls shows those there are");
}

/** @throws {ShmError} there is none, or it is not for this user */
export function openTarget(target: Target): Segment {
  return kernelShm().open("id" in target ? target.id : target);
}

/**
 * What the kernel says of a segment, also where its mode lets this user not read it.
 * @throws {ShmError} there is none
 */
export function infoOf(target: Target): SegmentInfo {
  const found = kernelShm()
    .list()
    .find(({ id, key }) => ("id" in target ? id === target.id : key === (target.key | 0)));
  return found ?? openTarget(target).stat();
}
