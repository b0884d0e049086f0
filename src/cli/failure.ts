// How a command ends: what a person is told, and the exit code.
import { CommanderError } from "commander";

/** The command was misused: told with a pointer to its help. */
export class UsageError extends Error {}

/** It cannot be done; the message is all a person needs. */
export class Refusal extends Error {}

const SYSTEM_SAID_NO = 1;
const MISUSED = 2;

/** Says on standard error what went wrong, where nobody has yet. */
export function exitCodeOf(error: unknown): number {
  // commander has said it; help and version are not failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
  const { code, message } = error as { code?: unknown; message: string };
  const known = error instanceof Refusal || error instanceof UsageError || typeof code === "string";
  process.stderr.write(`wasm-shm: ${known ? message : (error as Error).stack}\n`);
  const misused = error instanceof UsageError || code === "ERR_OUT_OF_RANGE" || code === "ERR_INVALID_ARG_TYPE";
  return misused ? MISUSED : SYSTEM_SAID_NO;
}

/** A reader that closes the pipe early (`| head`) has what it wanted: no error, and nothing more to do. */
export function quietPipes(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit(0);
    });
}
