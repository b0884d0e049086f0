import { Command } from "commander";
import { VERSION } from "../version.js";
import { addRead } from "./commands/read.js";

/** The whole command line, from which help, completion and the man page come. */
export function makeProgram(): Command {
  const program = new Command("wasm-shm")
    .description("Looks at System V shared memory segments, and moves bytes in and out of them.")
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError("(wasm-shm help COMMAND explains it)");
  addRead(program);
  return program;
}
