// Random guests in processes: this process lives, the segment that they may only read is unchanged, each error
// has a documented code, and no process stays.
import * as assert from "uvu/assert";
import { createSandbox, type Segment, type ShmError } from "wasm-shm";
import { contents, withSegments } from "../sandbox/sandboxes.js";
import { Random } from "../support/random.js";
import { generate } from "./generator.js";

const KNOWN =
  /^(ERR_SHM_(GUEST_(INVALID|IMPORT|LIMIT|MEMORY|TRAP|EXPORT)|READ_ONLY|TIME_LIMIT|MEMORY_LIMIT|SANDBOX_CLOSED)|ERR_INVALID_ARG_TYPE)$/;
const MIB = 2 ** 20;

export interface Counts {
  guests: number;
  calls: number;
  /** Calls that returned. */
  returned: number;
  /** How calls and starts ended, by code. */
  readonly ends: Map<string, number>;
}

export const noCounts = (): Counts => ({ guests: 0, calls: 0, returned: 0, ends: new Map() });

/** Damages a few bytes. */
function damaged(wasm: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const bytes = wasm.slice();
  for (let edits = 1 + random.below(4); edits > 0; edits--)
    bytes[8 + random.below(bytes.length - 8)] = random.below(256);
  return bytes;
}

async function one(segment: Segment, random: Random, counts: Counts): Promise<void> {
  const { wasm, functions } = generate(random);
  const bytes = random.oneIn(4) ? damaged(wasm, random) : wasm;
  const count = (error: unknown): void => {
    const { code = String(error), message } = error as ShmError;
    if (!KNOWN.test(code))
      throw new Error(`${code}: ${message}; ${Buffer.from(bytes).toString("base64")}`, { cause: error });
    counts.ends.set(code, (counts.ends.get(code) ?? 0) + 1);
  };
  const options = {
    windows: { window: { segment } },
    imports: { host: { callback: (value: number) => value } },
    timeLimitMs: 1500,
    memoryLimit: 8 * MIB,
  };
  counts.guests++;
  try {
    const sandbox = await createSandbox(bytes, options);
    let returned = 0;
    for (const [index, { parameters }] of functions.entries()) {
      const values = parameters.map((type) => (type === 0x7e ? BigInt(random.word()) : random.word() / 3));
      counts.calls++;
      const call = random.oneIn(3)
        ? async () => sandbox.callSync(`f${index}`, ...values)
        : () => sandbox.call(`f${index}`, ...values);
      await call().then(() => returned++, count);
    }
    counts.returned += returned;
    await sandbox.close();
  } catch (error) {
    if (!(error as ShmError).code) throw error;
    count(error);
  }
}

/** Runs guests while `isOn` says so. */
export function fuzzGuests(seed: number, counts: Counts, isOn: () => boolean): Promise<void> {
  return withSegments([70_001], async (segment) => {
    const before = contents(segment);
    const random = new Random(seed);
    while (isOn()) {
      await Promise.all([one(segment, random, counts), one(segment, random, counts)]);
      assert.ok(Buffer.from(contents(segment)).equals(before), "the segment changed");
    }
  });
}
