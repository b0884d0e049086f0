// Numbers at the cursor, one after the other, against the two ways that a program has: a class with a position, and a loop
// whose position is a local variable.
import type { Attachment, Cursor } from "wasm-shm";
import { positioned } from "./positioned.js";
import type { Operation, Way } from "./way.js";

const COUNT = 1000;

/** Names of the cursor and of DataView, and of Buffer. */
const kinds = [
  ["Uint8", "UInt8", 1],
  ["Int8", "Int8", 1],
  ["Uint16", "UInt16LE", 2],
  ["Int16", "Int16LE", 2],
  ["Uint32", "UInt32LE", 4],
  ["Int32", "Int32LE", 4],
  ["BigUint64", "BigUInt64LE", 8],
  ["BigInt64", "BigInt64LE", 8],
  ["Float16", undefined, 2],
  ["Float32", "FloatLE", 4],
  ["Float64", "DoubleLE", 8],
] as const;

/** A loop of its own for each, as in a program: a shared one would know all kinds, and be slow with each. */
function loop(of: object, body: string): Way {
  const names = Object.keys(of);
  return new Function(...names, `return () => { ${body} }`)(...Object.values(of)) as Way;
}

/** What is added to the name of a row against loops. */
const IN_A_LOOP = ", loop without a cursor";

function reads(cursor: Cursor, view: DataView, buffer: Buffer): Operation[] {
  return kinds.flatMap(([name, node, width]) => {
    const big = name.startsWith("Big");
    const [zero, add] = big ? ["0n", "sum ^="] : ["0", "sum +="];
    const each = (read: string) =>
      `let sum = ${zero}; for (let at = 0; at < ${COUNT * width}; at += ${width}) ${add} ${read}; return sum;`;
    const order = width > 1 ? ", true" : "";
    const common = {
      calls: COUNT,
      prepare: () => {
        for (let index = 0; index < COUNT * width; index++) buffer[index] = (index * 37) & 0x3f;
      },
      own: loop({ cursor }, `cursor.reset(); ${each(`cursor.read${name}()`)}`),
    };
    const isThere = `get${name}` in view;
    const other = isThere && positioned(view, name, width);
    const by = { "class with a position": other && loop({ other }, `other.reset(); ${each(`other.read${name}()`)}`) };
    const loops = {
      DataView: isThere ? loop({ view }, each(`view.get${name}(at${order})`)) : undefined,
      Buffer: node === undefined ? undefined : loop({ buffer }, each(`buffer.read${node}(at)`)),
      "DataView and conversion":
        name === "Float16" ? loop({ view, fromBits }, each("fromBits(view.getUint16(at, true))")) : undefined,
    };
    return rows(`read${name}`, common, by, loops);
  });
}

function writes(cursor: Cursor, view: DataView, buffer: Buffer): Operation[] {
  return kinds.flatMap(([name, node, width]) => {
    const value = name.startsWith("Big") ? "BigInt(index)" : name.startsWith("Float") ? "index" : "(index & 127)";
    const each = (write: string) =>
      `for (let index = 0, at = 0; index < ${COUNT}; index++, at += ${width}) { ${write}; } return 1;`;
    const order = width > 1 ? ", true" : "";
    const common = {
      calls: COUNT,
      prepare: () => buffer.fill(0),
      left: () => buffer.toString("latin1", 0, COUNT * width),
      own: loop({ cursor }, `cursor.reset(); ${each(`cursor.write${name}(${value})`)}`),
    };
    const isThere = `set${name}` in view;
    const other = isThere && positioned(view, name, width);
    const by = {
      "class with a position": other && loop({ other }, `other.reset(); ${each(`other.write${name}(${value})`)}`),
    };
    const loops = {
      DataView: isThere ? loop({ view }, each(`view.set${name}(at, ${value}${order})`)) : undefined,
      Buffer: node === undefined ? undefined : loop({ buffer }, each(`buffer.write${node}(${value}, at)`)),
      "DataView and conversion":
        name === "Float16" ? loop({ view, toBits }, each("view.setUint16(at, toBits(index), true)")) : undefined,
    };
    return rows(`write${name}`, common, by, loops);
  });
}

type Ways = Record<string, Way | false | undefined>;

