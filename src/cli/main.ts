#!/usr/bin/env node
// The command line of wasm-shm. Exit codes: 0 success, 1 failure, 2 usage error.
import { exitCodeOf, quietPipes } from "./failure.js";
import { makeProgram } from "./program.js";

quietPipes();
try {
  await makeProgram().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
