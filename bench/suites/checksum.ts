// Attachment.checksum in place. Its rivals are hash-wasm, which copies 16 KiB at a time from a plain memory into its own,
// Node's zlib, and a plain loop over the window's bytes.
import * as zlib from "node:zlib";
import { createAdler32, createCRC32, createXXHash3, createXXHash64, type IHasher } from "hash-wasm";
import type { Attachment, Checksum, Shm } from "wasm-shm";
import { judgedAt, speed } from "../harness/goals.js";
import { named, type Rival, type Timer } from "../harness/group.js";
import { type PaceName, rangeSizes } from "../harness/pace.js";
import { expectEqual, fillPattern } from "../harness/proof.js";
import { MiB } from "../harness/size.js";
import { coreOf, shmOf, type Variant } from "../harness/window.js";
import { withPlain } from "./memcpy.js";

const CASTAGNOLI = 0x82f63b78; // crc32c's polynomial, reflected: RFC 3720, appendix B.4
const HASH_WASM = "hash-wasm";

type NumberName = "crc32" | "crc32c" | "adler32";
type BigName = "xxh64" | "xxh3";

interface Algorithm {
  readonly name: NumberName | BigName;
  hasher(): Promise<IHasher>;
  /** Gives the expected checksum, by code that is not measured here (default: hash-wasm's, of a copy). */
  readonly oracle?: (bytes: Uint8Array) => number;
  /** Rivals other than hash-wasm, by name. */
  readonly others: Readonly<Record<string, (bytes: Uint8Array) => number>>;
  /** The speed to reach, in times that of hash-wasm. */
  readonly goal?: number;
}

/** RFC 1950, section 8.2. The sums of 5,552 bytes stay below 2^32; zlib calls the number NMAX. */
function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (let index = 0; index < bytes.length; ) {
    for (const stop = Math.min(index + 5552, bytes.length); index < stop; index++) {
      low += bytes[index] as number;
      high += low;
    }
    low %= 65521;
    high %= 65521;
  }
  return ((high << 16) | low) >>> 0;
}

/** The obvious form: byte by byte, over a table made bit by bit. */
function crc32c(bytes: Uint8Array): number {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ CASTAGNOLI : crc >>> 1;
    return crc;
  });
  let crc = -1;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/**
 * The checksum at the end of a stream: a gzip stream ends with crc32 (RFC 1952), a zlib stream with adler32 (RFC 1950).
 */
const ofGzip = (bytes: Uint8Array): number => zlib.gzipSync(bytes, { level: 0 }).subarray(-8).readUInt32LE();
const ofZlib = (bytes: Uint8Array): number => zlib.deflateSync(bytes, { level: 0 }).subarray(-4).readUInt32BE();

const algorithms: readonly Algorithm[] = [
  {
    name: "crc32",
    hasher: () => createCRC32(),
    oracle: ofGzip,
    others: "crc32" in zlib ? { "zlib.crc32": (bytes) => zlib.crc32(bytes) } : {}, // from Node 20.15 and 22.2
  },
  { name: "crc32c", hasher: () => createCRC32(CASTAGNOLI), oracle: crc32c, others: {}, goal: 1.2 },
  { name: "adler32", hasher: createAdler32, oracle: ofZlib, others: { "loop over bytes": adler32 }, goal: 3 },
  { name: "xxh64", hasher: () => createXXHash64(), others: {}, goal: 1.1 },
  { name: "xxh3", hasher: () => createXXHash3(), others: {}, goal: 1.8 },
];

const isBig = (name: NumberName | BigName): name is BigName => name === "xxh64" || name === "xxh3";

const digestOf = (hasher: IHasher, bytes: Uint8Array): bigint =>
  BigInt(`0x${hasher.init().update(bytes).digest("hex")}`);

/** Parts of a range that comes in several, as windows of a large segment do. */
const PARTS = 4;

/** The checksum by `createChecksum`, whose types differ by the algorithm. */
function inParts(create: Shm["createChecksum"], name: NumberName | BigName, attachment: Attachment): bigint {
  const sum = (create as (name: NumberName | BigName) => Checksum)(name);
  const { byteLength } = attachment;
  const part = Math.ceil(byteLength / PARTS);
  for (let start = 0; start < byteLength; start += part)
    sum.update(attachment, start, Math.min(start + part, byteLength));
  return BigInt(sum.digest());
}

export async function checksum(variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  // The js core, a readable twin, takes a second for 64 MiB, at the speed of 1 MiB.
  for (const size of rangeSizes(pace).filter((bytes) => variant === "wasm" || bytes <= MiB))
    await withPlain(variant, size, async (attachment, plain) => {
      const { bytes } = attachment;
      const { createChecksum } = shmOf(variant);
      fillPattern(bytes);
      for (const { name, hasher: create, oracle, others, goal } of algorithms) {
        const hasher = await create();
        const expected = oracle ? BigInt(oracle(bytes)) : digestOf(await create(), bytes.slice());
        const rival = (by: string, run: () => number, answer: () => number | bigint = run): Rival => ({
          name: by,
          operations: 1,
          run,
          prove: () => expectEqual(BigInt(answer()), expected, `${name} by ${by}`),
        });
        const core = `checksum, ${coreOf(variant)}`;
        await time({
          ...named(name, size),
          bytes: size,
          rivals: [
            rival(
              HASH_WASM,
              () => hasher.init().update(plain).digest("binary")[0] as number,
              () => digestOf(hasher, plain),
            ),
            ...Object.entries(others).map(([by, run]) => rival(by, () => run(bytes))),
            rival(
              `createChecksum, ${coreOf(variant)}`,
              () => (inParts(createChecksum, name, attachment) === expected ? 1 : 0),
              () => inParts(createChecksum, name, attachment),
            ),
            {
              ...(isBig(name)
                ? rival(
                    core,
                    () => (attachment.checksum(name) === expected ? 1 : 0),
                    () => attachment.checksum(name),
                  )
                : rival(core, () => attachment.checksum(name))),
              goals: judgedAt(size, variant, ...(goal === undefined ? [] : [speed(goal, HASH_WASM)])),
            },
          ],
        });
      }
    });
}
