// node build/examples/queue/main.js: the processes of a cluster share a counter, a cache and a queue of jobs, in one segment.
import cluster from "node:cluster";
import { once } from "node:events";
import { type Attachment, create, type Domain, open } from "wasm-shm";

// Where each lies: bytes from the segment's start, behind the domain.
const COUNTER = 4096;
const LOCK = 8192;
const CACHE = 16384; // a float64 for each number up to CACHED
const QUEUE = 65536;
const CACHED = 1000;
const WORKERS = 3;
const JOBS = 300;

function shared(attachment: Attachment) {
  const domain: Domain = attachment.join();
  return {
    counter: attachment.view(Int32Array, COUNTER, 2), // jobs done, and how many of them the cache knew
    lock: domain.rwLock(LOCK),
    cache: attachment.view(Float64Array, CACHE, CACHED),
    queue: domain.channel<number>(QUEUE, { mode: "mpmc", codec: "json" }),
  };
}

const root = (n: number): number => {
  let guess = n || 1;
  for (let step = 0; step < 1000; step++) guess = (guess + n / guess) / 2;
  return guess;
};

async function work(id: number): Promise<void> {
  const { counter, lock, cache, queue } = shared(open(id).attach());
  for await (const { value: n } of queue.reader()) {
    const reading = await lock.read.lock();
    const known = cache[n] as number;
    reading.unlock();
    if (known === 0) {
      const result = root(n);
      const writing = await lock.write.lock();
      cache[n] = result;
      writing.unlock();
    }
    Atomics.add(counter, 0, 1);
    if (known !== 0) Atomics.add(counter, 1, 1);
  }
  process.exit();
}

if (cluster.isPrimary) {
  using segment = create(QUEUE + (1 << 18));
  const { counter, cache, queue } = shared(segment.attach());
  const workers = Array.from({ length: WORKERS }, () => cluster.fork({ SEGMENT: String(segment.id) }));
  const jobs = queue.writer();
  for (let job = 0; job < JOBS; job++) await jobs.write(1 + (job % 50));
  jobs.close();
  await Promise.all(workers.map((worker) => once(worker, "exit")));
  console.log(
    `${counter[0]} jobs by ${WORKERS} processes; the cache has ${cache.filter((value) => value !== 0).length} results`,
  );
  console.log(
    `the root of 2 is ${cache[2]}; the cache knew ${(counter[1] as number) > 0 ? "some" : "none"} of the jobs`,
  );
} else await work(Number(process.env["SEGMENT"]));
