// The manual, from the definitions that help is made from: as a man page and as Markdown.
import type { Command, Option } from "commander";
import { VERSION } from "../common/version.js";

interface Entry {
  name: string;
  usage: string;
  description: string;
  terms: { term: string; description: string }[];
  examples: string[];
}

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

/** The lines that help prints under `Example:`. The program is the manual's own: what it writes comes here from now on. */
function examplesOf(command: Command): string[] {
  let help = "";
  command.configureOutput({ writeOut: (text) => (help += text) });
  command.outputHelp();
  const [, examples = ""] = help.split(/^Examples?:$/m);
  return [...examples.matchAll(/^ {2}(.+)$/gm)].map(([, line]) => line as string);
}

function optionDescription(option: Option): string {
  const choices = option.argChoices ? `: ${option.argChoices.join(", ")}` : "";
  const value = option.defaultValueDescription ?? option.defaultValue;
  const plain = value === undefined || typeof value === "boolean" || Array.isArray(value) || value === "none";
  return sentence(`${option.description}${choices}${plain ? "" : ` (default: ${value})`}`);
}

function entryOf(program: Command, command: Command): Entry {
  const help = command.createHelp();
  return {
    name: command.name(),
    usage: `${program.name()} ${command.name()} ${command.usage()}`,
    description: sentence(command.description()),
    terms: [
      ...help.visibleArguments(command).map((argument) => ({
        term: argument.name().toUpperCase(),
        description: sentence(
          `${argument.description}${argument.argChoices ? `: ${argument.argChoices.join(", ")}` : ""}`,
        ),
      })),
      ...help
        .visibleOptions(command)
        .filter(({ long }) => long !== "--help")
        .map((option) => ({ term: option.flags, description: optionDescription(option) })),
    ],
    examples: examplesOf(command),
  };
}

/** When what is said here, and not in the definitions, was last revised. */
const REVISED = "2026-11-24";

const SUMMARY = "System V shared memory segments on the command line";

const PREFACE = [
  "Data goes to standard output, words to standard error.",
  "A segment is named by its ID, as ls shows it, as key:KEY, or by --key. Sizes and offsets are bytes: 4096, 0x1000, " +
    "64K, 1.5G. K, M and G are powers of 1024; KB, MB and GB of 1000.",
  "Each command explains itself with --help.",
];

const STATUS: readonly (readonly [code: string, meaning: string])[] = [
  ["0", "Done. A reader that closes the pipe early has what it wanted: that is no failure."],
  [
    "1",
    "The system said no. The message says what was asked, why it failed and, at a limit, which setting to look at.",
  ],
  ["2", "The command was misused."],
];

const ENVIRONMENT = "Never, or always, colour what is for people. Else colours go to terminals alone.";

const SEE_ALSO = "ipcs(1), ipcrm(1), shmget(2), shmop(2), shmctl(2), sysvipc(7)";

/** Commands of the manual, in the order of help. */
function entriesOf(program: Command): Entry[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== "help")
    .map((command) => entryOf(program, command));
}

/** Text for roff: a backslash, a hyphen that is typed, and a line that would be a request. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^([.'])/gm, "\\&$1");
}

/** A page of man(1). @see man(7) */
export function manualPage(program: Command): string {
  const lines = [
    '.\\" Written by npm run build:manual, from the definitions of the commands.',
    `.TH WASM\\-SHM 1 "${REVISED}" "wasm\\-shm ${VERSION}" "User Commands"`,
    ".SH NAME",
    `wasm\\-shm, shm \\- ${SUMMARY}`,
    ".SH SYNOPSIS",
    ...entriesOf(program).flatMap(({ usage }, index) => [...(index > 0 ? [".br"] : []), `.B ${roff(usage)}`]),
    ".SH DESCRIPTION",
    roff(program.description()),
    ...PREFACE.flatMap((paragraph) => [".PP", roff(paragraph)]),
    ".SH COMMANDS",
    ...entriesOf(program).flatMap(({ usage, description, terms, examples }) => [
      `.SS ${roff(usage)}`,
      roff(description),
      ...terms.flatMap((entry) => [".TP", `.B ${roff(entry.term)}`, roff(entry.description)]),
      ...(examples.length > 0 ? [".PP", examples.length > 1 ? "Examples:" : "Example:", ".PP", ".nf"] : []),
      ...examples.map((example) => `.RS 4\n${roff(example)}\n.RE`),
      ...(examples.length > 0 ? [".fi"] : []),
    ]),
    ".SH EXIT STATUS",
    ...STATUS.flatMap(([code, meaning]) => [".TP", `.B ${code}`, roff(meaning)]),
    ".SH ENVIRONMENT",
    ".TP",
    ".B NO_COLOR, FORCE_COLOR",
    ENVIRONMENT,
    ".SH SEE ALSO",
    roff(SEE_ALSO),
  ];
  return `${lines.join("\n")}\n`;
}

const asCode = (text: string): string => `\`${text}\``;

/** The same as Markdown. */
export function manualMarkdown(program: Command): string {
  const parts = [
    "# The command line",
    "Written by `npm run build:manual`, from the definitions of the commands; `docs/wasm-shm.1` is the same for `man`. " +
      "`shm` is short for `wasm-shm`.",
    program.description(),
    ...PREFACE,
    ...entriesOf(program).flatMap(({ name, usage, description, terms, examples }) => [
      `## ${name}`,
      `\`\`\`text\n${usage}\n\`\`\``,
      description,
      terms.map((entry) => `- ${asCode(entry.term)}: ${entry.description}`).join("\n"),
      ...(examples.length > 0 ? [`\`\`\`sh\n${examples.join("\n")}\n\`\`\``] : []),
    ]),
    "## Exit status",
    STATUS.map(([code, meaning]) => `- ${asCode(code)}: ${meaning}`).join("\n"),
    "## Environment",
    `- ${asCode("NO_COLOR")}, ${asCode("FORCE_COLOR")}: ${ENVIRONMENT}`,
    `See also ${SEE_ALSO}.`,
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}
