// Classic BPF as seccomp(2) runs it: what the kernel checks of a program, and what the program answers.

export interface Instruction {
  readonly code: number;
  readonly ifSo: number;
  readonly ifNot: number;
  readonly value: number;
}

/** What a filter sees of a system call. */
export interface Call {
  readonly number: number;
  readonly architecture: number;
  readonly arguments: readonly bigint[];
}

const LOAD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
const JUMP_EQUAL = 0x15;
const JUMP_NOT_LESS = 0x35;
const RETURN = 0x06;

export const MOST_INSTRUCTIONS = 4096;

export function decode(bytes: Uint8Array): Instruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 8 }, (_, index) => ({
    code: view.getUint16(8 * index, true),
    ifSo: view.getUint8(8 * index + 2),
    ifNot: view.getUint8(8 * index + 3),
    value: view.getUint32(8 * index + 4, true),
  }));
}

/** Why the kernel would refuse the program, by the rules of bpf_check_classic and seccomp_check_filter; or undefined. */
export function refusal(program: readonly Instruction[]): string | undefined {
  if (program.length === 0 || program.length > MOST_INSTRUCTIONS) return `${program.length} instructions`;
  if (program.at(-1)?.code !== RETURN) return "the last instruction does not return";
  for (const [index, { code, ifSo, ifNot, value }] of program.entries()) {
    const left = program.length - index - 1;
    if (code === LOAD && (value % 4 !== 0 || value >= 64)) return `${index} loads from ${value}`;
    if (code === JUMP && value >= left) return `${index} jumps ${value} past the end`;
    if ((code === JUMP_EQUAL || code === JUMP_NOT_LESS) && (ifSo >= left || ifNot >= left))
      return `${index} jumps past the end`;
    if (![LOAD, AND, JUMP, JUMP_EQUAL, JUMP_NOT_LESS, RETURN].includes(code)) return `${index} has code ${code}`;
  }
  return undefined;
}

function word({ number, architecture, arguments: values }: Call, at: number): number {
  if (at === 0) return number >>> 0;
  if (at === 4) return architecture >>> 0;
  if (at < 16) return 0; // the instruction pointer
  const value = BigInt.asUintN(64, values[(at - 16) >> 3] ?? 0n);
  return Number((at & 4) === 0 ? value & 0xffffffffn : value >> 32n);
}

/** What the program answers. `visited` gets the index of each instruction that ran. */
export function evaluate(program: readonly Instruction[], call: Call, visited?: Set<number>): number {
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const instruction = program[at];
    if (!instruction) throw new Error(`ran past the end of ${program.length} instructions`);
    visited?.add(at);
    const { code, ifSo, ifNot, value } = instruction;
    if (code === RETURN) return value;
    if (code === LOAD) accumulator = word(call, value);
    else if (code === AND) accumulator = (accumulator & value) >>> 0;
    else if (code === JUMP) at += value;
    else if (code === JUMP_EQUAL) at += accumulator === value ? ifSo : ifNot;
    else if (code === JUMP_NOT_LESS) at += accumulator >= value ? ifSo : ifNot;
    else throw new Error(`no code ${code}`);
  }
}
