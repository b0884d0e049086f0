// What a process of its own costs a guest: a call and a pass over a large window, against a thread; and the first call, against
// a Node that starts, and a guest that runs.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createSandbox, createSandboxPool, type Sandbox, type Segment } from "wasm-shm";
import { shorter } from "../../harness/goals.js";
import { type AsyncRival, type Goal, named, type Timer } from "../../harness/group.js";
import { expectEqual, fillFloats } from "../../harness/proof.js";
import { root } from "../../harness/root.js";
import { answer } from "../answer.js";

const answering = readFileSync(`${root}test/fixtures/hostile/exports.wasm`);
const summing = readFileSync(`${root}examples/guests/assemblyscript/guest.wasm`);
const ANSWER = 42;

/** At most so many times the base's time. */
export const atMost = (times: number): Goal => ({
  text: `at most ${times} times the time`,
  figure: (ratio) => ratio.toFixed(2),
  met: (ratio) => ratio <= times,
});

const asking = (name: string, run: () => Promise<number>, ...goals: Goal[]): AsyncRival => ({
  name,
  operations: 1,
  async: true,
  run,
  prove: async () => expectEqual(await run(), ANSWER, name),
  goals,
});

async function roundTrips(time: Timer): Promise<void> {
  await using thread = await createSandbox(answering, { isolation: "thread" });
  await using guest = await createSandbox(answering);
  await time({
    name: "call of a guest elsewhere",
    hasParties: true,
    rivals: [
      asking("thread", async () => (await thread.call("answer")) as number),
      asking("process", async () => (await guest.call("answer")) as number, atMost(1.7)),
      asking("process, callSync", async () => guest.callSync("answer") as number, atMost(0.6)),
    ],
  });
}

/** A rival that does `run` in a new process each time. */
const starting = (name: string, run: () => Promise<number>, ...goals: Goal[]): AsyncRival => ({
  ...asking(name, run, ...goals),
  selfTimed: true,
  prove: async () => void (await run()),
});

async function timed(use: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await use();
  return (performance.now() - start) * 1e6;
}

/** Nanoseconds from the start of a Node with that script to what it is waited for; not timed is its end after that. */
async function started(script: string, until: (child: ChildProcess) => Promise<unknown>): Promise<number> {
  let ended: Promise<unknown> | undefined;
  const took = await timed(async () => {
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    ended = once(child, "exit");
    await until(child);
  });
  await ended;
  return took;
}

async function sent(child: ChildProcess): Promise<void> {
  expectEqual(await answer(child), ANSWER, "a new process");
}

async function exited(child: ChildProcess): Promise<void> {
  const [code] = await once(child, "exit");
  expectEqual(code, 0, "the exit code of a new process");
}

async function firstCalls(time: Timer): Promise<void> {
  const coldly = async (): Promise<number> => {
    let sandbox: Sandbox | undefined;
    const took = await timed(async () => {
      sandbox = await createSandbox(answering);
      expectEqual(await sandbox.call("answer"), ANSWER, "a new sandbox");
    });
    await sandbox?.close();
    return took;
  };
  await time({
    ...named("a guest's process", undefined, "first call"),
    cold: true,
    rivals: [
      starting("a new Node, to its first message", () => started(`process.send(${ANSWER})`, sent)),
      starting("node -e 0, to its exit", () => started("0", exited)),
      starting("createSandbox and a call", coldly, atMost(1.3)),
    ],
  });
  await using guest = await createSandbox(answering);
  await using pool = await createSandboxPool(answering, { size: 1 });
  const warmly = async (): Promise<number> => {
    await sleep(400); // until the last call's process is replaced
    let took = 0;
    const start = performance.now();
    await pool.use(async (sandbox) => {
      expectEqual(await sandbox.call("answer"), ANSWER, "a lent guest");
      took = (performance.now() - start) * 1e6;
    });
    return took;
  };
  await time({
    ...named("a pool's runner", undefined, "first call"),
    cold: true,
    rivals: [
      starting("a running guest", () => timed(() => guest.call("answer"))),
      starting("a warm runner", warmly, { ...shorter(3e6), text: "first call within 3000 µs" }),
    ],
  });
}

/** The time of a pass over the window, the same by a thread and by a process. */
export async function throughput(segment: Segment, size: number, time: Timer): Promise<void> {
  const windows = { data: { segment } };
  const attachment = segment.attach();
  const rival = async (isolation: "thread" | "process", ...goals: Goal[]) => {
    const sandbox = await createSandbox(summing, { isolation, windows });
    const { byteOffset, byteLength } = sandbox.windows["data"] as { byteOffset: number; byteLength: number };
    const run = async (): Promise<number> => (await sandbox.call("sumFloats", byteOffset, byteLength)) as number;
    const prove = async (): Promise<void> => {
      const expected = fillFloats(attachment.bytes);
      expectEqual(await run(), expected, isolation);
    };
    return { sandbox, rival: { ...asking(isolation, run, ...goals), prove } };
  };
  const thread = await rival("thread");
  const guest = await rival("process", atMost(1.03));
  // Without the event loop, which takes 0.1 ms to wake after a pass of 3 ms: the speed of the guest itself.
  const { byteOffset, byteLength } = guest.sandbox.windows["data"] as { byteOffset: number; byteLength: number };
  const run = async (): Promise<number> => guest.sandbox.callSync("sumFloats", byteOffset, byteLength) as number;
  const blocking: AsyncRival = {
    ...guest.rival,
    name: "process, callSync",
    run,
    prove: async () => {
      const expected = fillFloats(attachment.bytes);
      expectEqual(await run(), expected, "process, callSync");
    },
  };
  await time({
    ...named("guest's sum elsewhere", size),
    hasParties: true,
    bytes: size,
    rivals: [thread.rival, guest.rival, blocking],
  });
  await Promise.all([thread.sandbox.close(), guest.sandbox.close()]);
  attachment.detach();
}

/** What does not depend on a window. */
export async function elsewhere(time: Timer): Promise<void> {
  await roundTrips(time);
  await firstCalls(time);
}
