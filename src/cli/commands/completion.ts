import { Argument, type Command } from "commander";
import { candidatesFor } from "../completion/candidates.js";
import { shells } from "../completion/shells.js";
import { writeOut } from "../io/output.js";
import { makeProgram } from "../program.js";

export function addCompletion(program: Command): void {
  program
    .command("completion")
    .summary("print a completion script for a shell")
    .description("Print a script with which the tab key of a shell completes commands, options, ids and keys.")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(shells)))
    .addHelpText("after", "\nExamples:\n  source <(wasm-shm completion bash)\n  wasm-shm completion fish | source")
    .action((shell: keyof typeof shells) => writeOut(shells[shell]));
  program
    .command("complete", { hidden: true })
    .description("Print the words that may come next on a command line, for the script of a shell.")
    .argument("[words...]")
    .action(async (words: string[]) => {
      const whole = await makeProgram(words.length > 1 ? words[0] : undefined);
      for (const line of await candidatesFor(whole, words)) await writeOut(`${line}\n`);
    });
}
