// Which words may come next on the command line, by the definitions that help is made from.
import type { Argument, Command, Option } from "commander";
import { kernelShm, loadLibrary } from "../args/target.js";
import { formatKey, formatSize } from "../format/numbers.js";
import { userName } from "../io/processes.js";
import { FILES_TOO } from "./shells.js";

interface Candidate {
  word: string;
  about?: string;
}

async function segments(nameOf: (info: { id: number; key: number }) => string): Promise<Candidate[]> {
  await loadLibrary();
  return kernelShm()
    .list()
    .map((info) => ({
      word: nameOf(info),
      about: `${formatSize(info.size)} of ${userName(info.uid)}, used by ${info.nattch}`,
    }));
}

const isVisible = ({ hidden }: Option): boolean => !hidden;

/** Values by the name of the option's or argument's placeholder: ids and keys are looked up, choices are known. */
async function valuesOf(name: string, choices: readonly string[] | undefined): Promise<Candidate[] | undefined> {
  if (choices) return choices.map((word) => ({ word }));
  if (name === "id") return segments(({ id }) => String(id));
  if (name === "operand") return [...(await segments(({ id }) => String(id))), { word: "new" }, { word: FILES_TOO }];
  if (name === "key" || name === "from-key" || name === "to-key")
    return (await segments(({ key }) => formatKey(key))).filter(({ word }) => word !== formatKey(0));
  return undefined;
}

/** An option's value: what is known of it, else nothing, as sizes and the like are the person's. */
async function optionValues(option: Option): Promise<Candidate[]> {
  return (await valuesOf(option.name(), option.argChoices)) ?? [];
}

/** An argument's: where nothing is known of it, it may be a file. */
async function argumentValues(argument: Argument | undefined): Promise<Candidate[]> {
  if (!argument) return [];
  return (await valuesOf(argument.name(), argument.argChoices)) ?? [{ word: FILES_TOO }];
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
    .filter(isVisible)
    .flatMap(({ short, long, description }) =>
      [long, short].filter((word) => word !== undefined).map((word) => ({ word, about: description })),
    );
}

const takesValue = (option: Option): boolean => option.required || option.optional;

/**
 * What the last of `words` may become.
 *
 * @param words those behind the program's name; bash has made three of `--key=0x51`
 */
export async function candidatesFor(program: Command, words: readonly string[]): Promise<string[]> {
  const typed = [...words];
  let current = typed.pop() ?? "";
  if (current === "=") current = "";
  let command = program;
  let optionsEnded = false;
  let position = 0;
  let pending: Option | undefined; // one that waits for its value
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
      if (word === "help") return answer(commandsOf(program), current);
    } else position++;
  }
  if (pending) return answer(await optionValues(pending), current);
  const assigned = optionsEnded ? null : /^(--[^=]+=)(.*)$/s.exec(current);
  if (assigned) {
    const [, name = "", value = ""] = assigned;
    const option = command.options.find(({ long }) => `${long}=` === name);
    if (!option) return [];
    const values = await optionValues(option);
    return answer(values, value).map((line) => name + line);
  }
  if (!optionsEnded && current.startsWith("-")) return answer(optionsOf(command), current);
  if (command === program) return answer(commandsOf(program), current);
  const argumentsOf = command.registeredArguments;
  const last = argumentsOf.at(-1);
  return answer(await argumentValues(argumentsOf[position] ?? (last?.variadic ? last : undefined)), current);
}

/** The lines that a shell's script reads. */
function answer(candidates: readonly Candidate[], start: string): string[] {
  return candidates
    .filter(({ word }) => word === FILES_TOO || word.startsWith(start))
    .map(({ word, about }) => (about === undefined ? word : `${word}\t${about.replaceAll(/\s+/g, " ")}`));
}
