// The words that may come next on a command line, from the definitions that help is made from.
import type { Argument, Command, Option } from "commander";
import { type Candidate, FILE_NAMES, valuesOf } from "./values.js";

/** An option's value. If nothing is known about it, nothing is offered: a size or a mode is the person's to choose. */
async function optionValues(option: Option): Promise<Candidate[]> {
  return (await valuesOf(option)) ?? [];
}

/** An argument. If nothing is known about it, it may be a file. */
async function argumentValues(argument: Argument | undefined): Promise<Candidate[]> {
  if (!argument) return [];
  return (await valuesOf(argument)) ?? [FILE_NAMES];
}

function commandsOf(program: Command): Candidate[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => ({ word: command.name(), about: command.summary() || command.description() }));
}

function optionsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ short, long, description }) =>
      [long, short].filter((word) => word !== undefined).map((word) => ({ word, about: description })),
    );
}

const takesValue = (option: Option): boolean => option.required || option.optional;

/**
 * What the last of `words` may become: a line for each candidate, with a tab and a description if it has one.
 *
 * @param words those after the program's name. bash splits `--key=0x51` into three
 */
export async function candidatesFor(program: Command, words: readonly string[]): Promise<string[]> {
  const typed = [...words];
  let current = typed.pop() ?? "";
  if (current === "=") current = "";
  let command = program;
  let optionsEnded = false;
  let position = 0;
  let pending: Option | undefined; // an option whose value is next
  for (const word of typed) {
    if (word === "=") continue;
    if (pending) pending = undefined;
    else if (word === "--") optionsEnded = true;
    else if (!optionsEnded && word.startsWith("-")) {
      const option = command.options.find(({ short, long }) => word === short || word === long);
      if (option && takesValue(option)) pending = option;
    } else if (command === program) {
      const found = program.commands.find((candidate) => candidate.name() === word);
      if (word !== "help" && !found) return [];
      command = found ?? command;
      if (word === "help") return linesOf(commandsOf(program), current);
    } else position++;
  }
  if (pending) return linesOf(await optionValues(pending), current);
  const assigned = optionsEnded ? null : /^(--[^=]+=)(.*)$/s.exec(current);
  if (assigned) {
    const [, name = "", value = ""] = assigned;
    const option = command.options.find(({ long }) => `${long}=` === name);
    if (!option) return [];
    const values = await optionValues(option);
    return linesOf(values, value).map((line) => name + line);
  }
  if (!optionsEnded && current.startsWith("-")) return linesOf(optionsOf(command), current);
  if (command === program) return linesOf(commandsOf(program), current);
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  return linesOf(await argumentValues(registeredArguments[position] ?? (last?.variadic ? last : undefined)), current);
}

/** The candidates that begin with what was typed, as lines for a shell's script. */
function linesOf(candidates: readonly Candidate[], start: string): string[] {
  return candidates
    .filter((candidate) => candidate === FILE_NAMES || candidate.word.startsWith(start))
    .map(({ word, about }) => (about === undefined ? word : `${word}\t${about.replaceAll(/\s+/g, " ")}`));
}
