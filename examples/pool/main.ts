// node build/examples/pool/main.js: processes that count primes, by request and response through a segment.
import { createPool } from "wasm-shm";

await using pool = await createPool<number, number>(new URL("./worker.js", import.meta.url), { size: 2 });
const limits = [10, 100, 1000, 10_000, 100_000];
const primes = await Promise.all(limits.map((limit) => pool.run(limit)));
for (const [index, limit] of limits.entries()) console.log(`primes below ${limit}: ${primes[index]}`);
