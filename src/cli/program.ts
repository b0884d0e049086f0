import { Command } from "commander";
import { VERSION } from "../common/version.js";
import { commands } from "./commands/index.js";
import { HELP_HINT } from "./failure.js";

/** The command that asks for completions comes with the one that prints the scripts. */
const HIDDEN: Readonly<Record<string, string>> = { complete: "completion" };

/**
 * The command line. Help, completion and the manual are made from it.
 *
 * @param name the command that is wanted (default: all): it alone is loaded, if there is one of that name
 */
export async function makeProgram(name = ""): Promise<Command> {
  const program = new Command("wasm-shm")
    .description("Inspect System V shared memory segments, and copy bytes into and out of them.")
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError(HELP_HINT)
    .configureHelp({ subcommandTerm: (command) => command.name() });
  const load = commands[HIDDEN[name] ?? name];
  for (const one of load ? [load] : Object.values(commands)) (await one())(program);
  return program;
}
