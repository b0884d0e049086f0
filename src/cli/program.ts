import { Command } from "commander";
import { VERSION } from "../common/version.js";
import { commands } from "./commands/index.js";
import { HELP_HINT } from "./failure.js";

/** The whole command line. Help, completion and the manual are made from it. */
export function makeProgram(): Command {
  const program = new Command("wasm-shm")
    .description("Inspect System V shared memory segments, and copy bytes into and out of them.")
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError(HELP_HINT)
    .configureHelp({ subcommandTerm: (command) => command.name() });
  for (const add of commands) add(program);
  return program;
}
