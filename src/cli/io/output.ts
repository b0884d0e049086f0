// Data goes to standard output, messages to standard error.

/**
 * Writes bytes or text, and waits until they are written: they may lie in a window that is detached next. If the write
 * fails, the promise stays pending, and quietPipes ends the process.
 */
export function writeOut(data: Uint8Array | string): Promise<void> {
  return new Promise((done) => process.stdout.write(data, (error) => error ?? done()));
}

/** Writes a value for programs. */
export function writeJson(value: unknown): Promise<void> {
  return writeOut(`${JSON.stringify(value, null, 2)}\n`);
}

/** Writes a message for the person, which the next program of a pipe does not see. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
