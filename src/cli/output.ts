// Data goes to standard output, words to standard error.
import { once } from "node:events";

/** Writes bytes or text, and waits until there is room for more. */
export async function writeOut(data: Uint8Array | string): Promise<void> {
  if (!process.stdout.write(data)) await once(process.stdout, "drain");
}

/** A word to the person, never to the next program of a pipe. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
