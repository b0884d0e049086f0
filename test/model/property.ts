// Every core and the model run the same commands. After each, results, positions, bytes and error codes must agree.
import fc from "fast-check";
import { type Attachment, type Cursor, createShm, localHost, type Segment, type Shm } from "wasm-shm";
import { createShm as createPortableShm } from "#src/portable.js";
import type { Command, Subject } from "./arbitraries.js";
import { Refusal } from "./arguments.js";
import { ModelAttachment } from "./attachment.js";
import { commands } from "./commands.js";
import { ModelCursor } from "./cursor.js";

const host = localHost();
/** Two compare bytes themselves, as in a browser; the third hands that to Node's memcmp(3). */
const cores: [string, Shm][] = [
  ["wasm", createPortableShm({ host, core: "wasm" })],
  ["auto", createShm({ host, core: "auto" })],
  ["js", createPortableShm({ host, core: "js" })],
];

const VECTOR_EDGES = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 127, 128, 129, 255, 256, 257];
const PAGE_EDGES = [3333, 4095, 4096, 4097];
const CHUNK_EDGES = [12_287, 12_289, 65_535, 65_537]; // the scratch area has 12 KiB, a wasm page 64 KiB
const size = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...VECTOR_EDGES) },
  { weight: 10, arbitrary: fc.constantFrom(...PAGE_EDGES) },
  { weight: 1, arbitrary: fc.constantFrom(...CHUNK_EDGES) },
);

/** The bytes at the beginning: repeated over the whole window. */
const start = fc.oneof(
  fc.constant(Uint8Array.of(0)),
  fc.constant(Uint8Array.of(0xff)),
  fc.uint8Array({ minLength: 1, maxLength: 400 }),
  fc.uint8Array({ minLength: 40, maxLength: 400, max: 0x7f }),
  fc.uint8Array({ minLength: 40, maxLength: 400, min: 0x7e, max: 0x82 }),
  fc.string({ unit: "binary", minLength: 1 }).map((text) => new TextEncoder().encode(text)),
);

const script = fc.array(commands, { minLength: 1, maxLength: 100, size: "max" });

type Outcome = { value: unknown } | { code: string };

function outcomeOf(command: Command, subject: Subject): Outcome {
  try {
    return { value: command.run(subject) };
  } catch (error) {
    const { code } = error as { code?: unknown };
    const isTyped = error instanceof Refusal || (typeof code === "string" && code.startsWith("ERR_"));
    if (!isTyped) throw error; // a bug of the code or of the model
    return { code: code as string };
  }
}

function same(left: unknown, right: unknown): boolean {
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right) === 0;
  if (ArrayBuffer.isView(left) && ArrayBuffer.isView(right))
    return left.constructor === right.constructor && same([...(left as Float64Array)], [...(right as Float64Array)]);
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((value, index) => same(value, right[index]));
  return Object.is(left, right);
}

const sameOutcome = (left: Outcome, right: Outcome): boolean =>
  "code" in left ? "code" in right && left.code === right.code : "value" in right && same(left.value, right.value);

function show(outcome: Outcome): string {
  if ("code" in outcome) return outcome.code;
  const { value } = outcome;
  if (typeof value === "string") return JSON.stringify(value);
  return Object.is(value, -0) ? "-0" : Array.isArray(value) || ArrayBuffer.isView(value) ? `[${value}]` : String(value);
}

/** The first difference between the bytes of two windows. */
function difference(left: Uint8Array, right: Uint8Array): string {
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return `byte ${at} is ${left[at]}, not ${right[at]}`;
}

interface Core {
  name: string;
  segment: Segment;
  attachment: Attachment;
  cursor: Cursor;
}

/** Runs a script on every core and the model; throws at the first difference. Returns the number of commands. */
function compare(bytes: number, initial: Uint8Array, list: Command[]): number {
  const running: Core[] = cores.map(([name, shm]) => {
    const segment = shm.create(bytes);
    const attachment = segment.attach();
    return { name, segment, attachment, cursor: attachment.cursor() };
  });
  try {
    const window = new Uint8Array(bytes);
    for (let index = 0; index < bytes; index++) window[index] = initial[index % initial.length] as number;
    const model = { cursor: new ModelCursor(window), attachment: new ModelAttachment(window) };
    for (const { attachment } of running) attachment.bytes.set(window);

    list.forEach((command, index) => {
      const expected = outcomeOf(command, model);
      for (const { name, attachment, cursor } of running) {
        const where = `${name}, command ${index}, ${command} in a window of ${bytes} bytes`;
        const actual = outcomeOf(command, { attachment, cursor });
        if (!sameOutcome(actual, expected)) throw new Error(`${where}: ${show(actual)}, not ${show(expected)}`);
        if (cursor.position !== model.cursor.position)
          throw new Error(`${where}: the position is ${cursor.position}, not ${model.cursor.position}`);
        if (Buffer.compare(attachment.bytes, window) !== 0)
          throw new Error(`${where}: ${difference(attachment.bytes, window)}`);
      }
    });
    for (const { name, attachment } of running) {
      const { memory, byteOffset, byteLength } = attachment;
      const behind = new Uint8Array(memory.buffer, byteOffset + byteLength);
      if (behind.some((byte) => byte !== 0)) throw new Error(`${name}: bytes behind the window were written`);
    }
  } finally {
    for (const { segment } of running) segment[Symbol.dispose]();
  }
  return list.length;
}

/** How often each command ran. */
export type Counts = Map<string, number>;

const SCRIPTS = 100; // of about 50 commands

/**
 * Runs about 5,000 commands, made from `seed`. If a core and the model disagree, throws an error with the smallest
 * script that shows the difference.
 */
export function runBatch(seed: number, counts: Counts): number {
  let ran = 0;
  const property = fc.property(size, start, script, (bytes, initial, list) => {
    ran += compare(bytes, initial, list);
    for (const { name } of list) counts.set(name, (counts.get(name) ?? 0) + 1);
  });
  const details = fc.check(property, { seed, numRuns: SCRIPTS });
  if (details.failed) {
    const [bytes, initial, list] = details.counterexample ?? [];
    const error = details.errorInstance as Error;
    throw new Error(
      `seed ${seed}: ${error.message}\n  window: ${bytes} bytes of ${initial}\n  commands: ${list?.join("; ")}`,
      { cause: error },
    );
  }
  return ran;
}
