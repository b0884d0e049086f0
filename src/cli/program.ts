import { Command } from "commander";
import { VERSION } from "../common/version.js";
import { loadLibrary } from "./args/target.js";
import { addChecksum } from "./commands/checksum.js";
import { addCompletion } from "./commands/completion.js";
import { addCopy } from "./commands/copy.js";
import { addDump } from "./commands/dump.js";
import { addLimits } from "./commands/limits.js";
import { addLs } from "./commands/ls.js";
import { addOpen } from "./commands/open.js";
import { addRead } from "./commands/read.js";
import { addRm } from "./commands/rm.js";
import { addStat } from "./commands/stat.js";
import { addWatch } from "./commands/watch.js";

/** The whole command line, from which help, completion and the man page come. */
export function makeProgram(): Command {
  const program = new Command("wasm-shm")
    .description("Looks at System V shared memory segments, and moves bytes in and out of them.")
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError("(wasm-shm help COMMAND explains it)")
    .hook("preAction", loadLibrary);
  addLs(program);
  addStat(program);
  addOpen(program);
  addRead(program);
  addDump(program);
  addWatch(program);
  addCopy(program);
  addChecksum(program);
  addRm(program);
  addLimits(program);
  addCompletion(program);
  return program;
}
