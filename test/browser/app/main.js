// The page: the same in it and in a module worker.
import { scenario } from "./scenario.js";

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const inWorker = new Promise((resolve) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => resolve([`error: ${message}`]);
});
const answer = { page: scenario(), worker: await inWorker };
await fetch("/answer", { method: "POST", body: JSON.stringify(answer) });
