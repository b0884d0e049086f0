// A child process that calls built-ins on bytes that a peer rewrites. Arguments: the segment's id, the kind of memory, how
// long for each call in milliseconds, and the names of the calls. It runs in Node, Bun and Deno.
import { writeSync } from "node:fs";
import type { Attachment } from "wasm-shm";
import type { Call, Content } from "./call.js";
import { calls } from "./calls.js";
import { type Kind, type Line, type Outcome, WINDOWS } from "./outcome.js";

// By its place: not every engine finds a package by its own name.
const { create, createShm, open } = (await import(
  new URL("../../../dist/index.js", import.meta.url).href
)) as typeof import("wasm-shm");

const [id, memory, milliseconds, ...names] = process.argv.slice(2) as [string, Kind, string, ...string[]];
const SMALL = WINDOWS[0] as number;

const say = (line: Line): unknown => writeSync(1, `${JSON.stringify(line)}\n`);

const segment = open(Number(id));
const windows = WINDOWS.map((length) => segment.attach({ length, memory }));

const samples: Record<Content, Uint8Array> = {
  text: Buffer.alloc(SMALL, "grüße € abc"),
  doubles: new Uint8Array(Float64Array.from({ length: SMALL / 8 }, (_, index) => Math.sin(index)).buffer),
  bytes: Uint8Array.from({ length: SMALL }, (_, index) => (index * index) >>> 3),
};

/** Everything of a result, as text. */
function textOf(value: unknown): string {
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return `${byteLength}:${Buffer.from(Uint8Array.from(new Uint8Array(buffer, byteOffset, byteLength))).toString("base64")}`;
  }
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

async function resultOf(call: Call, bytes: Uint8Array, attachment: Attachment): Promise<[string, unknown]> {
  try {
    const value = await call.run(bytes, attachment);
    return [textOf(value), value];
  } catch (error) {
    const { name, code, message } = error as { name: string; code?: string; message: string };
    return [`error ${code ?? name}: ${message}`, undefined];
  }
}

/**
 * What the call makes of bytes that do not change, in this kind of memory: the same as of a copy in memory of our own? A call
 * of this package is compared with the same on the local host, and must not fail.
 */
async function judged(call: Call): Promise<Pick<Outcome, "result" | "note">> {
  const sample = samples[call.content];
  const still = create(SMALL, { ephemeral: true }); // nothing is left however this process ends
  const attachment = still.attach({ memory });
  const { bytes } = attachment;
  bytes.set(sample);
  const local = createShm({ host: "local" }).create(SMALL).attach();
  local.bytes.set(sample);
  const [expected] = await resultOf(call, Uint8Array.from(sample), local);
  const [seen, value] = await resultOf(call, bytes, attachment);
  let result: Outcome["result"] = "ok";
  if (call.own) {
    if (seen.startsWith("error") || seen !== expected || textOf(bytes) !== textOf(local.bytes)) result = "wrong";
  } else if (seen !== expected) result = seen.startsWith("error") ? "refused" : "wrong";
  else if (call.copies && ArrayBuffer.isView(value)) {
    bytes.set(sample);
    bytes[0] = (sample[0] as number) ^ 0xff;
    if (textOf(value) !== expected) result = "shares";
  }
  still[Symbol.dispose]();
  return result === "refused" || (call.own && result === "wrong") ? { result, note: seen.slice(0, 120) } : { result };
}

/** Calls it again and again, as long on each window. Errors are answers, too: the bytes change. */
async function race(call: Call): Promise<number> {
  const spent = windows.map(() => 0);
  let count = 0;
  for (let now = performance.now(), end = now + Number(milliseconds); now < end; count++) {
    const turn = spent.indexOf(Math.min(...spent));
    const attachment = windows[turn] as Attachment;
    try {
      const value = call.run(attachment.bytes, attachment);
      if (value instanceof Promise) await value;
    } catch {
      // for bytes that are not what the call wants
    }
    const began = now;
    now = performance.now();
    spent[turn] = (spent[turn] as number) + now - began;
  }
  return count;
}

for (const name of names) {
  const call = calls.find((each) => each.name === name);
  if (call === undefined) throw new Error(`no call is named ${name}`);
  say({ start: name });
  if (!call.exists) say({ end: name, outcome: { result: "absent", seconds: 0 } });
  else {
    const began = performance.now();
    const judgement = await judged(call);
    const count = await race(call);
    say({ end: name, outcome: { ...judgement, count, seconds: (performance.now() - began) / 1000 } });
  }
}
process.exit(0); // at once: what is left of a stream must not hold it up
