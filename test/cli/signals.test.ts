// What a command does before it ends early, in a Node of its own: by a signal, by exit, and by an uncaught error.
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { moduleFile, root, runModule } from "../support/child.js";
import { signalProcess } from "../support/processes.js";

const imports = `
  import { writeSync } from "node:fs";
  import { onEarlyEnd } from "#src/cli/io/signals.js";
  const say = (text) => writeSync(1, text + "\\n");`;

/** Runs a module, sends a signal once it has printed "ready", and tells how it ended and what it printed after. */
async function interrupted(source: string, signal: NodeJS.Signals): Promise<[ended: string | number, printed: string]> {
  const child = spawn(process.execPath, [moduleFile(`${imports}\n${source}`)], {
    cwd: root,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    printed += chunk;
    if (chunk.includes("ready")) signalProcess(child.pid as number, signal);
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const [code, by] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  clearTimeout(limit);
  return [by ?? (code as number), printed.split("ready\n")[1] ?? ""];
}

const stay = `setInterval(() => {}, 1000); say("ready");`;

const ending = suite("An early end");
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  ending(
    `${signal}: runs the cleanups, the last registered first, and ends the process by the same signal`,
    async () => {
      const source = `onEarlyEnd((signal) => say("first " + signal)); onEarlyEnd((signal) => say("second " + signal)); ${stay}`;
      assert.equal(await interrupted(source, signal), [signal, `second ${signal}\nfirst ${signal}\n`]);
    },
  );

ending("a cleanup that was released does not run; with none left, a signal ends the process at once", async () => {
  const one = `const release = onEarlyEnd(() => say("released")); release(); release();`;
  assert.equal(await interrupted(`${one} ${stay}`, "SIGTERM"), ["SIGTERM", ""]);
  const source = `${one} onEarlyEnd(() => say("kept")); release(); ${stay}`;
  assert.equal(await interrupted(source, "SIGTERM"), ["SIGTERM", "kept\n"]);
});

ending("a signal waits for synchronous code that is running, and finds what that made", async () => {
  const source = `
    let made;
    onEarlyEnd(() => say("takes back " + made));
    setInterval(() => {}, 1000);
    say("ready");
    for (const limit = Date.now() + 300; Date.now() < limit; );
    made = "a segment";`;
  assert.equal(await interrupted(source, "SIGINT"), ["SIGINT", "takes back a segment\n"]);
});

ending("a cleanup that throws does not keep the process: the signal ends it", async () => {
  const source = `onEarlyEnd(() => { throw new Error("fails"); }); ${stay}`;
  assert.equal(await interrupted(source, "SIGTERM"), ["SIGTERM", ""]);
});

ending("exit and an uncaught error run the cleanups once, without a signal; released ones do not run", () => {
  const register = `${imports} onEarlyEnd((signal) => say("cleaned up " + signal));`;
  const exited = runModule(`${register} process.exit(3);`);
  assert.equal([exited.code, exited.stdout], [3, "cleaned up undefined\n"]);
  const failed = runModule(`${register} throw new Error("a bug");`);
  assert.equal([failed.code, failed.stdout], [1, "cleaned up undefined\n"]);
  const released = runModule(`${imports} onEarlyEnd(() => say("no"))();`);
  assert.equal([released.code, released.stdout], [0, ""]);
});
ending.run();
