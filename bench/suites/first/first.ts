// The time to the first call. A new process each time loads the package, and then attaches two segments and reads one
// number of each. Each step's time includes all that the engine compiles and instantiates in it.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type AsyncRival, type Group, named, type Timer } from "../../harness/group.js";
import { expectEqual } from "../../harness/proof.js";
import { coreOf, type Variant } from "../../harness/window.js";
import { importing } from "./import.js";

/** The times that first.child.ts reports: nanoseconds. */
export interface FirstCall {
  /** The number that it read. */
  readonly value: number;
  /** The import of the package. Not of the addon: createShm loads that, between the steps. */
  readonly load: number;
  readonly attach: number;
  /** The first cursor. If it is one of the wasm core, this compiles and instantiates that core. */
  readonly cursor: number;
  readonly read: number;
  /** The same for a second segment in the same process. */
  readonly secondCursor: number;
  readonly secondRead: number;
}

const EXPECTED = 0x5eed;

const script = fileURLToPath(new URL("./first.child.js", import.meta.url));
const execute = promisify(execFile);

/** The first calls of one core so far, each of a process of its own. Each group times another step of them. */
class Calls {
  readonly core: Variant;
  readonly #made: FirstCall[] = [];

  constructor(core: Variant) {
    this.core = core;
  }

  async at(index: number): Promise<FirstCall> {
    while (this.#made.length <= index) {
      const { stdout } = await execute(process.execPath, [script, this.core, String(EXPECTED)]);
      const call = JSON.parse(stdout) as FirstCall;
      expectEqual(call.value, EXPECTED, `what the first call read on the ${coreOf(this.core)}`);
      this.#made.push(call);
    }
    return this.#made[index] as FirstCall;
  }
}

const steps = {
  load: "import the package",
  attach: "first attach",
  cursor: "first cursor",
  read: "first readUint32",
  secondCursor: "second attachment's first cursor",
  secondRead: "second attachment's first readUint32",
} as const;

function group(step: keyof typeof steps, all: readonly [Calls, ...Calls[]]): Group<AsyncRival> {
  const rival = (calls: Calls): AsyncRival => {
    let next = 0;
    return {
      name: coreOf(calls.core),
      operations: 1,
      async: true,
      selfTimed: true,
      run: async () => (await calls.at(next++))[step],
      async prove() {
        await calls.at(0); // `at` checks the answer
      },
    };
  };
  const [base, ...others] = all;
  return { ...named(steps[step], undefined, "first call"), cold: true, rivals: [rival(base), ...others.map(rival)] };
}

export async function first(variant: Variant, time: Timer): Promise<void> {
  const all = [new Calls("js"), new Calls(variant)] as const;
  if (variant === "wasm") await importing(time); // once: it depends on no core
  for (const step of Object.keys(steps) as (keyof typeof steps)[]) await time(group(step, [...all]));
}
