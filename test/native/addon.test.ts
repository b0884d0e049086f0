// The addon, called straight from JS with everything it does not expect. It must return -errno, or what it returns
// for good arguments, and neither throw nor crash; a child process makes the calls, so that a crash is seen.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { askModule, runModule } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";

const load = `
import { createRequire } from "node:module";
const addon = createRequire(process.cwd() + "/package.json")("./native/build/Release/wasm_shm.node");
`;

const hostile = `${load}
const shared = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
const memory = new WebAssembly.Memory({ initial: 2 });
const grown = new WebAssembly.Memory({ initial: 1 });
const stale = new Uint8Array(grown.buffer);
grown.grow(1);
const id = addon.get(0, 8192, 0o1600);
const removed = addon.get(0, 4096, 0o1600);
addon.remove(removed);
const fake = Object.create(WebAssembly.Memory.prototype);
const values = [
  undefined, null, true, 0, -0, -1, 1, 4096, 4097, 0.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31) - 1, 1e300,
  5n, "", "1", "/", "/proc/self/exe", "/no/such", "a\\0b", "x".repeat(1e6), Symbol("s"), () => 1, class {}, {}, [], [1], new Date(), new Proxy({}, {}), new Proxy(memory, {}),
  new Uint8Array(0), new Uint8Array(4096), new Uint8Array(1 << 20), Buffer.alloc(8192), new Float64Array(512), new DataView(memory.buffer),
  memory, shared, grown, fake, memory.buffer, stale, id, removed,
  new Uint8Array(memory.buffer), new Uint8Array(memory.buffer, 1, 4096), new Uint8Array(memory.buffer, 4096, 100), new Uint8Array(memory.buffer, 65536, 8192),
  new Uint8Array(memory.buffer, 65536, 12288), new Uint8Array(shared.buffer), new Uint8Array(shared.buffer, 4096, 4096), new Int8Array(memory.buffer, 65536, 8192),
];
const names = Object.keys(addon).filter((name) => typeof addon[name] === "function");
let calls = 0;
let bad = [];
const made = new Set();
function call(name, args) {
  calls++;
  let result;
  try {
    if (name !== "Participant") result = addon[name](...args);
    else {
      const participant = new addon.Participant(...args);
      ({ result } = participant);
      participant.leave();
    }
  } catch (error) {
    bad.push(name + " threw " + error);
    return;
  }
  if (name === "get" && result >= 0 && result !== id && addon.stat(result).cpid === process.pid) made.add(result);
  const mayBeNothing = name === "read" || name === "write";
  const fine = result === undefined ? mayBeNothing : typeof result === "number" ? Number.isInteger(result) : typeof result === "object" || typeof result === "bigint";
  if (!fine) bad.push(name + " returned " + String(result));
}
// "remove" of the segment in use, and its mode, would take it from the later calls
// and other segments of this machine belong to other programs
const safe = (name, args) => !["remove", "set", "lock", "unlock"].includes(name) || made.has(args[0]) || typeof addon.stat(args[0]) !== "object";
for (const name of names) {
  call(name, []);
  for (const first of values) {
    if (safe(name, [first])) call(name, [first]);
    for (const second of values) if (safe(name, [first, second])) call(name, [first, second]);
  }
}
let state = 12345;
const random = (n) => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8) % n;
for (let round = 0; round < 60000; round++) {
  const name = names[random(names.length)];
  const args = Array.from({ length: random(6) }, () => values[random(values.length)]);
  if (safe(name, args)) call(name, args);
}
for (const other of made) addon.remove(other);
addon.unmap(memory, new Uint8Array(memory.buffer, 65536, 8192));
// and it still works
const window = new Uint8Array(memory.buffer, 65536, 8192);
const mapped = addon.map(memory, window, id, 0);
window[5] = 9;
const nattch = addon.stat(id).nattch;
addon.remove(id);
addon.unmap(memory, new Uint8Array(memory.buffer));
addon.unmap(shared, new Uint8Array(shared.buffer));
console.log(JSON.stringify({ calls, bad: bad.slice(0, 5), mapped, alive: nattch >= 1, made: made.size, names }));
`;

