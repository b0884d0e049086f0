// A module that counts the instructions that it executes, in a global, and traps once that is below zero. Instructions that are
// executed all or none are counted once, before the first of them; whether fuel is left is asked where a loop begins, and a
// function that calls others. All indices and depths of branches stay, as what is added is behind all else.
//
// A function with loops keeps the global in a local, too, and so counts in a register: the global is stored to, for what reads it
// after a call or a trap, and got again behind a call alone. One that catches exceptions does not, as its calls may end elsewhere.
import { type Body, type ModuleBinary, section } from "./binary.js";
import { passInstruction } from "./instructions.js";
import { Reader } from "./reader.js";
import { appended, type Contents, exported, type Part, signed, unsigned, withContents } from "./rewrite.js";
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
const TAIL_CALLS = opcodes(0x12, 0x13, 0x15);
/** What leaves a function. */
const LEAVING = opcodes(RETURN, THROW, RETHROW, THROW_REF, ...TAIL_CALLS);
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
  /** The index of the outermost frame that a branch in it leads to: past its own end, if that is another. */
  target: number;
}

/** The indices of what is added. */
interface Added {
  readonly fuel: number;
  readonly bulk: number;
}

const ZERO = [0x42, 0];
const [LESS, SUBTRACT] = [0x53, 0x7d];
const UNREACHABLE = 0;

/** Bytes, one behind another: a module may have millions of places where some are added. */
class Output {
  #bytes = new Uint8Array(65_536);
  length = 0;

  put(from: ArrayLike<number>, start = 0, end = from.length): void {
    if (this.#bytes.length - this.length < end - start) {
      const bytes = new Uint8Array(2 * (this.length + end - start));
      bytes.set(this.written);
      this.#bytes = bytes;
    }
    for (let at = start; at < end; at++) this.#bytes[this.length++] = from[at] as number;
  }

  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}

/** Instructions on a local or a global. */
const on = (index: number, ...codes: number[]): number[][] => codes.map((code) => [code, ...unsigned(index)]);

