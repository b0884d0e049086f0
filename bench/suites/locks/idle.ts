// The CPU time of a process that only waits: for nothing, and for 1,000 locks that another process holds.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Attachment } from "wasm-shm";
import { named, type Timer } from "../../harness/group.js";
import { expectEqual } from "../../harness/proof.js";
import { answer } from "../answer.js";
import { HELD, IDLE_MS, place } from "./places.js";

/** What a sleep and a clock differ by: a thousandth of a core. */
const NOTHING_NS = IDLE_MS * 1e3;

const script = fileURLToPath(new URL("./waiter.child.js", import.meta.url));

export async function idle(attachment: Attachment, id: number, time: Timer): Promise<void> {
  const domain = attachment.join();
  const mutexes = Array.from({ length: HELD }, (_, index) => domain.mutex(place.held + 64 * index));
  for (const mutex of mutexes) mutex.lockSync();
  const children: ChildProcess[] = [];
  const rival = async (name: string, count: number) => {
    const child = fork(script, [String(id), String(count)], {
      execArgv: [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    children.push(child);
    expectEqual(await answer(child), "waits", name);
    const run = async (): Promise<number> => {
      child.send("look");
      return (await answer(child)) as number;
    };
    const prove = () => expectEqual(mutexes.filter((mutex) => mutex.owner?.self === true).length, HELD, name);
    return { name, operations: 1, async: true as const, selfTimed: true, run, prove };
  };
  try {
    await time({
      ...named("CPU time of 100 ms", undefined, "idle"),
      cold: true,
      rivals: [
        await rival("no waits", 0),
        {
          ...(await rival("1,000 waits", HELD)),
          goals: [
            {
              text: "no measurable CPU: within a thousandth of a core of no waits",
              figure: (_ratio, extra) => `${(extra / 1000).toFixed(0)} µs`,
              met: (_ratio, extra) => extra <= NOTHING_NS,
            },
          ],
        },
      ],
    });
  } finally {
    const ends = children.map((child) => once(child, "exit"));
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(ends);
    domain.leave();
  }
}
