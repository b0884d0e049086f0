// Data goes to standard output, words to standard error.

/** Writes bytes or text, and waits until they are out: they may lie in a window that is detached next. */
export function writeOut(data: Uint8Array | string): Promise<void> {
  // A failure is quietPipes's to tell; nothing comes after it.
  return new Promise((done) => process.stdout.write(data, (error) => error ?? done()));
}

/** A value for the next program. */
export function writeJson(value: unknown): Promise<void> {
  return writeOut(`${JSON.stringify(value, null, 2)}\n`);
}

/** A word to the person, never to the next program of a pipe. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
