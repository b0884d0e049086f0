// Random calls with random arguments at the addon's exports, and stores into every memory between them. The arguments of
// this process are a seed and the seconds. Of a seed that is a multiple of 3, a second thread calls on the same shared
// memories; all other seeds repeat exactly. Prints counts as JSON. A store that ends the process, or that reaches the
// segment which is only mapped guarded, is what this looks for.
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { root } from "../support/child.js";
import { collect } from "../support/engine.js";
import { Random } from "../support/random.js";

type Call = (...values: unknown[]) => unknown;
type Addon = Record<string, Call> & { constants: Record<string, number> };

interface Orders {
  seed: number;
  end: number; // milliseconds of Date.now
  canary: number;
  common: WebAssembly.Memory[];
  /** Whether no other thread stores into the same memories. */
  isAlone: boolean;
}

const addon = createRequire(`${root}package.json`)("./native/build/Release/wasm_shm.node") as Addon;
const PAGE = addon.constants["pageSize"] as number;
const WASM_PAGE = 65536;
const CANARY_PAGES = 8;
const CANARY = 0xa5;
const CREATE = 0o1600;
const MOST_SEGMENTS = 12;

/** The functions; a class, whose name begins with a capital, refuses to be called. */
const names = Object.keys(addon).filter((name) => typeof addon[name] === "function" && /^[a-z]/.test(name));

const Participant = addon["Participant"] as unknown as new (...values: unknown[]) => Record<string, unknown>;
const MOST_PARTICIPANTS = 6;

/** Calls that change a segment: never given the id of one that this process did not make. */
const CHANGES = ["remove", "set", "lock", "unlock"];

class Caller {
  readonly random: Random;
  readonly made: number[] = [];
  readonly memories: WebAssembly.Memory[] = [];
  readonly stale: Uint8Array[] = [];
  readonly participants: Record<string, unknown>[] = [];
  calls = 0;
  mapped = 0;

  constructor(readonly orders: Orders) {
    this.random = new Random(orders.seed);
    this.memories.push(...orders.common);
  }

  memory(): WebAssembly.Memory {
    return this.random.of(this.memories);
  }

  window(memory: WebAssembly.Memory): Uint8Array {
    const { random } = this;
    if (this.stale.length > 0 && random.oneIn(20)) return random.of(this.stale);
    const pages = memory.buffer.byteLength / PAGE;
    const first = random.below(pages);
    const count = random.oneIn(4) ? CANARY_PAGES : 1 + random.below(pages - first);
    if (random.oneIn(20)) return new Uint8Array(memory.buffer, random.below(100), random.below(9000));
    return new Uint8Array(memory.buffer, first * PAGE, Math.min(count, pages - first) * PAGE);
  }

  id(): number {
    return this.random.oneIn(4) ? this.orders.canary : this.random.of([...this.made, this.orders.canary]);
  }

  junk(): unknown {
    const { random } = this;
    return random.of<unknown>([
      undefined,
      null,
      true,
      Number.NaN,
      -1,
      0.5,
      2 ** 31,
      2 ** 32,
      2 ** 53,
      -(2 ** 31),
      Number.POSITIVE_INFINITY,
      7n,
      "",
      "/proc/self/exe",
      "a\0b",
      Symbol("s"),
      () => 1,
      {},
      [],
      new Proxy({}, {}),
      Object.create(WebAssembly.Memory.prototype),
      new Uint8Array(PAGE),
      new Uint8Array(new SharedArrayBuffer(PAGE)),
      new DataView(new ArrayBuffer(PAGE)),
      new Float64Array(PAGE),
      random.word(),
      this.memory(),
      this.memory().buffer,
    ]);
  }

  /** Arguments that the function can do something with. */
  good(name: string): unknown[] {
    const { random } = this;
    const memory = this.memory();
    const sizes = [1, PAGE, 2 * PAGE, CANARY_PAGES * PAGE, 40_000, 2 ** 20, 0, 2 ** 53 - 1];
    const offsets = [0, 0, 0, PAGE, 2 * PAGE, 1 << 20];
    switch (name) {
      case "get":
        return [0, random.of(sizes), random.of([CREATE, CREATE, CREATE | 0o1000, 0, 0o777, random.word() >>> 1])];
      case "map":
        return [memory, this.window(memory), this.id(), random.of(offsets), random.oneIn(2), random.oneIn(2)];
      case "discard":
        return [memory, this.window(memory), this.id(), random.of(offsets)];
      case "unmap":
      case "privatePages":
      case "address":
      case "hold":
      case "release":
        return [memory, this.window(memory)];
      case "Participant": {
        const window = this.window(memory);
        const offset = random.oneIn(2) ? 0 : 64 * random.below(64);
        return [memory, window, offset, 1 + random.below(8), PAGE, random.below(4), () => undefined];
      }
      case "sleep":
        return [random.below(3)];
      case "wake":
        return [random.word() >>> 0, random.word() >>> 0];
      case "watch":
      case "hold of a participant":
        return [random.oneIn(2)];
      case "weigh":
        return [random.below(1 << 24) - (1 << 23)];
      case "set":
        return [this.id(), 0o600, process.getuid?.(), process.getgid?.()];
      case "ftok":
        return [random.of(["/", "/etc", "/no/such"]), random.below(300)];
      default:
        return [this.id()];
    }
  }

  arguments(name: string): unknown[] {
    const { random } = this;
    const values = this.good(name);
    while (random.oneIn(6)) values[random.below(6)] = this.junk();
    if (random.oneIn(30)) values.length = random.below(3);
    return values;
  }

