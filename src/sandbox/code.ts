// What a guest's code holds that only a process of its own can bear. V8 ends no guest that makes tail calls (Node 24 and 26),
// and its compiler keeps the state of all locals for each block: 63 KB of blocks and locals took 3 GiB.
// https://webassembly.github.io/spec/core/binary/instructions.html
import { guestError } from "../common/errors.js";
import { hints } from "../common/hints.js";
import type { Body, ModuleBinary } from "../module/binary.js";
import { passInstruction } from "../module/instructions.js";
import { Reader } from "../module/reader.js";

/** Locals times blocks of one function. The compiler takes some four bytes for each, so 64 MiB. */
const MOST_STATES = 16 * 2 ** 20;

const TAIL_CALLS = new Set([0x12, 0x13, 0x15]);
const BLOCKS = new Set([0x02, 0x03, 0x04, 0x06, 0x1f]);
const GARBAGE_COLLECTED = 0xfb;

function checkBody(module: ModuleBinary, { locals, code, end }: Body): void {
  const reader = new Reader(module.bytes, code, end, "a function", module.refuse);
  let blocks = 1;
  while (!reader.done) {
    const opcode = passInstruction(reader);
    if (TAIL_CALLS.has(opcode)) throw tooMuch("makes tail calls, during which the engine does not end it");
    if (opcode === GARBAGE_COLLECTED)
      throw reader.wrong("an instruction of garbage-collected types, which a guest may use only in its own process,");
    if (BLOCKS.has(opcode)) blocks++;
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
