// What a guest's code holds that only a process of its own can bear. V8 ends no guest that makes tail calls (Node 24 and 26),
// and its compiler keeps the state of all locals for each block: 63 KB of blocks and locals took 3 GiB.
// https://webassembly.github.io/spec/core/binary/instructions.html
import { guestError } from "../common/errors.js";
import { hints } from "../common/hints.js";
import type { Body, ModuleBinary } from "../module/binary.js";
import { passInstruction } from "../module/instructions.js";
import type { Reader } from "../module/reader.js";
import type { FunctionType } from "../module/types.js";

/** Locals and parameters of one function times its blocks, and the blocks' own values. The compiler takes 4 to 17 bytes for each. */
const MOST_STATES = 16 * 2 ** 20;

const TAIL_CALLS = new Set([0x12, 0x13, 0x15]);
const BLOCKS = new Set([0x02, 0x03, 0x04, 0x06, 0x1f]);
const GARBAGE_COLLECTED = 0xfb;

const arity = ({ parameters, results }: FunctionType): number => parameters.length + results.length;

/** Values that the block takes and gives whose type is at the byte `at`. One that is not an index says one at most. */
function arityAt(reader: Reader, at: number, types: ModuleBinary["types"]): number {
  const { position } = reader;
  reader.position = at;
  const index = Number(reader.signed(33));
  reader.position = position;
  const type = types[index];
  return type ? arity(type) : 1;
}

function checkBody(module: ModuleBinary, body: Body, type: FunctionType | undefined): void {
  const reader = module.code(body);
  let blocks = 1;
  let own = 0;
  while (!reader.done) {
    const start = reader.position;
    const opcode = passInstruction(reader);
    if (TAIL_CALLS.has(opcode)) throw tooMuch("makes tail calls, during which the engine does not end it");
    if (opcode === GARBAGE_COLLECTED)
      throw reader.wrong("an instruction of garbage-collected types, which a guest may use only in its own process,");
    if (!BLOCKS.has(opcode)) continue;
    blocks++;
    own += arityAt(reader, start + 1, module.types);
  }
  const values = (body.locals + (type?.parameters.length ?? 0)) * blocks + own;
  if (values > MOST_STATES)
    throw tooMuch(
      `has a function whose ${blocks} blocks hold ${values} values, for which the compiler takes gigabytes`,
    );
}

const tooMuch = (what: string): Error => guestError("ERR_SHM_GUEST_LIMIT", `the guest ${what}; ${hints.ownProcess}`);

/**
 * Checks the code of a guest that is to share this process.
 *
 * @throws {ShmError} `ERR_SHM_GUEST_LIMIT`; `ERR_SHM_GUEST_INVALID` by {@link ModuleBinary.refuse}
 */
export function checkCode(module: ModuleBinary): void {
  const { types, functions } = module;
  let index = 0;
  for (const body of module.bodies()) checkBody(module, body, types[functions[index++] ?? -1]);
}
