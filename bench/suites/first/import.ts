// What `import "wasm-shm"` costs: the processor time of a new process that imports it, against one that imports an empty
// module. A program pays that even if it then calls nothing. Processor time varies less than the clock's, and has the
// threads of the engine that compile in it.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { within } from "../../harness/goals.js";
import { type AsyncRival, type Goal, named, type Timer } from "../../harness/group.js";
import { expectEqual } from "../../harness/proof.js";

/** What import.child.ts reports. */
export interface Imported {
  /** Processor time of the process up to the end of the import, with the engine's own start. */
  readonly nanoseconds: number;
  readonly has: boolean;
}

/** Beyond an empty module: 17 to 20 ms were measured, on Node 20. */
const BEYOND_MICROSECONDS = 25_000;

const EMPTY = "data:text/javascript,export const empty = true";

const script = fileURLToPath(new URL("./import.child.js", import.meta.url));
const execute = promisify(execFile);

function rival(name: string, specifier: string, exported: string, ...goals: Goal[]): AsyncRival {
  const run = async (): Promise<number> => {
    const { stdout } = await execute(process.execPath, [script, specifier, exported]);
    const { nanoseconds, has } = JSON.parse(stdout) as Imported;
    expectEqual(has, true, `whether ${name} exports ${exported}`);
    return nanoseconds;
  };
  return {
    name,
    operations: 1,
    async: true,
    selfTimed: true,
    run,
    async prove() {
      await run(); // which checks the answer
    },
    goals,
  };
}

export const importing = (time: Timer): Promise<void> =>
  time({
    ...named("processor time of an import", undefined, "new process"),
    cold: true,
    rivals: [
      rival("an empty module", EMPTY, "empty"),
      rival("wasm-shm", "wasm-shm", "createShm", within(BEYOND_MICROSECONDS, "beyond an empty module")),
      rival("wasm-shm/portable", "wasm-shm/portable", "createShm"),
    ],
  });
