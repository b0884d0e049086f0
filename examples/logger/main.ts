// node build/examples/logger/main.js: many processes write lines to one channel, and one process prints them. A writer that
// is killed loses nothing that it has written, and stops nobody.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { channel } from "wasm-shm";

const WRITERS = 3;

if (process.argv[2] === undefined) {
  using log = channel.create<string>({ mode: "mpsc", codec: "json" });
  const path = fileURLToPath(import.meta.url);
  for (let writer = 0; writer < WRITERS; writer++) fork(path, [String(log.id), String(writer)]);
  let ended = 0;
  for await (const { value } of log.reader({ peerDeath: "wait" })) {
    console.log(value);
    if (/ (ends|is killed)$/.test(value) && ++ended === WRITERS) break;
  }
} else {
  const [id, writer] = process.argv.slice(2);
  const log = channel.open<string>({ id: Number(id), codec: "json" }).writer();
  for (let line = 1; line <= 3; line++) await log.write(`writer ${writer}: line ${line}`);
  await log.write(`writer ${writer} ${writer === "0" ? "is killed" : "ends"}`);
  if (writer === "0") process.kill(process.pid, "SIGKILL");
  process.exit();
}
