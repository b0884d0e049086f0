// A guest on a segment in place, against the same guest with the bytes copied to it and back; what a call costs, and
// what the write guard does.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createSandbox, type Segment } from "wasm-shm";
import { type Goal, named, type Rival, type Timer } from "../harness/harness.js";
import { expectEqual, fillPattern, KiB, MiB, shmOf, type Variant } from "../harness/window.js";

const guests = fileURLToPath(new URL("../../../examples/guests/", import.meta.url)); // this file runs from build/bench/…
const worker = readFileSync(`${guests}assemblyscript/guest.wasm`);
const answering = readFileSync(`${guests}hostile/exports.wasm`);

const WASM_PAGE = 64 * KiB;
const ANSWER = 42;

/** Round trips taken before the race: it knows no calls that are awaited. */
const ROUND_TRIPS = 3000;

/** Stores in a sample, each on a page of its own. */
const PAGES = 256;

type Passes = Readonly<Record<"sumFloats" | "invert", (start: number, length: number) => number>>;

const times = (least: number): Goal => ({
  text: `at least ${least} times its speed`,
  figure: (ratio) => (1 / ratio).toFixed(2),
  met: (ratio) => 1 / ratio >= least,
});

const within = (microseconds: number, what: string): Goal => ({
  text: `${what} within ${microseconds} µs`,
  figure: (_, extra) => `${(extra / 1000).toFixed(2)} µs`,
  met: (_, extra) => extra <= microseconds * 1000,
});

/** The guest in a memory of its own, with room for `size` bytes behind its heap. */
function bareGuest(size: number): { passes: Passes; own: Uint8Array; start: number } {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(worker), { env: { memory } });
  const start = memory.grow(Math.ceil(size / WASM_PAGE)) * WASM_PAGE;
  return { passes: exports as unknown as Passes, own: new Uint8Array(memory.buffer, start, size), start };
}

/** Whole numbers as float32: their sum is exact in any order. */
function fillFloats(bytes: Uint8Array): number {
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  for (let index = 0; index < floats.length; index++) floats[index] = index % 1000;
  return floats.reduce((sum, value) => sum + value, 0);
}

async function passes(segment: Segment, size: number, time: Timer): Promise<void> {
  const { bytes } = segment.attach();
  const sandbox = await createSandbox(worker, { windows: { data: { segment, access: "read-write" } }, inline: true });
  const { byteOffset, byteLength } = sandbox.windows["data"] as { byteOffset: number; byteLength: number };
  const { passes: guest, own, start } = bareGuest(size);
  const sum = (name: string, run: () => number): Rival => ({
    name,
    operations: 1,
    run,
    prove() {
      const expected = fillFloats(bytes);
      expectEqual(run(), expected, name);
    },
  });
  await time({
    ...named("guest's sum", size),
    bytes: size,
    rivals: [
      sum("copied in", () => {
        own.set(bytes);
        return guest.sumFloats(start, size);
      }),
      { ...sum("in place", () => sandbox.call("sumFloats", byteOffset, byteLength) as number), goals: [times(1.5)] },
    ],
  });
  const invert = (name: string, pass: () => void): Rival => {
    const run = (): number => {
      pass();
      return bytes[0] as number;
    };
    return {
      name,
      operations: 1,
      run,
      prove() {
        fillPattern(bytes);
        const was = bytes.map((byte) => ~byte);
        run();
        expectEqual(Buffer.compare(bytes, was), 0, name);
      },
    };
  };
  await time({
    ...named("guest's invert", size),
    bytes: size,
    rivals: [
      invert("copied in and out", () => {
        own.set(bytes);
        guest.invert(start, size);
        bytes.set(own);
      }),
      { ...invert("in place", () => sandbox.call("invert", byteOffset, byteLength)), goals: [times(2.5)] },
    ],
  });
  sandbox.close();
}

