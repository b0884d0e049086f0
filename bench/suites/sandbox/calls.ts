// The cost of one call of a guest: bare, in a sandbox on the caller's thread, and in a sandbox on a thread of its own.
import { readFileSync } from "node:fs";
import { createSandbox, type Segment } from "wasm-shm";
import { shorter, within } from "../../harness/goals.js";
import type { AsyncRival, Rival, Timer } from "../../harness/group.js";
import { expectEqual } from "../../harness/proof.js";
import { root } from "../../harness/root.js";

const answering = readFileSync(`${root}test/fixtures/hostile/exports.wasm`);
const ANSWER = 42;

export async function calls(segment: Segment, time: Timer): Promise<void> {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { answer } = new WebAssembly.Instance(new WebAssembly.Module(answering), { env: { memory } })
    .exports as unknown as { answer(): number };
  const inline = await createSandbox(answering, { windows: { data: { segment } }, isolation: "inline" });
  await using worker = await createSandbox(answering, { windows: { data: { segment } }, isolation: "thread" });
  const rival = (name: string, run: () => number): Rival => ({
    name,
    operations: 1,
    run,
    prove: () => expectEqual(run(), ANSWER, name),
  });
  const ask = async (): Promise<number> => (await worker.call("answer")) as number;
  const roundTrip: AsyncRival = {
    name: "worker sandbox",
    operations: 1,
    async: true,
    run: ask,
    prove: async () => expectEqual(await ask(), ANSWER, "worker sandbox"),
    goals: [{ ...shorter(250e3), text: "round trip within 250 µs" }],
  };
  await time({
    name: "call of an export",
    hasParties: true,
    rivals: [
      rival("bare", answer),
      { ...rival("inline sandbox", () => inline.call("answer") as number), goals: [within(2, "overhead")] },
      roundTrip,
    ],
  });
  inline.close();
}
