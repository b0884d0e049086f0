// How a command ends: what a person is told, and the exit code.
import { CommanderError } from "commander";

/** The command was misused: told with a pointer to its help. */
export class UsageError extends Error {}

/** It cannot be done; the message is all a person needs. */
export class UserError extends Error {}

/** It could not all be done, and that has been told already. */
export class AlreadyReported extends Error {}

const SYSTEM_SAID_NO = 1;
const MISUSED = 2;

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

/** Says on standard error what went wrong, where nobody has yet. */
export function exitCodeOf(error: unknown): number {
  // commander has said it; help and version are not failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
  if (error instanceof AlreadyReported) return SYSTEM_SAID_NO;
  const { code, message } = error as { code?: unknown; message: string };
  const known = error instanceof UserError || error instanceof UsageError || typeof code === "string";
  process.stderr.write(`wasm-shm: ${known ? terminalMessage(message) : (error as Error).stack}\n`);
  const misused = error instanceof UsageError || code === "ERR_OUT_OF_RANGE" || code === "ERR_INVALID_ARG_TYPE";
  if (error instanceof UsageError) process.stderr.write("(wasm-shm help COMMAND explains it)\n");
  return misused ? MISUSED : SYSTEM_SAID_NO;
}

/** A reader that closes the pipe early (`| head`) has what it wanted: no error, and nothing more to do. */
export function quietPipes(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit();
      if (stream === process.stdout) process.stderr.write(`wasm-shm: writing to standard output: ${error.message}\n`);
      process.exit(SYSTEM_SAID_NO);
    });
}
