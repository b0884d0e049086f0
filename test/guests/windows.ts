// A guest over windows of given bytes.
import * as assert from "uvu/assert";
import type { Isolation, SandboxOptions, Segment } from "wasm-shm";
import { type AnySandbox, contents, kinds, NO_HOST, native, withSandbox } from "../sandbox/sandboxes.js";
import { suite } from "../suite.js";
import { absent } from "../support/peers.js";
import { fileOf, missing } from "./packages.js";

/** Room for what a guest returns in a window of its own, zeros at first. */
export interface Room {
  readonly bytes: number;
}

export interface Windows {
  readonly sandbox: AnySandbox;
  /** Where a window begins, and how many bytes it has: the arguments of most functions. */
  readonly place: (name: string) => [pointer: number, length: number];
  /** The bytes of a segment. */
  readonly contents: (name: string) => Uint8Array;
  /** Calls a function that returns a number. */
  readonly number: (name: string, ...values: (number | bigint)[]) => Promise<number>;
}

/**
 * Runs `use` with a guest that sees these windows: bytes read-only, room read-write. The bytes must be as they were afterwards.
 */
export async function over<T>(
  kind: Isolation,
  wasm: Uint8Array,
  inputs: Readonly<Record<string, Uint8Array | Room>>,
  options: SandboxOptions,
  use: (windows: Windows) => Promise<T>,
): Promise<T> {
  const segments: Record<string, Segment> = {};
  try {
    for (const [name, input] of Object.entries(inputs)) {
      const isRoom = !(input instanceof Uint8Array);
      const segment = native?.shm.create(isRoom ? input.bytes : input.length) as Segment;
      segments[name] = segment;
      if (!isRoom) segment.write(input);
    }
    const windows = Object.fromEntries(
      Object.entries(segments).map(([name, segment]) => {
        const access = inputs[name] instanceof Uint8Array ? "read-only" : "read-write";
        return [name, { segment, access } as const];
      }),
    );
    // Inline, where it takes the least time, each real module counts its instructions, too.
    const fuel = kind === "inline" ? { fuel: Number.MAX_SAFE_INTEGER } : {};
    const result = await withSandbox(kind, wasm, { ...fuel, ...options, windows }, (sandbox) => {
      const where = (name: string) => sandbox.windows[name] as { byteOffset: number; byteLength: number };
      return use({
        sandbox,
        place: (name) => [where(name).byteOffset, where(name).byteLength],
        contents: (name) => contents(segments[name] as Segment),
        number: async (name, ...values) => (await sandbox.call(name, ...values)) as number,
      });
    });
    for (const [name, input] of Object.entries(inputs))
      if (input instanceof Uint8Array)
        assert.ok(Buffer.from(contents(segments[name] as Segment)).equals(input), `the window "${name}" was changed`);
    return result;
  } finally {
    for (const segment of Object.values(segments)) segment[Symbol.dispose]();
  }
}

const RESULT = 16; // bytes of what a function of wasm-bindgen returns by a pointer

/**
 * Calls a function of wasm-bindgen that returns bytes: by a pointer to their place and their length, and to an error and
 * whether there is one.
 */
export async function bindgen({ sandbox, number }: Windows, name: string, ...values: number[]): Promise<Uint8Array> {
  const at = await number("__wbindgen_add_to_stack_pointer", -RESULT);
  await sandbox.call(name, at, ...values);
  const [pointer = 0, length = 0] = new Int32Array((await sandbox.bytes(at, RESULT)).slice().buffer);
  const bytes = await sandbox.bytes(pointer, length);
  await sandbox.call("__wbindgen_add_to_stack_pointer", RESULT);
  return bytes;
}

/** Bytes that compress. */
export function text(length: number): Uint8Array<ArrayBuffer> {
  const words = ["segment", "window", "shared", "memory", "guest", "attach", "detach", "page", "\n", "ünï"];
  let state = 1;
  let made = "";
  while (made.length < length) {
    state = (state * 48_271) % 2_147_483_647;
    made += `${words[state % words.length]} `;
  }
  return new Uint8Array(new TextEncoder().encode(made).subarray(0, length));
}

export function equal(actual: Uint8Array, expected: Uint8Array): void {
  assert.ok(Buffer.from(actual).equals(expected), `${actual.length} bytes differ from the ${expected.length} expected`);
}

type Job = (kind: Isolation, wasm: Uint8Array<ArrayBuffer>) => Promise<unknown>;

/** A suite of modules at work, each by its file or its bytes, in each of these isolations. */
export function jobs(title: string, isolations: readonly Isolation[]) {
  const tests = suite(title);
  const job = (name: string, module: string | (() => Uint8Array<ArrayBuffer>), use: Job): void => {
    for (const kind of isolations.filter((each) => kinds.includes(each)))
      if (missing !== undefined) absent(tests, `${name} [${kind}]`, missing);
      else if (!native) tests.skip(`${name} [${kind}]`, NO_HOST);
      else
        tests(`${name} [${kind}]`, async () => {
          await use(kind, typeof module === "string" ? fileOf(module) : module());
        });
  };
  return Object.assign(job, { run: () => tests.run() });
}
