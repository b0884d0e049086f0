// waitWord and wakeWord: a futex between two processes, and what they answer to anything else.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { create } from "wasm-shm";
import { processCallsOf, sysvHost } from "#src/host/sysv.js";
import { suite } from "../suite.js";
import { end, runModule, startModule } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";

const EAGAIN = -11;
const EINVAL = -22;
const ETIMEDOUT = -110;

const word = suite("A word to wait at");
const calls = nativePairs.length === 0 ? undefined : processCallsOf(sysvHost());
if (!calls) word.skip("all", "there is no addon on this platform");
else {
  const { waitWord, wakeWord } = calls;
  const own = new Int32Array(4);

  word("is not waited at if it has another value", () => {
    assert.is(waitWord(own, 3, 7, 1000), EAGAIN);
    own[3] = -1;
    assert.is(waitWord(own, 3, -1, 0), ETIMEDOUT);
    own[3] = 0;
  });

  word("is waited at until the time", () => {
    const begin = performance.now();
    assert.is(waitWord(own, 0, 0, 50), ETIMEDOUT);
    const past = performance.now() - begin;
    assert.ok(past >= 49 && past < 5000, `${past}`);
    assert.is(wakeWord(own, 0), 0);
  });

  word("refuses all that is not one of an Int32Array", () => {
    const others: unknown[] = [undefined, null, 1, {}, [0], new Uint32Array(4), new Uint8Array(4), new Int32Array(0)];
    const detached = new Int32Array(4);
    structuredClone(detached, { transfer: [detached.buffer] });
    for (const array of [...others, detached] as Int32Array[]) {
      assert.is(waitWord(array, 0, 0, 0), EINVAL);
      assert.is(wakeWord(array, 0), EINVAL);
    }
    for (const index of [-1, 4, 0.5, Number.NaN, 2 ** 32, "0", undefined] as number[]) {
      assert.is(waitWord(own, index, 0, 0), EINVAL);
      assert.is(wakeWord(own, index), EINVAL);
    }
    for (const value of [2 ** 31, -(2 ** 31) - 1, 0.5, "0", undefined] as number[])
      assert.is(waitWord(own, 0, value, 0), EINVAL);
    for (const time of [-1, Number.NaN, "0", undefined] as number[]) assert.is(waitWord(own, 0, 0, time), EINVAL);
    own[0] = 1;
    assert.is(waitWord(own, 0, 0, Number.POSITIVE_INFINITY), EAGAIN);
    own[0] = 0;
  });

  word("wakes a process that waits, also through a read-only window", async () => {
    const segment = create(4096);
    try {
      const words = new Int32Array(segment.attach().bytes.buffer, segment.attach().byteOffset, 4);
      const child = await startModule(`
        import { open } from "wasm-shm";
        import { processCallsOf, sysvHost } from "#src/host/sysv.js";
        const { memory, byteOffset } = open(${segment.id}).attach({ access: "read-only" });
        const words = new Int32Array(memory.buffer, byteOffset, 4);
        const { waitWord } = processCallsOf(sysvHost());
        process.stdout.write("ready\\n", () => process.exit(waitWord(words, 1, 0, 20_000) === 0 ? 3 : 4));
      `);
      const exited = new Promise((resolve) => child.on("exit", resolve));
      const limit = setTimeout(() => child.kill("SIGKILL"), 20_000);
      try {
        for (let woken = 0; woken === 0 && child.exitCode === null && child.signalCode === null; )
          woken = await new Promise((resolve) => setTimeout(() => resolve(wakeWord(words, 1)), 2));
        assert.is(await exited, 3);
      } finally {
        clearTimeout(limit);
        await end(child, "SIGKILL");
      }
    } finally {
      segment[Symbol.dispose]();
    }
  });

  word("exitGroup ends the process with its code, and runs no handler", () => {
    for (const [argument, expected] of [
      ["0", 0],
      ["255", 255],
      ["256", 1],
      ["-1", 1],
      ["'3'", 1],
      ["", 1],
    ] as const) {
      const { code, stdout } = runModule(`
        import { processCallsOf, sysvHost } from "#src/host/sysv.js";
        process.on("exit", () => console.log("handler"));
        processCallsOf(sysvHost()).exitGroup(${argument});`);
      assert.equal([code, stdout], [expected, ""]);
    }
  });

  word("the other calls of a process refuse wrong arguments, and change nothing", () => {
    const { code, stdout, stderr } = runModule(`
      import { readFileSync } from "node:fs";
      import { processCallsOf, sysvHost } from "#src/host/sysv.js";
      const { bindToParent, limitResources, filterCalls } = processCallsOf(sysvHost());
      const wrong = [undefined, null, true, -1, 0, 0.5, NaN, Infinity, 2 ** 53, 1n, "1", {}, [], () => 1, new Int8Array(8), new Uint32Array(8)];
      const good = new Int32Array(2);
      const answers = new Set();
      for (const one of wrong) {
        answers.add(bindToParent(one)).add(limitResources(one)).add(filterCalls(one, good)).add(filterCalls(good, one));
      }
      answers.add(filterCalls(new Int32Array(3), good)); // pairs
      answers.add(filterCalls(new Int32Array(514), good)).add(filterCalls(good, new Int32Array(65)));
      const status = readFileSync("/proc/self/status", "latin1");
      console.log(JSON.stringify([[...answers], /NoNewPrivs:\\s0/.test(status), /Seccomp:\\s[^0]/.test(status)]));`);
    assert.is(code, 0, stderr);
    assert.equal(JSON.parse(stdout), [[EINVAL], true, /^Seccomp:\s[^0]/m.test(ownStatus())]);
  });
}
word.run();

function ownStatus(): string {
  return readFileSync("/proc/self/status", "latin1");
}