/** Writes a function of the module that counts. Returns whether it needs {@link bulkBody}. */
function count(module: ModuleBinary, body: Body, locals: number, added: Added, output: Output): boolean {
  const { bytes } = module;
  const reader = module.code(body);
  const edits: [at: number, what: Run | "get" | readonly number[]][] = [];
  let [hasLoop, handles, calls, isBulk] = [false, false, false, false];
  const begin = (asks: boolean): Run => {
    const run = { cost: 0, asks };
    edits.push([reader.position, run]);
    return run;
  };
  /** A local that a function does not have must not become the one that is added. */
  const checkLocal = (at: number): void => {
    const { position } = reader;
    reader.position = at + 1;
    if (reader.u32() >= locals) throw reader.wrong("an index of a local that it lacks");
    reader.position = position;
  };
  let run = begin(true);
  const frames: Frame[] = [{ run, target: 0 }];
  /** A branch leads to the frame that is so many further out. */
  const leave = (depth: number): void => {
    const frame = frames.at(-1);
    if (frame) frame.target = Math.min(frame.target, frames.length - 1 - depth);
  };
  while (!reader.done) {
    const start = reader.position;
    const opcode = passInstruction(reader);
    if (!FREE.has(opcode)) run.cost++;
    if (HANDLING.has(opcode)) handles = true;
    if (OPENING.has(opcode)) frames.push({ run, target: frames.length });
    if (TAIL_CALLS.has(opcode)) calls = true;
    if (opcode === LOOP) hasLoop = true;
    if (opcode === END || opcode === DELEGATE) {
      const frame = frames.pop();
      if (frame === undefined) throw reader.wrong("an end too many");
      const outer = frames.at(-1);
      if (outer) {
        outer.target = Math.min(outer.target, frame.target);
        run = frame.target < frames.length || handles ? begin(false) : frame.run;
      }
    } else if (BRANCHES.has(opcode)) {
      const { position } = reader;
      reader.position = start + 1;
      let depth = 0;
      for (let labels = opcode === BR_TABLE ? reader.u32() + 1 : 1; labels > 0; labels--)
        depth = Math.max(depth, reader.u32());
      reader.position = position;
      leave(depth);
      run = begin(false);
    } else if (opcode >= LOCAL_GET && opcode <= LOCAL_TEE) checkLocal(start);
    else if (LEAVING.has(opcode)) {
      leave(frames.length - 1);
      run = begin(false);
    } else if (opcode === LOOP || opcode === IF || opcode === ELSE || HANDLING.has(opcode))
      run = begin(opcode === LOOP);
    else if (CALLS.has(opcode)) {
      calls = true;
      edits.push([reader.position, "get"]);
    } else if (BULK.has(opcode)) {
      isBulk = true;
      const call = [0x41, BULK_BYTES.has(opcode) ? 3 : 0, 0x10, ...unsigned(added.bulk)];
      edits.push([start, call], [start, "get"]);
    } else if (opcode === GARBAGE_COLLECTED)
      throw reader.wrong("an instruction of garbage-collected types, which cannot be counted,");
  }
  const [globalGet, globalSet] = on(added.fuel, GLOBAL_GET, GLOBAL_SET) as [number[], number[]];
  const [localGet, localSet, localTee] = on(locals, LOCAL_GET, LOCAL_SET, LOCAL_TEE) as [number[], number[], number[]];
  const isLocal = hasLoop && !handles;
  const get = isLocal ? [...globalGet, ...localSet] : [];
  const spent = [...ZERO, LESS, IF, 0x40, UNREACHABLE, END];
  const putRun = ({ cost, asks }: Run, isFirst: boolean): void => {
    const hasToAsk = asks && (!isFirst || calls || hasLoop);
    if (cost === 0 && !hasToAsk) return;
    output.put(isLocal && !isFirst ? localGet : globalGet);
    output.put(cost < 64 ? [0x42, cost, SUBTRACT] : [0x42, ...signed(BigInt(cost)), SUBTRACT]);
    if (isLocal) output.put(localTee);
    output.put(globalSet);
    if (!hasToAsk) return;
    output.put(isLocal ? localGet : globalGet);
    output.put(spent);
  };
  for (const part of localsWith(module, body, isLocal)) output.put(part);
  let position = body.code;
  edits.forEach(([at, what], index) => {
    output.put(bytes, position, at);
    position = at;
    if (what === "get") output.put(get);
    else if ("cost" in what) putRun(what, index === 0);
    else output.put(what);
  });
  output.put(bytes, position, body.end);
  return isBulk;
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
  return [0, ...get, ...length, SUBTRACT, ...set, ...get, ...ZERO, LESS, IF, 0x40, UNREACHABLE, END, 0x20, 0, END];
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
  const added = { fuel: module.counts.globals, bulk: module.counts.functions };
  const code = new Output();
  const output = new Output();
  let hasBulk = false;
  let index = 0;
  for (const body of module.bodies()) {
    const type = types[functions[index++] ?? -1];
    if (type === undefined) throw module.refuse(`its function ${index - 1} has no type`);
    output.length = 0;
    if (count(module, body, type.parameters.length + body.locals, added, output)) hasBulk = true;
    code.put(unsigned(output.length));
    code.put(output.written);
  }
  const contents: Contents = new Map([[section.global, appended(module, section.global, [I64, 1, ...ZERO, END])]]);
  if (hasBulk) {
    contents.set(section.type, appended(module, section.type, [0x60, 2, I32, I32, 1, I32]));
    contents.set(section.function, appended(module, section.function, unsigned(types.length)));
    const body = bulkBody(added.fuel);
    code.put([...unsigned(body.length), ...body]);
  }
  if (index > 0) contents.set(section.code, [unsigned(index + (hasBulk ? 1 : 0)), code.written]);
  const [fuel, fuelEntry] = exported(module, "fuel", 3, added.fuel);
  const entries = [fuelEntry];
  let start: string | undefined;
  if (module.start !== undefined) {
    const type = module.typeOf(module.start);
    if (type && type.parameters.length + type.results.length > 0)
      throw module.refuse("its start function takes or returns values");
    const [name, entry] = exported(module, "start", 0, module.start);
    entries.push(entry);
    start = name;
    contents.set(section.start, undefined);
  }
  contents.set(section.export, appended(module, section.export, ...entries));
  return { bytes: withContents(module, contents), fuel, start };
}
