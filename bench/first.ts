// Time to the first call, apart from all that follows: a new process each time, that loads the package, makes a segment and
// an attachment, and reads one number. What the engine compiles and instantiates on the way is all there.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type AsyncRival, type Group, named, type Timer } from "./harness.js";
import { coreOf, expectEqual, type Variant } from "./window.js";

/** What bench/firstcall.ts says of itself: nanoseconds. */
export interface FirstCall {
  /** What it read. */
  readonly value: number;
  /** The import of the package, the addon among it. */
  readonly load: number;
  readonly attach: number;
  /** The first cursor: where it has a wasm core, that is compiled and instantiated here. */
  readonly cursor: number;
  readonly read: number;
  /** The same again, of another segment, in the same process. */
  readonly secondCursor: number;
  readonly secondRead: number;
}

const EXPECTED = 0x5eed;

const script = fileURLToPath(new URL("./firstcall.js", import.meta.url));
const execute = promisify(execFile);

async function firstCall(variant: Variant): Promise<FirstCall> {
  const { stdout } = await execute(process.execPath, [script, variant, String(EXPECTED)]);
  return JSON.parse(stdout) as FirstCall;
}

const steps = {
  load: "import the package",
  attach: "first attach",
  cursor: "first cursor",
  read: "first readUint32",
  secondCursor: "second attachment's first cursor",
  secondRead: "second attachment's first readUint32",
} as const;

/** One step, by the core, beside the same by the js core. */
function group(variant: Variant, step: keyof typeof steps): Group<AsyncRival> {
  const rival = (core: Variant): AsyncRival => ({
    name: coreOf(core),
    operations: 1,
    async: true,
    selfTimed: true,
    run: async () => (await firstCall(core))[step],
    async prove() {
      expectEqual((await firstCall(core)).value, EXPECTED, `what the first call read on the ${coreOf(core)}`);
    },
  });
  return { ...named(steps[step], undefined, "first call"), cold: true, rivals: [rival("js"), rival(variant)] };
}

export async function first(variant: Variant, time: Timer): Promise<void> {
  for (const step of Object.keys(steps) as (keyof typeof steps)[]) await time(group(variant, step));
}
