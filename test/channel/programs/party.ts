// A participant in a process of its own: node party.js ROLE SEGMENT [MODE]. It ends by a kill.
import { open } from "wasm-shm";
import { PLACE, RESULTS, stamped } from "../work.js";

const [, , role, id] = process.argv;
const attachment = open(Number(id)).attach();
const results = new Int32Array(attachment.bytes.buffer, attachment.byteOffset + RESULTS);
const domain = attachment.join();

async function write(): Promise<void> {
  const writer = domain.channel(PLACE).writer({ peerDeath: "wait" });
  for (let number = 0; ; number++) {
    // Every third is claimed, and often shortened; the process is killed with the claim open as well.
    const bytes = stamped(process.pid, number);
    if (number % 3 !== 0) await writer.write(bytes);
    else {
      const claim = await writer.claim(bytes.length + (number % 40));
      claim.bytes.set(bytes);
      claim.commit(bytes.length);
    }
  }
}

async function read(): Promise<void> {
  const channel = domain.channel(PLACE);
  for await (const { bytes } of channel.reader({ peerDeath: "wait", zeroCopy: true }))
    Atomics.add(results, new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true), 1);
}

async function publish(): Promise<void> {
  const writer = domain.topic(PLACE).writer();
  for (let number = 0; ; number++) await writer.write(stamped(process.pid, number));
}

async function subscribe(): Promise<void> {
  for await (const { bytes } of domain.topic(PLACE).subscribe({ peerDeath: "wait" })) if (bytes.length === 0) return;
}

async function serve(): Promise<void> {
  await domain.service<number>(PLACE, { codec: "json" }).serve((n) => n + 1, { concurrency: 3 }).stopped;
}

console.log("in");
await { write, read, publish, subscribe, serve }[role as "write" | "read" | "publish" | "subscribe" | "serve"]();
