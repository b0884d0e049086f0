// The cost of one call of a guest: bare, in a sandbox on the caller's thread, and in a sandbox on a thread of its own.
import { readFileSync } from "node:fs";
import { createSandbox, type Segment } from "wasm-shm";
import { within } from "../../harness/goals.js";
import type { Rival, Timer } from "../../harness/group.js";
import { expectEqual } from "../../harness/proof.js";
import { root } from "../../harness/root.js";

const answering = readFileSync(`${root}test/fixtures/hostile/exports.wasm`);
const ANSWER = 42;

/** Round trips that are timed before the group: the sandbox's calls are awaited, and each is timed by itself. */
const ROUND_TRIPS = 3000;

/** Nanoseconds of single calls of a guest on a thread of its own. */
async function roundTrips(segment: Segment): Promise<number[]> {
  await using sandbox = await createSandbox(answering, { windows: { data: { segment } } });
  const taken: number[] = [];
  for (let index = 0; index < ROUND_TRIPS; index++) {
    const began = process.hrtime.bigint();
    expectEqual(await sandbox.call("answer"), ANSWER, "a worker's answer");
    taken.push(Number(process.hrtime.bigint() - began));
  }
  return taken.slice(ROUND_TRIPS / 3); // without those before the engine compiled the code
}

export async function calls(segment: Segment, time: Timer): Promise<void> {
  const inline = await createSandbox(answering, { windows: { data: { segment } }, inline: true });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { answer } = new WebAssembly.Instance(new WebAssembly.Module(answering), { env: { memory } })
    .exports as unknown as { answer(): number };
  const answers = (name: string, run: () => number): Rival => ({
    name,
    operations: 1,
    run,
    prove: () => expectEqual(run(), ANSWER, name),
  });
  const taken = await roundTrips(segment);
  let next = 0;
  await time({
    name: "call of an export",
    rivals: [
      answers("bare", answer),
      { ...answers("inline sandbox", () => inline.call("answer") as number), goals: [within(2, "overhead")] },
      {
        name: "worker sandbox",
        operations: 1,
        selfTimed: true,
        prove: () => {}, // each answer was checked when it came
        run: () => taken[next++ % taken.length] as number,
        goals: [within(250, "round trip")],
      },
    ],
  });
  inline.close();
}
