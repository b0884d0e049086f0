// Which segments may be removed without harm.
import { SegmentStatus } from "../../common/flags.js";
import type { SegmentInfo } from "../../host/host.js";
import type { SegmentDetails } from "./details.js";

/** Whether no process has attached the segment, and it has not been removed. */
export function isIdle(info: SegmentInfo): boolean {
  return info.nattch === 0 && !(info.mode & SegmentStatus.Destroyed);
}

/** An idle segment whose creator is gone. One whose creator's pid a newer process has is in doubt, and so is not one. */
export const isOrphan = ({ info, creator }: SegmentDetails): boolean => isIdle(info) && creator.state === "gone";
