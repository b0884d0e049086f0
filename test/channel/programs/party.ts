// A participant in a process of its own: node party.js ROLE SEGMENT. It ends by a kill. party.c and party.py do the same.
import { type Message, open, type Reader, type Writer } from "wasm-shm";
import { checkStamp, PLACE, RESULTS, Result, stamped } from "../work.js";

const [, , role, id] = process.argv;
const attachment = open(Number(id)).attach();
const results = new Int32Array(attachment.bytes.buffer, attachment.byteOffset + RESULTS);
const domain = attachment.join();
const self = domain.peers().find((peer) => peer.self);
/** Of this participation alone: process ids come again in a long campaign. */
const sender = ((domain.slot + 1) | ((self?.generation ?? 0) << 8)) >>> 0;
const patient = { peerDeath: "wait" } as const;

async function write(writer: Writer): Promise<void> {
  for (let number = 0; ; number++) {
    // Every third is claimed, and often shortened; the process is killed with the claim open as well.
    const bytes = stamped(sender, number);
    if (number % 3 !== 0 || role === "publish") await writer.write(bytes);
    else {
      const claim = await writer.claim(bytes.length + (number % 40));
      claim.bytes.set(bytes);
      claim.commit(bytes.length);
    }
  }
}

async function read(): Promise<void> {
  const channel = domain.channel(PLACE);
  for await (const { bytes } of channel.reader({ ...patient, zeroCopy: true }))
    Atomics.add(results, new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true), 1);
}

/** Checks what `write` wrote: whole, in order, and of a topic with all that it missed told. */
async function check(reader: Reader): Promise<void> {
  const next = new Map<number, number>();
  for (;;) {
    let message: Message | undefined;
    try {
      message = await reader.read();
    } catch (error) {
      if ((error as { code?: string }).code === "ERR_SHM_TIMEOUT") continue; // the writer overtook each of 1,000 tries
      throw error;
    }
    if (!message) return;
    const { bytes, redelivered, missed } = message;
    const { sender, number } = checkStamp(bytes);
    if (!redelivered) {
      const wanted = next.get(sender) ?? number;
      if (role === "follow" ? number - wanted !== missed && next.has(sender) : number < wanted)
        throw new Error(`message ${number} of ${sender}: ${wanted} was next, and ${missed} were missed`);
      next.set(sender, number + 1);
    }
    Atomics.add(results, Result.Progress, 1);
  }
}

async function subscribe(): Promise<void> {
  for await (const { bytes } of domain.topic(PLACE).subscribe(patient)) if (bytes.length === 0) return;
}

async function serve(): Promise<void> {
  await domain.service<number>(PLACE, { codec: "json" }).serve((n) => n + 1, { concurrency: 3 }).stopped;
}

async function ask(): Promise<void> {
  const service = domain.service<number>(PLACE, { codec: "json" });
  for (let number = 0; ; number++) {
    try {
      const answer = await service.request(number);
      if (answer !== number + 1) throw new Error(`${answer} answers ${number}`);
      Atomics.add(results, Result.Progress, 1);
    } catch (error) {
      if ((error as { code?: string }).code !== "ERR_SHM_PEER_DIED") throw error;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

const roles: Record<string, () => Promise<void>> = {
  write: () => write(domain.channel(PLACE).writer(patient)),
  publish: () => write(domain.topic(PLACE).writer()),
  read,
  check: () => check(domain.channel(PLACE).reader(patient)),
  follow: () => check(domain.topic(PLACE).subscribe(patient)),
  subscribe,
  serve,
  ask,
};
console.log("in");
await roles[role as string]?.().catch((error) => {
  Atomics.add(results, Result.Violations, 1);
  throw error;
});