/** Nanoseconds of each of so many calls of a worker's guest. */
async function roundTrips(segment: Segment): Promise<number[]> {
  await using sandbox = await createSandbox(answering, { windows: { data: { segment } } });
  const taken: number[] = [];
  for (let index = 0; index < ROUND_TRIPS; index++) {
    const began = process.hrtime.bigint();
    expectEqual(await sandbox.call("answer"), ANSWER, "a worker's answer");
    taken.push(Number(process.hrtime.bigint() - began));
  }
  return taken.slice(ROUND_TRIPS / 3); // once the engine has compiled what it will
}

async function calls(segment: Segment, time: Timer): Promise<void> {
  const inline = await createSandbox(answering, { windows: { data: { segment } }, inline: true });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { answer } = new WebAssembly.Instance(new WebAssembly.Module(answering), { env: { memory } })
    .exports as unknown as { answer(): number };
  const answers = (name: string, run: () => number): Rival => ({
    name,
    operations: 1,
    run,
    prove: () => expectEqual(run(), ANSWER, name),
  });
  const trips = await roundTrips(segment);
  let next = 0;
  await time({
    name: "call of an export",
    rivals: [
      answers("bare", answer),
      { ...answers("inline sandbox", () => inline.call("answer") as number), goals: [within(2, "overhead")] },
      {
        name: "worker sandbox",
        operations: 1,
        selfTimed: true,
        prove: () => {}, // each answer was looked at when it came
        run: () => trips[next++ % trips.length] as number,
        goals: [within(250, "round trip")],
      },
    ],
  });
  inline.close();
}

async function guard(segment: Segment, size: number, time: Timer): Promise<void> {
  const writable = segment.attach();
  const guarded = segment.attach({ access: "read-only" });
  const expected = fillFloats(writable.bytes);
  const read = (name: string, attachment: typeof guarded): Rival => ({
    name,
    operations: 1,
    run: () => attachment.sum(Float32Array),
    prove: () => expectEqual(attachment.sum(Float32Array), expected, name),
  });
  await time({
    ...named("reading", size),
    bytes: size,
    rivals: [
      read("read-write", writable),
      {
        ...read("read-only", guarded),
        goals: [
          { text: "no slower, within a tenth", figure: (ratio) => ratio.toFixed(2), met: (ratio) => ratio <= 1.1 },
        ],
      },
    ],
  });
}

/** What a store into a guarded page costs, whatever the window's size. */
async function stores(segment: Segment, time: Timer): Promise<void> {
  const writable = segment.attach();
  const guarded = segment.attach({ access: "read-only" });
  const store = (name: string, attachment: typeof guarded): Rival => ({
    name,
    operations: PAGES,
    selfTimed: true,
    run() {
      const { bytes } = attachment;
      const began = process.hrtime.bigint();
      for (let page = 0; page < PAGES; page++) bytes[page * 4096] = page;
      const taken = Number(process.hrtime.bigint() - began);
      attachment.discard();
      return taken;
    },
    prove() {
      attachment.bytes[0] = 1;
      expectEqual(attachment.privatePages, attachment === guarded ? 1 : 0, `${name}: pages diverted`);
      attachment.discard();
    },
  });
  await time({
    name: "first store on a page",
    rivals: [
      store("read-write", writable),
      { ...store("read-only, diverted", guarded), goals: [within(20, "violation")] },
    ],
  });
}

/** What does not depend on the size. */
async function once(segment: Segment, time: Timer): Promise<void> {
  await stores(segment, time);
  await calls(segment, time);
}

export async function sandbox(variant: Variant, time: Timer, sizes: readonly number[]): Promise<void> {
  for (const size of sizes.filter((bytes) => bytes >= MiB)) {
    const segment = shmOf(variant).create(size);
    try {
      await passes(segment, size, time);
      await guard(segment, size, time);
      if (size === MiB) await once(segment, time);
    } finally {
      segment[Symbol.dispose]();
    }
  }
}
