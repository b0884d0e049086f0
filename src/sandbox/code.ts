// What a guest's code holds that only a process of its own can bear. V8 ends no guest that makes tail calls (Node 24 and 26),
// and its compiler keeps the state of all locals for each block: 63 KB of blocks and locals took 3 GiB.
// https://webassembly.github.io/spec/core/binary/instructions.html
import { guestError } from "../common/errors.js";
import { hints } from "../common/hints.js";
import type { Body, ModuleBinary } from "../module/binary.js";
import { Reader } from "../module/reader.js";

/** Locals times blocks of one function. The compiler takes some four bytes for each, so 64 MiB. */
const MOST_STATES = 16 * 2 ** 20;

/** A number of any kind and sign. */
function passNumber(reader: Reader): void {
  for (let count = 1; reader.byte() >= 0x80; count++) if (count === 10) throw reader.wrong("too long a number");
}

function passNumbers(reader: Reader, count: number): void {
  for (let rest = count; rest > 0; rest--) passNumber(reader);
}

/** A reference's type has another number behind it. */
function passType(reader: Reader): void {
  const type = reader.peek();
  passNumber(reader);
  if (type === 0x63 || type === 0x64) passNumber(reader);
}

function passMemory(reader: Reader): void {
  const flags = reader.u32();
  passNumbers(reader, flags & 0x40 ? 2 : 1); // which memory, and the offset
}

function passCatch(reader: Reader): void {
  passNumbers(reader, reader.byte() < 2 ? 2 : 1);
}

/** Numbers behind the instructions that are followed by nothing else. */
const numbers = new Map<number, number>([
  ...[0x00, 0x01, 0x05, 0x0a, 0x0b, 0x0f, 0x19, 0x1a, 0x1b, 0xd1, 0xd3, 0xd4].map((opcode) => [opcode, 0] as const),
  ...[0x07, 0x08, 0x09, 0x0c, 0x0d, 0x10, 0x14, 0x18, 0x20, 0x21, 0x22, 0x23, 0x24].map((each) => [each, 1] as const),
  ...[0x25, 0x26, 0x3f, 0x40, 0x41, 0x42, 0xd0, 0xd2, 0xd5, 0xd6].map((opcode) => [opcode, 1] as const),
  [0x11, 2],
]);

/** Those behind the instructions of 0xfc, from the first on: conversions, memory, tables. */
const extended = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

function passExtended(reader: Reader): void {
  const count = extended[reader.u32()];
  if (count === undefined) throw reader.wrong("an unknown instruction");
  passNumbers(reader, count);
}

function passVector(reader: Reader): void {
  const code = reader.u32();
  if (code <= 11 || (code >= 84 && code <= 93)) passMemory(reader);
  if (code === 12 || code === 13) reader.skip(16);
  if ((code >= 21 && code <= 34) || (code >= 84 && code <= 91)) reader.skip(1);
  if (code > 0x12f) throw reader.wrong("an unknown instruction");
}

function passAtomic(reader: Reader): void {
  const code = reader.u32();
  if (code > 0x4e) throw reader.wrong("an unknown instruction");
  if (code === 3) reader.skip(1);
  else passMemory(reader);
}

/** Passes what follows an opcode. @returns 1 if it begins a block */
function passRest(reader: Reader, opcode: number): 0 | 1 {
  const count = numbers.get(opcode);
  if (count !== undefined) passNumbers(reader, count);
  else if (opcode >= 0x45 && opcode <= 0xc4) return 0;
  else if (opcode >= 0x28 && opcode <= 0x3e) passMemory(reader);
  else if (opcode === 0xfc) passExtended(reader);
  else if (opcode === 0xfd) passVector(reader);
  else if (opcode === 0xfe) passAtomic(reader);
  else if (opcode === 0x43 || opcode === 0x44) reader.skip(opcode === 0x43 ? 4 : 8);
  else if (opcode === 0x0e) passNumbers(reader, reader.u32() + 1);
  else if (opcode === 0x1c) for (let rest = reader.u32(); rest > 0; rest--) passType(reader);
  else if ((opcode >= 0x02 && opcode <= 0x04) || opcode === 0x06 || opcode === 0x1f) {
    passType(reader);
    if (opcode === 0x1f) for (let rest = reader.u32(); rest > 0; rest--) passCatch(reader);
    return 1;
  } else throw reader.wrong(`an instruction, 0x${opcode.toString(16)}, that a guest may use only in its own process,`);
  return 0;
}

function checkBody(module: ModuleBinary, { locals, code, end }: Body): void {
  const reader = new Reader(module.bytes, code, end, "a function", module.refuse);
  let blocks = 1;
  while (!reader.done) {
    const opcode = reader.byte();
    if (opcode === 0x12 || opcode === 0x13 || opcode === 0x15)
      throw tooMuch("makes tail calls, during which the engine does not end it");
    blocks += passRest(reader, opcode);
  }
  if (locals * blocks > MOST_STATES)
    throw tooMuch(`has a function of ${locals} locals and ${blocks} blocks, for which the compiler takes gigabytes`);
}

const tooMuch = (what: string): Error => guestError("ERR_SHM_GUEST_LIMIT", `the guest ${what}; ${hints.ownProcess}`);

/**
 * Checks the code of a guest that is to share this process.
 *
 * @throws {ShmError} `ERR_SHM_GUEST_LIMIT`; `ERR_SHM_GUEST_INVALID` by {@link ModuleBinary.refuse}
 */
export function checkCode(module: ModuleBinary): void {
  for (const body of module.bodies()) checkBody(module, body);
}
