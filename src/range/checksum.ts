import { checkBigInt, checkChoice, checkInteger, checkOptions, extraArgument } from "../common/arguments.js";
import { invalidValue, outOfRange } from "../common/errors.js";
import { checkRange, RangeTarget } from "./target.js";

/** Checksums of 32 bits: numbers, from which the next range's can be continued. */
export type Checksum32 = "crc32" | "crc32c" | "adler32";
/** Hashes of 64 bits: bigints, from a seed. */
export type Checksum64 = "xxh64" | "xxh3";

export interface ChecksumRange {
  /** First byte of the range, from the window's start (default 0). */
  start?: number;
  /** End of the range, excluded (default the window's end). */
  end?: number;
}

export interface Checksum32Options extends ChecksumRange {
  /** The checksum of the bytes before, to continue from (default that of no bytes: 0, or 1 for Adler-32). */
  previous?: number;
}

export interface Checksum64Options extends ChecksumRange {
  /** 64 bits, unsigned (default 0n). */
  seed?: bigint;
}

const checksums = ["crc32", "crc32c", "adler32"] as const;
const hashes = ["xxh64", "xxh3"] as const;
export const checksumNames: readonly (Checksum32 | Checksum64)[] = [...checksums, ...hashes];
const optionKeys = ["start", "end", "previous", "seed"] as const;
const MAX_UINT64 = 2n ** 64n - 1n;

export const isHash = (algorithm: Checksum32 | Checksum64): algorithm is Checksum64 =>
  (hashes as readonly string[]).includes(algorithm);

/** Refuses an option that another kind of algorithm has. */
function checkAbsent(name: "previous" | "seed", value: unknown, algorithms: readonly string[], instead: string): void {
  if (value === undefined) return;
  const hint = `Only ${algorithms.map((algorithm) => `'${algorithm}'`).join(", ")} take it; ${instead}.`;
  throw invalidValue(`options.${name}`, hint, value);
}

/** What an algorithm begins with: a checksum of 32 bits, or a seed. */
export function checkStart(
  algorithm: Checksum32 | Checksum64,
  previous: number | undefined,
  seed: bigint | undefined,
): number | bigint {
  if (isHash(algorithm)) {
    checkAbsent("previous", previous, checksums, `'${algorithm}' takes a seed`);
    const from = seed === undefined ? 0n : checkBigInt("options.seed", seed);
    if (from < 0n || from > MAX_UINT64) throw outOfRange("options.seed", `>= 0n and <= ${MAX_UINT64}n`, from);
    return from;
  }
  checkAbsent("seed", seed, hashes, `'${algorithm}' continues from 'previous'`);
  const first = algorithm === "adler32" ? 1 : 0;
  return previous === undefined ? first : checkInteger("options.previous", previous, 0, 0xffffffff);
}

export abstract class Checksums extends RangeTarget {
  /**
   * A checksum of 32 bits: zlib's CRC-32 and Adler-32, and the CRC-32C of RFC 3720.
   *
   * @param options the range, and the checksum to continue from
   * @throws {TypeError} `ERR_INVALID_ARG_VALUE` there is a `seed`, which only the hashes take, or an unknown option
   */
  checksum(algorithm: Checksum32, options?: Checksum32Options): number;
  /**
   * A hash of 64 bits: XXH64, and the XXH3 of that width. Neither is for keeping secrets.
   *
   * @param options the range, and the seed
   * @throws {TypeError} `ERR_INVALID_ARG_VALUE` there is a `previous`, which only the checksums of 32 bits take, or an
   *   unknown option
   * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
   */
  checksum(algorithm: Checksum64, options?: Checksum64Options): bigint;
  checksum(algorithm: Checksum32 | Checksum64, options?: Checksum32Options & Checksum64Options): number | bigint {
    if (arguments.length > 2) throw extraArgument("checksum", arguments, 2);
    checkChoice("algorithm", algorithm, checksumNames);
    const checked: Checksum32Options & Checksum64Options = checkOptions(options, optionKeys);
    const { start = 0, end = this.byteLength, previous, seed } = checked;
    checkRange(this, start, end, "options.");
    const from = checkStart(algorithm, previous, seed);
    const range = this.range("checksum");
    return isHash(algorithm)
      ? range[algorithm](start, end, from as bigint)
      : range[algorithm](start, end, from as number);
  }
}
