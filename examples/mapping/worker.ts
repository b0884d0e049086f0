// A worker thread: sleeps until the main thread says go, then counts in its part. It neither imports wasm-shm nor attaches.
import { once } from "node:events";
import { parentPort } from "node:worker_threads";
import { HEADER, Place, type Task } from "./task.js";

if (!parentPort) throw new Error("main.js starts this");
const [{ memory, header, byteOffset, byteLength }] = (await once(parentPort, "message")) as [Task];
const places = new Int32Array(memory.buffer, header, HEADER / 4);
const numbers = new Uint32Array(memory.buffer, byteOffset, byteLength / 4);

parentPort.postMessage("ready");
Atomics.wait(places, Place.go, 0);

let found = 0;
for (const number of numbers) if (number % 8 === 0) found++;
Atomics.add(places, Place.found, found);
parentPort.close();
