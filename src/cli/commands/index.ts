// The commands, in the order of help and the manual. A new command is a file beside this one, and its line here.
import type { Command } from "commander";
import { addBuild } from "./build.js";
import { addChecksum } from "./checksum.js";
import { addCompletion } from "./completion.js";
import { addCopy } from "./copy.js";
import { addDump } from "./dump.js";
import { addLimits } from "./limits.js";
import { addLs } from "./ls.js";
import { addOpen } from "./open.js";
import { addRead } from "./read.js";
import { addRm } from "./rm.js";
import { addStat } from "./stat.js";
import { addWatch } from "./watch.js";

export const commands: readonly ((program: Command) => void)[] = [
  addLs,
  addStat,
  addOpen,
  addRead,
  addDump,
  addWatch,
  addCopy,
  addChecksum,
  addRm,
  addLimits,
  addBuild,
  addCompletion,
];
