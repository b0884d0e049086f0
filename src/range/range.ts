import { assemble } from "../common/assemble.js";
import { Changes } from "./change.js";
import { Checksums } from "./checksum.js";
import { Comparisons } from "./compare.js";
import { Copies } from "./copy.js";
import { Numbers } from "./numeric.js";
import { Searches } from "./search.js";
import { RangeTarget } from "./target.js";

export type { Checksum32, Checksum32Options, Checksum64, Checksum64Options } from "./checksum.js";
export type { CopiedBytes, RangeTextOptions, WindowBytes } from "./copy.js";

/**
 * Operations on the bytes of an attachment from `start` to `end`, in place: bytes from the window's start, `end` excluded;
 * the whole window by default. Every call throws `RangeError` `ERR_OUT_OF_RANGE` if the range is not inside the window, or
 * not a whole number of elements, `TypeError` `ERR_INVALID_ARG_TYPE` for a value of the wrong kind, `ShmError`
 * `ERR_SHM_DETACHED` after a detach, and `ERR_SHM_READ_ONLY` if it would change a read-only attachment; nothing has
 * changed then.
 */
export interface Ranges extends Checksums, Searches, Comparisons, Changes, Copies, Numbers {}

abstract class AllRanges extends RangeTarget {}

assemble(AllRanges, [Checksums, Searches, Comparisons, Changes, Copies, Numbers]);

/** The class of all operations. They are in classes of their own, a subject each; none knows another. */
export const Ranges = AllRanges as unknown as abstract new () => Ranges;
