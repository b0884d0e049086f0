// How a command ends: what the user reads, and the exit code.
import { CommanderError } from "commander";
import { type HintId, hintIdOf } from "../common/hints.js";

/** The command was misused: its message is followed by a pointer to the help. */
export class UsageError extends Error {}

/** The command cannot be carried out; the message is all a user needs. */
export class Refusal extends Error {}

/** The command was not carried out in full, and has said so already. */
export class Told extends Error {}

const SYSTEM_SAID_NO = 1;
const MISUSED = 2;

/** The library's hints are for programs: what a user at a terminal does instead. Undefined: nothing. */
export const hintsForPeople: Readonly<Record<HintId, string | undefined>> = {
  openExisting: "without --exclusive it is opened",
  listSegments: "wasm-shm ls shows the segments that exist",
  listLocal: undefined, // no command uses the local host
  removeUnused: "wasm-shm ls lists what wasm-shm rm removes; wasm-shm limits says how to raise a limit",
  skipReservation: "--no-reserve skips the reservation",
  attachReadOnly: undefined, // a command attaches as it needs to
  detachUnused: "wasm-shm limits says how to raise it",
  raiseLimit: "wasm-shm limits says how to raise it",
  useSysv: undefined, // every command does
};

/** An error's message, with the hint at its end in words for a terminal. */
export function forPeople(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error;
  const { hint } = error as { hint?: string };
  const id = hintIdOf(hint);
  if (hint === undefined || id === undefined || !message.endsWith(`; ${hint}`)) return message;
  const refusal = message.slice(0, -`; ${hint}`.length);
  const words = hintsForPeople[id];
  return words === undefined ? refusal : `${refusal}; ${words}`;
}

/** Writes to standard error what went wrong, unless it is written already. */
export function exitCodeOf(error: unknown): number {
  // commander has written it; help and version are not failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
  if (error instanceof Told) return SYSTEM_SAID_NO;
  const { code } = error as { code?: unknown };
  const known = error instanceof Refusal || error instanceof UsageError || typeof code === "string";
  process.stderr.write(`wasm-shm: ${known ? forPeople(error) : (error as Error).stack}\n`);
  const misused = error instanceof UsageError || code === "ERR_OUT_OF_RANGE" || code === "ERR_INVALID_ARG_TYPE";
  if (error instanceof UsageError) process.stderr.write("(wasm-shm help COMMAND explains it)\n");
  return misused ? MISUSED : SYSTEM_SAID_NO;
}

/** A reader that closes the pipe early (`| head`) has what it needs: the command ends without an error. */
export function quietPipes(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit();
      if (stream === process.stdout) process.stderr.write(`wasm-shm: writing to standard output: ${error.message}\n`);
      process.exit(SYSTEM_SAID_NO);
    });
}
