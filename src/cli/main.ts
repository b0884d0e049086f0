#!/usr/bin/env node
// wasm-shm on the command line. Exit codes: 0, 1 (the system said no), 2 (the command was misused).
import { exitCodeOf, quietPipes } from "./failure.js";
import { makeProgram } from "./program.js";

quietPipes();
try {
  await makeProgram().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
