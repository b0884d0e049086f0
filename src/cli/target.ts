// The segment that a command works on.
import { type Command, Option } from "commander";
import { createShm, type Segment, type Shm } from "../index.js";
import { UsageError } from "./failure.js";
import { parseKey, parseTarget, type Target } from "./values.js";

let kernel: Shm | undefined;

/** The kernel's segments, never the in-process stand-in's: those nobody else sees. */
export function kernelShm(): Shm {
  kernel ??= createShm({ host: "native" });
  return kernel;
}

/** Adds `[ID]` and `--key` to a command that works on one segment. */
export function addTarget(command: Command): Command {
  return command
    .argument("[id]", "the segment's id, or key:KEY", parseTarget)
    .addOption(new Option("-k, --key <key>", "the segment's key, in place of its id").argParser(parseKey));
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
