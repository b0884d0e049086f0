// How a command ends when it fails: the message on standard error, and the exit code.
import { CommanderError } from "commander";

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

/** The library advises programs; what a person at a terminal does instead. */
export const advice: readonly (readonly [forPrograms: string, forPeople: string])[] = [
  ["list() and ipcs -m show those there are", "wasm-shm ls shows those there are"],
  ["ipcs -m shows whose, ipcrm removes", "wasm-shm ls shows whose, wasm-shm rm removes"],
  ["open({ key }), or create with exclusive: false", "without --exclusive it is opened"],
  ["noReserve: true skips the reservation", "--no-reserve skips the reservation"],
  ['; access: "read-only" needs to read alone', ""],
];

/** What the library said of a failure, in words that suit a terminal. */
export function terminalMessage(message: string): string {
  const said = advice.reduce((text, [programs, people]) => text.replace(programs, people), message);
  return /\b(kernel|vm)\.[a-z_]+|ulimit -l/.test(said) ? `${said}; wasm-shm limits says how to raise it` : said;
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
  const { code, message } = error as { code?: unknown; message: string };
  const known = error instanceof UserError || error instanceof UsageError || typeof code === "string";
  process.stderr.write(`wasm-shm: ${known ? terminalMessage(message) : (error as Error).stack}\n`);
  const misused = error instanceof UsageError || code === "ERR_OUT_OF_RANGE" || code === "ERR_INVALID_ARG_TYPE";
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
