#!/usr/bin/env node
// The command line of wasm-shm. Exit codes: 0 success, 1 failure, 2 usage error.

/** The rest is imported here: if a file cannot be read (EMFILE), that is one line and not the loader's stack. */
async function main(): Promise<void> {
  const { exitCodeOf, quietPipes } = await import("./failure.js");
  quietPipes();
  try {
    const { makeProgram } = await import("./program.js");
    await (await makeProgram(process.argv[2])).parseAsync();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`wasm-shm: ${(error as Error).message}\n`);
  process.exitCode = 1;
});
