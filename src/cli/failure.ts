// How a command ends when it fails: the message on standard error, and the exit code.
import { CommanderError } from "commander";
import { type HintId, hintIdOf } from "../common/hints.js";

/** The command was called in a wrong way. The message is printed with a pointer to the help. */
export class UsageError extends Error {}

/** The command cannot do what was asked. The message is all that a person needs: no stack is printed. */
export class UserError extends Error {}

/** Some of what was asked failed, and the command has printed why. */
export class AlreadyReported extends Error {}

const FAILED = 1;
const MISUSED = 2;

/** Printed after the message of a usage error. */
export const HELP_HINT = "(see wasm-shm help COMMAND)";

/** The library's hints are for programs: what a user at a terminal does instead. Undefined: nothing. */
export const hintsForPeople: Readonly<Record<HintId, string | undefined>> = {
  openExisting: "without --exclusive it is opened",
  listSegments: "wasm-shm ls shows the segments that exist",
  listLocal: undefined, // no command uses the local host
  removeUnused: "wasm-shm ls lists what wasm-shm rm removes; wasm-shm limits says how to raise a limit",
  skipReservation: "--no-reserve skips the reservation",
  attachReadOnly: undefined, // a command attaches as it needs to
  detachUnused: "wasm-shm limits says how to raise it",
  lessAddressSpace: "wasm-shm limits says how to raise it",
  useJs: undefined, // Node always compiles it
  raiseLimit: "wasm-shm limits says how to raise it",
  nameOwner: undefined, // no command changes permissions
  noTimeLimit: undefined, // no command runs guests
  shareMemory: undefined, // no command attaches into a memory
  ownProcess: undefined,
  nameNode: undefined,
  useSysv: undefined, // every command does
};

/** An error's message, with the hint at its end in words for a terminal. */
export function terminalMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error;
  const { hint } = error as { hint?: string };
  const id = hintIdOf(hint);
  if (hint === undefined || id === undefined || !message.endsWith(`; ${hint}`)) return message;
  const refusal = message.slice(0, -`; ${hint}`.length);
  const words = hintsForPeople[id];
  return words === undefined ? refusal : `${refusal}; ${words}`;
}

/** Adds to the message of an error what the command did about it. The error keeps its type, code and stack. */
export function addNote(error: unknown, note: string): void {
  if (error instanceof Error) error.message += `; ${note}`;
}

/** Prints on standard error what went wrong, unless it has been printed. @returns the exit code */
export function exitCodeOf(error: unknown): number {
  // commander has printed its message; help and version are not failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
  if (error instanceof AlreadyReported) return FAILED;
  const { code } = error as { code?: unknown };
  const known = error instanceof UserError || error instanceof UsageError || typeof code === "string";
  process.stderr.write(`wasm-shm: ${known ? terminalMessage(error) : (error as Error).stack}\n`);
  const misused =
    error instanceof UsageError || String(code).startsWith("ERR_INVALID_ARG") || code === "ERR_OUT_OF_RANGE";
  if (error instanceof UsageError) process.stderr.write(`${HELP_HINT}\n`);
  return misused ? MISUSED : FAILED;
}

/** A reader that closes the pipe early (`| head`) has what it wanted, so EPIPE ends the command without an error. */
export function quietPipes(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit();
      if (stream === process.stdout) process.stderr.write(`wasm-shm: writing to standard output: ${error.message}\n`);
      process.exit(FAILED);
    });
}
