// What the kernel says of a segment, and the user and the processes behind its numbers.
import type { SegmentInfo } from "../../host/host.js";
import { type ProcessInfo, processOf } from "./processes.js";
import { userName } from "./users.js";

export interface SegmentDetails {
  info: SegmentInfo;
  owner: string;
  creator: ProcessInfo;
  /** The process that attached or detached last. */
  last: ProcessInfo;
}

export function detailsOf(info: SegmentInfo): SegmentDetails {
  const used = [info.atime, info.dtime].filter((time) => time !== undefined).map(Number);
  const lastUse = used.length === 0 ? undefined : new Date(Math.max(...used));
  return {
    info,
    owner: userName(info.uid),
    creator: processOf(info.cpid, info.ctime),
    last: processOf(info.lpid, lastUse),
  };
}
