// A module that counts the instructions that it executes, in a global, and traps once that is below zero. Instructions that are
// executed all or none are counted once, before the first of them; whether fuel is left is asked where a loop begins, and a
// function that calls others. All indices and depths of branches stay, as what is added is behind all else.
//
// A function with loops keeps the global in a local, so that loops count in a register: it is put back before a call, and got
// again behind that. One that catches exceptions does not, as its calls may end elsewhere.
import { type Body, type ModuleBinary, section } from "./binary.js";
import { passInstruction } from "./instructions.js";
import { Reader } from "./reader.js";
import { appended, type Contents, exported, joined, type Part, signed, unsigned, withContents } from "./rewrite.js";
import { I32, I64 } from "./types.js";

const [BLOCK, LOOP, IF, ELSE, TRY, CATCH, THROW, RETHROW, THROW_REF, END] = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as const;
const [BR, BR_IF, BR_TABLE, RETURN, DELEGATE, CATCH_ALL, TRY_TABLE] = [12, 13, 14, 15, 0x18, 0x19, 0x1f] as const;
const [LOCAL_GET, LOCAL_SET, LOCAL_TEE, GLOBAL_GET, GLOBAL_SET] = [0x20, 0x21, 0x22, 0x23, 0x24] as const;
const [BR_ON_NULL, BR_ON_NON_NULL, GARBAGE_COLLECTED] = [0xd5, 0xd6, 0xfb] as const;

type Opcodes = ReadonlySet<number>;
const opcodes = (...all: number[]): Opcodes => new Set(all);
const OPENING = opcodes(BLOCK, LOOP, IF, TRY, TRY_TABLE);
const CALLS = opcodes(0x10, 0x11, 0x14);
const BRANCHES = opcodes(BR, BR_IF, BR_TABLE, BR_ON_NULL, BR_ON_NON_NULL);
/** What leaves a function: tail calls, too. */
const LEAVING = opcodes(RETURN, THROW, RETHROW, THROW_REF, 0x12, 0x13, 0x15);
const HANDLING = opcodes(TRY, TRY_TABLE, CATCH, CATCH_ALL, DELEGATE);
/** What costs nothing, as in wasmtime: unreachable, nop and drop are the others. */
const FREE = opcodes(0, 1, BLOCK, LOOP, ELSE, END, RETURN, 0x1a);
/** What costs its last operand, too: eight bytes (of memory.init, copy and fill) as one; each element or page. */
const BULK_BYTES = opcodes(0x108, 0x10a, 0x10b);
const BULK = opcodes(0x40, 0x10c, 0x10e, 0x10f, 0x111, ...BULK_BYTES);

/** Instructions that are executed all or none. */
interface Run {
  cost: number;
  readonly asks: boolean;
}

interface Frame {
  readonly run: Run;
  /** Whether a branch in it leads past its end. */
  isLeft: boolean;
}

/** The indices of what is added. */
interface Added {
  readonly fuel: number;
  readonly bulk: number;
}

const ZERO = [0x42, 0];
const LESS = 0x53;
const UNREACHABLE = 0;

/** Instructions on a local or a global. */
const on = (index: number, ...codes: number[]): number[][] => codes.map((code) => [code, ...unsigned(index)]);

