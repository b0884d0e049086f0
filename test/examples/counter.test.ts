// examples/counter, run as a user would: its output, its exit code, and that it leaves no segment however it ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { isRunning, signalProcess } from "../support/processes.js";
import { peerOf, segmentsOf, until } from "../support/waiting.js";

const script = `${root}build/examples/counter/main.js`;
const counter = suite("examples/counter");
if (nativePairs.length === 0) counter.skip("runs", "there is no sysv host on this platform");
else {
  for (const times of [1, 300_000])
    counter(`adds 1 in two processes, ${times} times each, and loses none by Atomics`, () => {
      const ended = run(process.execPath, [script, String(times)]);
      assert.equal([ended.code, ended.stderr], [0, ""]);
      const [processes = "", atomic, plain = ""] = ended.stdout.split("\n");
      const pids = new RegExp(`^processes {2}(\\d+) and (\\d+), each adding 1, ${times} times$`).exec(processes) ?? [];
      const [, first, second] = pids;
      assert.ok(first && second && first !== second, processes);
      assert.is(atomic, `atomic     ${2 * times} of ${2 * times}: nothing lost`);
      const [, found = 0, lost = 0] = (/^plain {6}(\d+) of \d+: (\d+) lost$/.exec(plain) ?? []).map(Number);
      assert.is(found + lost, 2 * times);
      assert.ok(found > 0);
      assert.is(segmentsOf(Number(first)).length, 0);
    });

  counter("used wrongly prints its usage, and exits with 2", () => {
    for (const times of ["0", "-1", "1.5", "many", "1e99"]) {
      const ended = run(process.execPath, [script, times]);
      assert.equal([ended.code, ended.stdout], [2, ""]);
      assert.match(ended.stderr, /^Usage: node build\/examples\/counter\/main\.js/);
    }
  });

  for (const victim of ["first", "second"] as const)
    counter(`leaves no segment and no process when its ${victim} process is killed`, async () => {
      const child = spawn(process.execPath, [script, String(2 ** 30)], { stdio: ["ignore", "ignore", "pipe"] });
      const pid = child.pid as number;
      let said = "";
      child.stderr.on("data", (text: Buffer) => {
        said += text.toString();
      });
      const ended = once(child, "close");
      try {
        const other = await peerOf(pid);
        signalProcess(victim === "first" ? pid : other, "SIGKILL");
        const [code, signal] = (await ended) as [number | null, string | null];
        if (victim === "first") assert.is(signal, "SIGKILL");
        else assert.equal([code, said], [1, "the second process ended before it had counted\n"]);
        await until("the segment's end", () => segmentsOf(pid).length === 0);
        await until("the other's end", () => !isRunning(other));
      } finally {
        child.kill("SIGKILL");
      }
    });
}
counter.run();
