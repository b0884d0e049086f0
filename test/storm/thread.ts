// A thread of a storm: random actions until the time is over. A worker starts with this module; the main thread imports it.
import { setImmediate as nextTurn } from "node:timers/promises";
import { isMainThread, workerData } from "node:worker_threads";
import { collect } from "../support/engine.js";
import { actions, refusals, Wrong } from "./actions.js";
import { Actor } from "./actor.js";
import type { ThreadOrders } from "./setup.js";

/** How long a thread works before its event loop has a turn, in which finalizers run. */
const TURN_MS = 10;

export const names = Object.keys(actions);
const bag = names.flatMap((name) => Array<string>(actions[name]?.weight ?? 0).fill(name));

/** Of messages, as a thread's error comes to others without its class. */
const WRONG = "a wrong answer: ";

/** Whether the error of a thread tells of an answer that may not be. */
export const isWrong = ({ message }: Error): boolean => message.startsWith(WRONG);

function act(actor: Actor, name: string): void {
  const { counts } = actor.orders;
  const index = 2 * names.indexOf(name);
  try {
    if (actions[name]?.run(actor)) Atomics.add(counts, index, 1);
  } catch (error) {
    const { code } = error as { code?: string };
    const isRefusal = refusals.includes(code ?? "");
    const isFull = error instanceof RangeError && /could not allocate memory|Unable to grow/.test(error.message);
    if (error instanceof Wrong) throw new Error(`${WRONG}${name}: ${error.stack}`);
    if (!isRefusal && !isFull) throw new Error(`${name}: ${(error as Error).stack}`);
    Atomics.add(counts, index + 1, 1);
    if (code === "ENOMEM" || isFull) {
      actor.end();
      collect();
    }
  }
}

/** Whether each action succeeded at least once, in any thread. On a busy machine that may take longer than the storm. */
const hasAll = (counts: Int32Array): boolean => names.every((_, index) => Atomics.load(counts, 2 * index) > 0);

/** Works until the time that the orders name. `between` runs between turns. */
export async function work(orders: ThreadOrders, between: () => Promise<void> | void = () => {}): Promise<void> {
  const actor = new Actor(orders);
  while (performance.timeOrigin + performance.now() < orders.end || !hasAll(orders.counts)) {
    const until = performance.now() + TURN_MS;
    while (performance.now() < until) act(actor, actor.random.of(bag));
    if (actor.random.oneIn(20)) collect();
    await nextTurn();
    await between();
  }
  actor.end();
}

if (!isMainThread) await work(workerData as ThreadOrders);