/** A function of the module that counts, and whether it needs {@link bulkBody}. */
function counted(module: ModuleBinary, body: Body, locals: number, added: Added): { parts: Part[]; isBulk: boolean } {
  const { bytes } = module;
  const reader = new Reader(bytes, body.code, body.end, "a function", module.refuse);
  const edits: [at: number, what: Run | "flush" | "get" | readonly number[]][] = [];
  let [hasLoop, handles, calls, isBulk] = [false, false, false, false];
  const begin = (asks: boolean): Run => {
    const run = { cost: 0, asks };
    edits.push([reader.position, run]);
    return run;
  };
  /** An index that a module does not have must not become one of what is added. */
  const checkIndex = (at: number, count: number): void => {
    const { position } = reader;
    reader.position = at + 1;
    if (reader.u32() >= count) throw reader.wrong("an index of a local or a global that it lacks");
    reader.position = position;
  };
  let run = begin(true);
  const frames: Frame[] = [{ run, isLeft: false }];
  /** A branch leads out of so many frames. */
  const leave = (depth: number): void => {
    for (const frame of frames.slice(Math.max(frames.length - depth, 0))) frame.isLeft = true;
  };
  while (!reader.done) {
    const start = reader.position;
    const opcode = passInstruction(reader);
    if (!FREE.has(opcode)) run.cost++;
    if (HANDLING.has(opcode)) handles = true;
    if (OPENING.has(opcode)) frames.push({ run, isLeft: handles });
    if (opcode === LOOP) hasLoop = true;
    if (opcode === END || opcode === DELEGATE) {
      const frame = frames.pop();
      if (frame === undefined) throw reader.wrong("an end too many");
      if (frames.length === 0) edits.push([start, "flush"]);
      else run = frame.isLeft || handles ? begin(false) : frame.run;
    } else if (BRANCHES.has(opcode)) {
      const { position } = reader;
      reader.position = start + 1;
      let depth = 0;
      for (let labels = opcode === BR_TABLE ? reader.u32() + 1 : 1; labels > 0; labels--)
        depth = Math.max(depth, reader.u32());
      reader.position = position;
      leave(depth);
      if (depth >= frames.length - 1) edits.push([start, "flush"]);
      run = begin(false);
    } else if (opcode >= LOCAL_GET && opcode <= GLOBAL_SET)
      checkIndex(start, opcode < GLOBAL_GET ? locals : added.fuel);
    else if (LEAVING.has(opcode)) {
      leave(frames.length);
      edits.push([start, "flush"]);
      run = begin(false);
    } else if (opcode === LOOP || opcode === IF || opcode === ELSE || HANDLING.has(opcode))
      run = begin(opcode === LOOP);
    else if (CALLS.has(opcode)) {
      calls = true;
      edits.push([start, "flush"], [reader.position, "get"]);
    } else if (BULK.has(opcode)) {
      isBulk = true;
      const call = [0x41, BULK_BYTES.has(opcode) ? 3 : 0, 0x10, ...unsigned(added.bulk)];
      edits.push([start, "flush"], [start, call], [start, "get"]);
    } else if (opcode === GARBAGE_COLLECTED)
      throw reader.wrong("an instruction of garbage-collected types, which cannot be counted,");
  }
  const [globalGet, globalSet] = on(added.fuel, GLOBAL_GET, GLOBAL_SET) as [number[], number[]];
  const [localGet, localSet, localTee] = on(locals, LOCAL_GET, LOCAL_SET, LOCAL_TEE) as [number[], number[], number[]];
  const isLocal = hasLoop && !handles;
  const flush = isLocal ? [...localGet, ...globalSet] : [];
  const get = isLocal ? [...globalGet, ...localSet] : [];
  const spent = [...ZERO, LESS, IF, 0x40, ...flush, UNREACHABLE, END];
  const codeOf = ({ cost, asks }: Run, isFirst: boolean): readonly number[] => {
    const hasToAsk = asks && (!isFirst || calls || hasLoop);
    if (cost === 0 && !hasToAsk) return [];
    const less = [...(isLocal && !isFirst ? localGet : globalGet), 0x42, ...signed(BigInt(cost)), 0x7d];
    if (isLocal) return hasToAsk ? [...less, ...localTee, ...spent] : [...less, ...localSet];
    return [...less, ...globalSet, ...(hasToAsk ? [...globalGet, ...spent] : [])];
  };
  const parts: Part[] = [];
  let position = body.code;
  for (const [at, what] of edits) {
    const code =
      what === "flush" ? flush : what === "get" ? get : "cost" in what ? codeOf(what, what === edits[0]?.[1]) : what;
    if (code.length === 0) continue;
    if (at > position) parts.push(bytes.subarray(position, at));
    position = at;
    parts.push(code);
  }
  parts.push(bytes.subarray(position, body.end));
  return { parts: [...localsWith(module, body, isLocal), ...parts], isBulk };
}

/** The locals, and one more. */
function localsWith({ bytes, refuse }: ModuleBinary, { start, code }: Body, isMore: boolean): Part[] {
  if (!isMore) return [bytes.subarray(start, code)];
  const reader = new Reader(bytes, start, code, "a function", refuse);
  const runs = reader.u32();
  return [unsigned(runs + 1), bytes.subarray(reader.position, code), [1, I64]];
}

/** Takes a length and its shift, counts it, and returns it. */
function bulkBody(fuel: number): number[] {
  const [get, set] = on(fuel, GLOBAL_GET, GLOBAL_SET) as [number[], number[]];
  const length = [0x20, 0, 0xad, 0x20, 1, 0xad, 0x88]; // i64.extend_i32_u, i64.shr_u
  return [0, ...get, ...length, 0x7d, ...set, ...get, ...ZERO, LESS, IF, 0x40, UNREACHABLE, END, 0x20, 0, END];
}

/** A module that counts, and the names of exports that it has for its host. */
export interface Counted {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** A global, i64: begins with 0. */
  readonly fuel: string;
  /** What the engine would call at the instantiation. */
  readonly start: string | undefined;
}

/** @throws what `refuse` makes: it has what cannot be counted */
export function withFuel(module: ModuleBinary): Counted {
  const { types, functions, tables } = module;
  if (tables.some(({ is64 }) => is64))
    throw module.refuse("it has a 64-bit table, whose instructions cannot be counted");
  const added = {
    fuel: module.imported("global") + module.globals.length,
    bulk: module.imported("function") + functions.length,
  };
  const code: Part[] = [];
  let hasBulk = false;
  let index = 0;
  for (const body of module.bodies()) {
    const type = types[functions[index++] ?? -1];
    if (type === undefined) throw module.refuse(`its function ${index - 1} has no type`);
    const { parts, isBulk } = counted(module, body, type.parameters.length + body.locals, added);
    const bytes = joined(parts);
    code.push(unsigned(bytes.length), bytes);
    hasBulk ||= isBulk;
  }
  const contents: Contents = new Map([[section.global, appended(module, section.global, [I64, 1, ...ZERO, END])]]);
  if (hasBulk) {
    contents.set(section.type, appended(module, section.type, [0x60, 2, I32, I32, 1, I32]));
    contents.set(section.function, appended(module, section.function, unsigned(types.length)));
    const body = bulkBody(added.fuel);
    code.push(unsigned(body.length), body);
  }
  if (index > 0) contents.set(section.code, [unsigned(index + (hasBulk ? 1 : 0)), ...code]);
  const [fuel, fuelEntry] = exported(module, "fuel", 3, added.fuel);
  const entries = [fuelEntry];
  let start: string | undefined;
  if (module.start !== undefined) {
    const [name, entry] = exported(module, "start", 0, module.start);
    entries.push(entry);
    start = name;
    contents.set(section.start, undefined);
  }
  contents.set(section.export, appended(module, section.export, ...entries));
  return { bytes: withContents(module, contents), fuel, start };
}