/** One row against the class, and one against the loops. A Node without the number's DataView method has only the latter. */
function rows(name: string, common: Omit<Operation, "name" | "others">, by: Ways, loops: Ways): Operation[] {
  const kept = (ways: Ways) => Object.fromEntries(Object.entries(ways).filter(([, way]) => way)) as Operation["others"];
  const all = [
    { ...common, name, others: kept(by) },
    { ...common, name: `${name}${IN_A_LOOP}`, others: kept(loops) },
  ];
  return all.filter(({ others }) => Object.keys(others).length > 0);
}

/** A float16, as ten lines of a program have it. */
function fromBits(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits >> 15 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const single = new Float32Array(1);
const bitsOfSingle = new Uint32Array(single.buffer);

/** Of numbers that a float16 has exactly. */
function toBits(value: number): number {
  single[0] = value;
  const bits = bitsOfSingle[0] as number;
  const exponent = ((bits >> 23) & 255) - 112;
  if (exponent <= 0) return (bits >>> 16) & 0x8000;
  return ((bits >>> 16) & 0x8000) | (exponent << 10) | ((bits >> 13) & 1023);
}

/** An unsigned LEB128 of at most 53 bits, from the view's bytes; `next` is where it ends. */
let next = 0;
function varintAt(bytes: Uint8Array, start: number): number {
  let value = 0;
  let scale = 1;
  let at = start;
  for (;;) {
    const byte = bytes[at++] as number;
    value += (byte & 127) * scale;
    if (byte < 128) break;
    scale *= 128;
  }
  next = at;
  return value;
}

function putVarint(bytes: Uint8Array, start: number, number: number): number {
  let at = start;
  let value = number;
  for (; value >= 128; value = Math.floor(value / 128)) bytes[at++] = (value % 128) | 128;
  bytes[at++] = value;
  return at;
}

function varints(cursor: Cursor, bytes: Uint8Array): Operation[] {
  const values = Float64Array.from({ length: COUNT }, (_, index) => (index * index * 97) % 2 ** 21);
  const put = () => {
    let at = 0;
    for (const value of values) at = putVarint(bytes, at, value);
    return at;
  };
  const sumOf = () => {
    let sum = 0;
    let at = 0;
    for (let index = 0; index < COUNT; index++) {
      sum += varintAt(bytes, at);
      at = next;
    }
    return sum;
  };
  const left = () => Buffer.from(bytes).toString("latin1", 0, 3 * COUNT);
  const prepare = () => {
    bytes.fill(0);
    put();
  };
  return [
    {
      name: "readVarUint",
      calls: COUNT,
      prepare,
      own() {
        cursor.reset();
        let sum = 0;
        for (let index = 0; index < COUNT; index++) sum += cursor.readVarUint();
        return sum;
      },
      others: { "loop over bytes": sumOf },
    },
    {
      name: "writeVarUint",
      calls: COUNT,
      prepare: () => bytes.fill(0),
      left,
      own() {
        cursor.reset();
        for (let index = 0; index < COUNT; index++) cursor.writeVarUint(values[index] as number);
        return cursor.position;
      },
      others: { "loop over bytes": put },
    },
    {
      name: "readVarUintArray of 1,000",
      prepare,
      own() {
        cursor.reset();
        return cursor.readVarUintArray(COUNT).reduce((sum, value) => sum + value, 0);
      },
      others: {
        "loop over bytes"() {
          const array = new Float64Array(COUNT);
          let at = 0;
          for (let index = 0; index < COUNT; index++) {
            array[index] = varintAt(bytes, at);
            at = next;
          }
          return array.reduce((sum, value) => sum + value, 0);
        },
      },
    },
    {
      name: "writeVarUintArray of 1,000",
      prepare: () => bytes.fill(0),
      left,
      own() {
        cursor.reset();
        return cursor.writeVarUintArray(values);
      },
      others: { "loop over bytes": put },
    },
  ];
}

export function numbers(attachment: Attachment): Operation[] {
  const { bytes } = attachment;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const cursor = attachment.cursor();
  return [...reads(cursor, view, buffer), ...writes(cursor, view, buffer), ...varints(cursor, bytes)];
}
