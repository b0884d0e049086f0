// node build/examples/cluster/main.js [WORKERS]: the workers of a cluster look numbers up in one table that is in memory once. The
// primary replaces the table while they work: a new segment, its id to all, then the old one goes. No lock, no torn read.
import cluster from "node:cluster";
import { once } from "node:events";
import { createTyped, openTyped, type TypedSegment } from "wasm-shm";

const SIZE = 100_000;

/** Entry n of version v is n * v, so that a mixture of two versions shows. */
function makeTable(version: number): TypedSegment<Float64Array> {
  const table = createTyped(Float64Array, SIZE, { ephemeral: true }); // nothing is left, however the processes end
  for (let n = 0; n < SIZE; n++) table.array[n] = n * version;
  return table;
}

/** A worker: looks up until the primary disconnects, and counts what cannot be. */
function serve(): void {
  let table: TypedSegment<Float64Array> | undefined;
  let [lookups, wrong] = [0, 0];
  process.on("message", ({ id, version }: { id: number; version: number }) => {
    const next = openTyped(Float64Array, id, { access: "read-only" });
    table?.[Symbol.dispose]();
    table = next;
    process.send?.("attached");
    for (let count = 0; count < 50_000; count++, lookups++) {
      const n = (count * 7919) % SIZE;
      if (table.array[n] !== n * version) wrong++;
    }
  });
  process.send?.("ready"); // a message that comes before there is a listener is lost
  process.on("disconnect", () => {
    console.log(
      `worker ${cluster.worker?.id}: ${lookups} lookups, ${wrong} wrong, ${table?.segment.stat().nattch} attached`,
    );
    process.exit();
  });
}

async function main(workers: number): Promise<void> {
  if (!(workers >= 1 && workers <= 64)) throw new Error(`WORKERS is 1 to 64, not ${process.argv[2]}`);
  const all = Array.from({ length: workers }, () => cluster.fork());
  await Promise.all(all.map((worker) => once(worker, "message")));
  let table = makeTable(0);
  for (let version = 1; version <= 5; version++) {
    const next = makeTable(version);
    const attached = all.map((worker) => once(worker, "message"));
    for (const worker of all) worker.send({ id: next.id, version });
    await Promise.all(attached);
    table[Symbol.dispose](); // every worker has the new one, so the old one goes
    table = next;
  }
  for (const worker of all) worker.disconnect();
  await Promise.all(all.map((worker) => once(worker, "exit")));
  console.log(`primary: 5 tables of ${table.array.byteLength} bytes, one at a time`);
  table[Symbol.dispose]();
}

try {
  if (cluster.isPrimary) await main(Number(process.argv[2] ?? 2));
  else serve();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
