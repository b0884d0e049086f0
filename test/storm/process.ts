// The process of a storm: five threads, of which four are ended at random times and started again. Its argument is a JSON
// text of Orders. Prints how often each action succeeded and was refused, as JSON.
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { open } from "wasm-shm";
import { storesModule } from "../native/guarded.js";
import { collect, isBun } from "../support/engine.js";
import { Random } from "../support/random.js";
import { type Orders, SLOT_PAGES, THREADS, type ThreadOrders } from "./setup.js";
import { isWrong, names, work } from "./thread.js";

const THREAD = fileURLToPath(new URL("thread.js", import.meta.url));

/** The time between two terminations, at most. */
const MOST_LIFE_MS = 700;

const { seed, seconds, scribbled, canary } = JSON.parse(process.argv[2] as string) as Orders;
const random = new Random(seed);
let errorsAtEnd = 0;
const counts = new Int32Array(new SharedArrayBuffer(8 * names.length));
const end = performance.timeOrigin + performance.now() + seconds * 1000;

function ordersOf(index: number, memory: WebAssembly.Memory): ThreadOrders {
  return { seed: random.word(), index, memory, modules, counts, end, scribbled, canary };
}

const modules = {
  plain: new WebAssembly.Module(storesModule(false) as BufferSource),
  shared: new WebAssembly.Module(storesModule(true) as BufferSource),
};

/** Runs the threads to their end. Nothing of the common memory is left here then. */
async function storm(): Promise<number> {
  const pages = THREADS * SLOT_PAGES;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 1000, shared: true });
  const workers = new Map<number, Worker>();
  const exits = new Map<number, Promise<unknown>>();
  const ending = new Set<Worker>();
  let terminations = 0;

  function start(index: number): void {
    const worker = new Worker(THREAD, { workerData: ordersOf(index, memory) });
    worker.on("error", (error) => {
      // worker.terminate() has Node-API refuse calls before it ends the thread, which may see that on a busy machine.
      if (ending.has(worker) && !isWrong(error as Error)) errorsAtEnd++;
      else throw error; // uncaught: the process ends with its stack
    });
    workers.set(index, worker);
    exits.set(index, new Promise((resolve) => worker.on("exit", resolve)));
  }

  let next = 0;
  async function terminateOne(): Promise<void> {
    if (performance.now() < next) return;
    next = performance.now() + random.below(MOST_LIFE_MS);
    const index = 1 + random.below(THREADS - 1);
    const worker = workers.get(index);
    if (worker) ending.add(worker);
    await worker?.terminate();
    terminations++;
    start(index);
  }

  for (let index = 1; index < THREADS; index++) start(index);
  await work(ordersOf(0, memory), terminateOne);
  await Promise.all(exits.values());
  return terminations;
}

/** Attachments that are left, once the collector has had time; undefined in Bun, where those that were dropped stay. */
async function left(): Promise<number[] | undefined> {
  if (isBun) return undefined;
  const segments = [...scribbled, canary].map((id) => open(id));
  const now = (): number[] => segments.map((segment) => segment.stat().nattch);
  const peers = (index: number): number => (index < scribbled.length ? 1 : 0);
  const limit = performance.now() + 20_000;
  while (performance.now() < limit && now().some((count, index) => count > peers(index))) {
    collect();
    await sleep(20);
  }
  return now().map((count, index) => count - peers(index));
}

const terminations = await storm();
const results = names.map((name, index) => [name, counts[2 * index], counts[2 * index + 1]]);
console.log(JSON.stringify({ terminations, errorsAtEnd, left: await left(), results }));
