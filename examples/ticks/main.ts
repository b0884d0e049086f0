// node build/examples/ticks/main.js: one process publishes prices to subscribers of different speed. A slow one misses some,
// is told how many, and holds up nobody.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { topic } from "wasm-shm";

const TICKS = 2000;
interface Tick {
  number: number;
  price: number;
}

async function subscribe(id: number, delayMs: number): Promise<void> {
  let [seen, missed, last] = [0, 0, -1];
  const ticks = topic.open<Tick>({ id, codec: "json" }).subscribe();
  process.send?.("ready");
  for await (const message of ticks) {
    seen++;
    missed += message.missed;
    last = message.value.number;
    if (delayMs > 0) await sleep(delayMs);
  }
  console.log(`${delayMs === 0 ? "fast" : "slow"}: saw ${seen}, missed ${missed}, the last was ${last}`);
  process.exit();
}

if (process.argv[2] === undefined) {
  using ticks = topic.create<Tick>({ overrun: "overwrite", capacity: 16384, codec: "json" });
  const path = fileURLToPath(import.meta.url);
  const subscribers: ChildProcess[] = [0, 20].map((delayMs) => fork(path, [String(ticks.id), String(delayMs)]));
  await Promise.all(subscribers.map((each) => once(each, "message")));
  const writer = ticks.writer();
  for (let number = 0; number < TICKS; number++) {
    await writer.write({ number, price: 100 + Math.sin(number / 100) });
    if (number % 50 === 0) await sleep(1);
  }
  writer.close();
  await Promise.all(subscribers.map((each) => once(each, "exit")));
} else await subscribe(Number(process.argv[2]), Number(process.argv[3]));