const addon = suite("The addon, straight from JS");
if (nativePairs.length === 0) addon.skip("hostile arguments", "there is no addon on this platform");
else {
  addon("returns a number for any arguments, and never throws or crashes", () => {
    const answer = askModule<{ calls: number; bad: string[]; mapped: number; alive: boolean; names: string[] }>(
      hostile,
    );
    assert.equal(answer.bad, []);
    assert.ok(answer.calls > 50_000);
    assert.is(answer.mapped, 0);
    assert.ok(answer.alive);
    assert.equal(
      answer.names.sort(),
      "Participant address discard ftok get hold limits list lock map privatePages read release remove reserve set stat unlock unmap weigh write".split(
        " ",
      ),
    );
  });

  addon("maps only over the present buffer of a real WebAssembly.Memory", () => {
    const answer = askModule<{ results: number[]; good: number }>(`${load}
      const id = addon.get(0, 4096, 0o1600);
      const memory = new WebAssembly.Memory({ initial: 1 });
      const other = new WebAssembly.Memory({ initial: 1 });
      const heap = new ArrayBuffer(1 << 20);
      const look = { buffer: heap };
      const posing = Object.setPrototypeOf({ buffer: heap }, WebAssembly.Memory.prototype);
      const results = [
        addon.map(look, new Uint8Array(heap, 0, 4096), id, 0),
        addon.map(posing, new Uint8Array(heap, 0, 4096), id, 0),
        addon.map(memory, new Uint8Array(heap, 0, 4096), id, 0),
        addon.map(memory, new Uint8Array(other.buffer, 0, 4096), id, 0),
        addon.map(new Proxy(memory, {}), new Uint8Array(memory.buffer, 0, 4096), id, 0),
        addon.map(memory, new Uint8Array(memory.buffer, 0, 8192), id, 0),
        addon.map(memory, new Uint8Array(memory.buffer, 0, 4096), id, 4096),
        addon.map(memory, new Uint8Array(memory.buffer, 0, 4096), id, 2 ** 52),
        addon.map(memory, new Uint8Array(memory.buffer, 8, 4096), id, 0),
        addon.map(memory, new Uint8Array(memory.buffer, 0, 100), id, 0),
      ];
      const good = addon.map(memory, new Uint8Array(memory.buffer, 0, 4096), id, 0);
      addon.remove(id);
      console.log(JSON.stringify({ results, good }));
    `);
    assert.equal(answer.results, Array(10).fill(-22)); // EINVAL
    assert.is(answer.good, 0);
  });

  addon("counts no fewer bytes for the engine than it was told, as some engines end the process then", () => {
    const answer = askModule<number[]>(`${load}
      console.log(JSON.stringify([-1, 5, -6, -5, -1, 2 ** 32].map((bytes) => addon.weigh(bytes))));
    `);
    assert.equal(answer, [-22, 0, -22, 0, -22, -22]); // EINVAL
  });

  addon("copies only between two Uint8Arrays as they are now, all of the first, inside of the second", () => {
    const answer = askModule<{ refused: number[]; copied: unknown[]; changed: number; poses: unknown[] }>(`${load}
      const EINVAL = -22;
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
      const window = new Uint8Array(memory.buffer, 8, 100).fill(1);
      const all = new Uint8Array(memory.buffer);
      const array = new Uint8Array(10).fill(2);
      const moved = new Uint8Array(10);
      structuredClone(moved, { transfer: [moved.buffer] });
      const grown = new WebAssembly.Memory({ initial: 1 });
      const stale = new Uint8Array(grown.buffer, 0, 100);
      grown.grow(1);
      const resizable = new ArrayBuffer(100, { maxByteLength: 100 });
      const fixed = new Uint8Array(resizable, 50, 50);
      const tracking = new Uint8Array(resizable);
      resizable.resize(60);
      const growable = new SharedArrayBuffer(100, { maxByteLength: 200 });
      const tail = new Uint8Array(growable, 90);
      growable.grow(101);
      const lying = new Uint8Array(10).fill(3);
      for (const name of ["length", "byteLength", "byteOffset", "buffer", "constructor"])
        Object.defineProperty(lying, name, { get() { throw new Error(name); } });
      const others = [undefined, null, 5, {}, [], array.buffer, memory.buffer, memory, new DataView(new ArrayBuffer(10)),
        new Int8Array(10), new Uint8ClampedArray(10), new Uint16Array(5), new Float64Array(1), new Proxy(array, {}),
        Object.create(array), Object.create(Uint8Array.prototype), { length: 10, buffer: array.buffer }];
      const starts = [-1, 91, 100, 101, 2 ** 32, 2 ** 53, 2 ** 64, -(2 ** 32), Infinity, -Infinity, NaN, 0.5, 1e-9,
        "0", "", null, undefined, true, 0n, {}, [], new Number(0), Symbol("s")];
      const refused = [];
      const copied = [];
      for (const copy of [addon.read, addon.write]) {
        for (const other of others) refused.push(copy(other, window, 0), copy(array, other, 0));
        for (const start of starts) refused.push(copy(array, window, start));
        refused.push(copy(), copy(array), copy(array, window));
        // Longer than what it is copied from or to, or with nothing left of it.
        refused.push(copy(window, array, 0), copy(array, moved, 0), copy(array, stale, 0), copy(array, fixed, 0));
        refused.push(copy(array, tracking, 51), copy(array, tail, 2), copy(array, new Uint8Array(0), 0));
        // Nothing is copied of an array without bytes.
        copied.push(copy(moved, window, 0), copy(stale, window, 100), copy(fixed, window, 5), copy(moved, moved, 0));
      }
      const changed = [...all].filter((byte, index) => byte !== (index >= 8 && index < 108 ? 1 : 0)).length
        + array.filter((byte) => byte !== 2).length;
      // What is right is copied, and no more.
      copied.push(addon.write(array, window, 90), addon.write(lying, window, -0), addon.read(array, tracking, 50));
      copied.push(addon.read(new Uint8Array(11), tail, 0), addon.read(array, window, 9), addon.write(Buffer.from("ab"), window, 50));
      const poses = [[...window], [...array], all[7], all[108]];
      console.log(JSON.stringify({ refused: refused.filter((result) => result !== EINVAL), copied, changed, poses }));
    `);
    assert.equal(answer.refused, []);
    assert.equal(answer.copied, Array(14).fill(null)); // undefined, in JSON
    assert.is(answer.changed, 0);
    const window = new Uint8Array(100).fill(1).fill(2, 90).fill(3, 0, 10);
    window.set([97, 98], 50);
    assert.equal(answer.poses, [[...window], [3, ...Array(9).fill(1)], 0, 0]);
  });

  addon("copies as memmove, to and from every byte", () => {
    const answer = askModule<{ cases: number; wrong: string[] }>(`${load}
      const SIZE = 300;
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
      const all = new Uint8Array(memory.buffer, 5, SIZE);
      const before = Uint8Array.from({ length: SIZE }, (_, index) => index * 7 + (index >> 5));
      const wrong = [];
      let cases = 0;
      for (const length of [1, 2, 7, 8, 15, 16, 31, 33, 64, 100, 129])
        for (let from = 0; from < 40; from++)
          for (let to = 0; to < 40; to++) {
            const expected = Uint8Array.from(before);
            for (let index = 0; index < length; index++) expected[to + index] = before[from + index];
            for (const [copy, ...args] of [
              ["write", all.subarray(from, from + length), all, to],
              ["read", all.subarray(to, to + length), all, from],
            ]) {
              all.set(before);
              const result = addon[copy](...args);
              cases++;
              if (result !== undefined || Buffer.compare(all, expected) !== 0) wrong.push([copy, length, from, to].join());
            }
          }
      console.log(JSON.stringify({ cases, wrong: wrong.slice(0, 5) }));
    `);
    assert.equal(answer.wrong, []);
    assert.is(answer.cases, 11 * 40 * 40 * 2);
  });

  addon("guards, discards and counts only what is a guarded window, whole and as it was mapped", () => {
    const answer = askModule<Record<string, number[]>>(`${load}
      const id = addon.get(0, 16384, 0o1600);
      const memory = new WebAssembly.Memory({ initial: 2 });
      const of = (offset, length) => new Uint8Array(memory.buffer, offset, length);
      const window = of(65536, 16384);
      const notGuarded = [addon.discard(memory, window, id, 0), addon.privatePages(memory, window)];
      addon.map(memory, window, id, 0);
      notGuarded.push(addon.discard(memory, window, id, 0), addon.privatePages(memory, window));
      addon.map(memory, window, id, 0, false);
      notGuarded.push(addon.discard(memory, window, id, 0), addon.privatePages(memory, window));
      const flags = [1, 0, null, "true", {}].map((flag) => addon.map(memory, window, id, 0, flag));
      flags.push(addon.map(memory, window, id, 0, undefined), addon.map(memory, window, id, 0, true));
      window[0] = window[4096] = 5;
      const other = addon.get(0, 16384, 0o1600);
      const others = [
        addon.discard(memory, window, other, 0),
        addon.discard(memory, window, id, 4096),
        addon.discard(memory, window, id, 0.5),
        addon.discard(memory, of(65536, 4096), id, 0),
        addon.discard(memory, of(65536 + 4096, 4096), id, 0),
        addon.discard(memory, window),
        addon.privatePages(memory, of(65536, 4096)),
        addon.privatePages(memory, of(0, 4096)),
        addon.privatePages(memory),
      ];
      // A refused map leaves the guard that was there.
      const refused = [addon.map(memory, window, id, 1 << 20, true), addon.map(memory, window, 2 ** 31 - 1, 0, true), addon.map(memory, window, id, 1 << 20)];
      const kept = [addon.privatePages(memory, window), window[0], addon.discard(memory, window, id, 0), addon.privatePages(memory, window), window[0]];
      window[1] = 1;
      // Another window over it: the guard goes with what it guarded.
      const replaced = [addon.map(memory, window, other, 0, true), addon.privatePages(memory, window), addon.discard(memory, window, id, 0), addon.discard(memory, window, other, 0)];
      window[2] = 1;
      replaced.push(addon.privatePages(memory, window), addon.map(memory, window, id, 0), addon.privatePages(memory, window));
      window[3] = 7;
      const seen = new WebAssembly.Memory({ initial: 1 });
      addon.map(seen, new Uint8Array(seen.buffer, 0, 16384), id, 0);
      const reached = [new Uint8Array(seen.buffer)[0], new Uint8Array(seen.buffer)[3]];
      addon.remove(id);
      addon.remove(other);
      console.log(JSON.stringify({ notGuarded, flags, others, refused, kept, replaced, reached }));
    `);
    const EINVAL = -22;
    assert.equal(answer, {
      notGuarded: [EINVAL, 0, EINVAL, 0, EINVAL, 0],
      flags: [EINVAL, EINVAL, EINVAL, EINVAL, EINVAL, 0, 0],
      others: [EINVAL, EINVAL, EINVAL, EINVAL, EINVAL, EINVAL, 0, 0, EINVAL],
      refused: [EINVAL, EINVAL, EINVAL],
      kept: [2, 5, 0, 0, 0],
      replaced: [0, 0, EINVAL, 0, 1, 0, 0],
      reached: [0, 7],
    });
  });

  addon("loads in several threads at once", () => {
    const ended = runModule(`
      import { Worker } from "node:worker_threads";
      import { create } from "wasm-shm";
      import { once } from "node:events";
      const segment = create(4096);
      const code = \`
        import("wasm-shm").then(({ open }) => { open(\${segment.id}).attach().bytes[0]++; });
      \`;
      const workers = Array.from({ length: 4 }, () => new Worker(code, { eval: true }));
      await Promise.all(workers.map((worker) => once(worker, "exit")));
      const attached = segment.stat().nattch;
      segment[Symbol.dispose]();
      process.exitCode = attached === 0 ? 0 : 1;
    `);
    assert.is(ended.code, 0, ended.stderr);
  });
}
addon.run();
