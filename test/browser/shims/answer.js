// The end of the bundle of tests: waits until they have run, and tells the page, or the server.
import { tallyNow } from "wasm-shm-tests/suite.js";

const said = [];
const { log } = console;
console.log = (...words) => {
  said.push(words.join(" "));
  log(...words);
};

const LONGEST_MS = 200_000;
const limit = Date.now() + LONGEST_MS;
let tally = tallyNow();
while (tally.problems.length > 0 && Date.now() < limit) {
  await new Promise((done) => setTimeout(done, 50));
  tally = tallyNow();
}
const answer = { ...tally, said: tally.failed > 0 ? said : [] };
if (typeof document === "undefined") postMessage(answer);
else {
  const worker = new Worker(import.meta.url, { type: "module" });
  const inWorker = await new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve({ problems: [message] });
  });
  await fetch("/answer", { method: "POST", body: JSON.stringify({ page: answer, worker: inWorker }) });
}