  isAllowed(name: string, [first, , third, , guarded]: unknown[]): boolean {
    const { canary } = this.orders;
    if (name === "map") return third !== canary || guarded === true;
    if (!CHANGES.includes(name)) return true;
    return this.made.includes(first as number) || typeof addon["stat"]?.(first) !== "object";
  }

  call(name: string, values: unknown[]): void {
    const result = addon[name]?.(...values);
    this.calls++;
    const isFine =
      result === undefined
        ? name === "read" || name === "write"
        : typeof result === "number"
          ? Number.isInteger(result)
          : typeof result === "object" || typeof result === "bigint";
    if (!isFine) throw new Error(`${name} returned ${String(result)}`);
    if (name === "map" && result === 0) this.mapped++;
    if (name === "remove" && result === 0) this.made.splice(this.made.indexOf(values[0] as number), 1);
    if (name !== "get" || (result as number) < 0) return;
    const about = addon["stat"]?.(result) as { cpid?: number } | undefined;
    const isOwn = about?.cpid === process.pid;
    if (isOwn && !this.made.includes(result as number)) this.made.push(result as number);
    if (this.made.length > MOST_SEGMENTS) addon["remove"]?.(this.made.shift());
  }

  /** Joins a domain somewhere, or calls a participant's methods, also after it has left. */
  take(): void {
    const { random, participants } = this;
    this.calls++;
    if (participants.length === 0 || random.oneIn(10)) {
      participants.push(new Participant(...this.arguments("Participant")));
      if (participants.length > MOST_PARTICIPANTS) participants.shift(); // collected, it leaves
      return;
    }
    const participant = random.of(participants);
    const name = random.of(["arm", "disarm", "watch", "hold", "look", "sleep", "wake", "wake", "watch", "look"]);
    const method = random.oneIn(30) ? "leave" : name;
    const values = this.arguments(method === "hold" ? "hold of a participant" : method);
    if (method === "sleep" && !(Number(typeof values[0] === "number" ? values[0] : 0) < 5)) return; // up to a second
    const result = (participant[method] as Call).apply(participant, values);
    if (result !== undefined) throw new Error(`${method} of a participant returned ${String(result)}`);
    for (const field of ["result", "slot", "generation"])
      if (!Number.isInteger(participant[field])) throw new Error(`${field} is ${String(participant[field])}`);
  }

  /** Stores into a page of each memory, at random. */
  store(): void {
    for (const memory of this.memories) {
      const bytes = new Uint8Array(memory.buffer);
      for (let n = 0; n < 4; n++) {
        const at = this.random.below(bytes.length);
        const value = this.random.below(256);
        bytes[at] = value;
        if (this.orders.isAlone && bytes[at] !== value) throw new Error(`a store of ${value} reads ${bytes[at]}`);
      }
    }
  }

  /** Grows, forgets and makes memories. */
  change(): void {
    const { random } = this;
    const memory = this.memory();
    if (random.oneIn(3)) this.stale[random.below(4)] = this.window(memory);
    if (random.oneIn(3) && memory.buffer.byteLength < 6 * WASM_PAGE) memory.grow(random.below(2));
    if (random.oneIn(8)) this.memories.splice(this.orders.common.length, 1);
    if (this.memories.length < 4 + this.orders.common.length)
      this.memories.push(new WebAssembly.Memory({ initial: 1 + random.below(3), maximum: 8, shared: random.oneIn(3) }));
    if (random.oneIn(10)) collect();
  }

  async run(): Promise<void> {
    while (Date.now() < this.orders.end) {
      for (let n = 0; n < 50; n++) {
        const name = this.random.of(names);
        const values = this.arguments(name);
        if (this.isAllowed(name, values)) this.call(name, values);
        if (this.random.oneIn(4)) this.take();
        this.store();
        if (this.random.oneIn(20)) this.change();
      }
      await new Promise(setImmediate); // finalizers run
    }
    for (const participant of this.participants) (participant["leave"] as Call).call(participant);
    for (const id of this.made) addon["remove"]?.(id);
  }
}

async function main(): Promise<void> {
  const [seed = 0, seconds = 1] = process.argv.slice(2).map(Number);
  const canary = addon["get"]?.(0, CANARY_PAGES * PAGE, CREATE) as number;
  const watch = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const bytes = new Uint8Array(watch.buffer, 0, CANARY_PAGES * PAGE);
  addon["map"]?.(watch, bytes, canary, 0, false);
  bytes.fill(CANARY);
  const isAlone = seed % 3 !== 0;
  const common = isAlone ? [] : [new WebAssembly.Memory({ initial: 2, maximum: 8, shared: true })];
  const orders: Orders = { seed, end: Date.now() + seconds * 1000, canary, common, isAlone };
  const worker = isAlone
    ? undefined
    : new Worker(fileURLToPath(import.meta.url), { workerData: { ...orders, seed: seed + 1 } });
  const ended = worker && once(worker, "exit");
  const caller = new Caller(orders);
  caller.memories.push(new WebAssembly.Memory({ initial: 2, maximum: 8 }));
  await caller.run();
  await ended;
  const changed = bytes.findIndex((byte) => byte !== CANARY);
  addon["remove"]?.(canary);
  console.log(JSON.stringify({ calls: caller.calls, mapped: caller.mapped, changed }));
}

if (isMainThread) await main();
else await new Caller(workerData as Orders).run();
