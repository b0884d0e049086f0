import { Argument, type Command } from "commander";
import { candidatesFor } from "../completion/candidates.js";
import { shells } from "../completion/shells.js";
import { writeOut } from "../io/output.js";

export function addCompletion(program: Command): void {
  program
    .command("completion")
    .summary("a script by which a shell completes commands, options and ids")
    .description("Prints a script for a shell, by which the tab key completes commands, options, ids and keys.")
    .addArgument(new Argument("<shell>", "which shell").choices(Object.keys(shells)))
    .addHelpText("after", "\nExamples:\n  source <(wasm-shm completion bash)\n  wasm-shm completion fish | source")
    .action((shell: keyof typeof shells) => writeOut(shells[shell]));
  program
    .command("complete", { hidden: true })
    .description("What may come next on a command line: the script of a shell asks.")
    .argument("[words...]")
    .action(async (words: string[]) => {
      for (const line of await candidatesFor(program, words)) await writeOut(`${line}\n`);
    });
}
