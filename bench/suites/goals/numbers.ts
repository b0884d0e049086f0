// Numbers at the cursor, one after the other, against the two ways that a program has: a class with a position, and a loop
// whose position is a local variable.
import type { Attachment, Cursor } from "wasm-shm";
import { positioned } from "./positioned.js";
import { compile, type Operation } from "./way.js";

const COUNT = 1000;

/** The elements of the two sizes of arrays: the package goes another way with long ones. */
const LENGTHS = [
  [1000, "1,000"],
  [65536, "64 Ki"],
] as const;

/** Names of the cursor and of DataView, and of Buffer; bytes; and an order other than the default. */
const kinds: readonly (readonly [string, string | undefined, number, "big-endian"?])[] = [
  ["Uint8", "UInt8", 1],
  ["Int8", "Int8", 1],
  ["Uint16", "UInt16LE", 2],
  ["Int16", "Int16LE", 2],
  ["Uint32", "UInt32LE", 4],
  ["Uint32", "UInt32BE", 4, "big-endian"],
  ["Int32", "Int32LE", 4],
  ["BigUint64", "BigUInt64LE", 8],
  ["BigInt64", "BigInt64LE", 8],
  ["Float16", undefined, 2],
  ["Float32", "FloatLE", 4],
  ["Float64", "DoubleLE", 8],
];

/** What is added to the name of a row against loops. */
const IN_A_LOOP = ", loop without a cursor";

function reads(cursor: Cursor, view: DataView, buffer: Buffer): Operation[] {
  return kinds.flatMap(([name, node, width, order]) => {
    const given = order === undefined ? "" : "false";
    const big = name.startsWith("Big");
    const [zero, add] = big ? ["0n", "sum ^="] : ["0", "sum +="];
    const each = (read: string) =>
      `let sum = ${zero}; for (let at = 0; at < ${COUNT * width}; at += ${width}) ${add} ${read}; return sum;`;
    const ending = width > 1 ? `, ${order === undefined}` : "";
    const common = {
      calls: COUNT,
      prepare: () => {
        for (let index = 0; index < COUNT * width; index++) buffer[index] = (index * 37) & 0xbf; // finite, of either sign
      },
      own: compile({ cursor }, `cursor.reset(); ${each(`cursor.read${name}(${given})`)}`),
    };
    const isThere = `get${name}` in view;
    const other = isThere ? positioned(view, name, width) : undefined;
    const by = {
      "class with a position": other && compile({ other }, `other.reset(); ${each(`other.read${name}(${given})`)}`),
    };
    const loops = {
      DataView: isThere ? compile({ view }, each(`view.get${name}(at${ending})`)) : undefined,
      Buffer: node === undefined ? undefined : compile({ buffer }, each(`buffer.read${node}(at)`)),
      "DataView and conversion":
        name === "Float16" ? compile({ view, fromBits }, each("fromBits(view.getUint16(at, true))")) : undefined,
    };
    return rows(titleOf("read", name, order), common, by, loops);
  });
}

function writes(cursor: Cursor, view: DataView, buffer: Buffer): Operation[] {
  return kinds.flatMap(([name, node, width, order]) => {
    const given = order === undefined ? "" : ", false";
    const value = name.startsWith("Big") ? "BigInt(index)" : name.startsWith("Float") ? "index" : "(index & 127)";
    const each = (write: string) =>
      `for (let index = 0, at = 0; index < ${COUNT}; index++, at += ${width}) { ${write}; } return 1;`;
    const ending = width > 1 ? `, ${order === undefined}` : "";
    const common = {
      calls: COUNT,
      prepare: () => buffer.fill(0),
      left: () => buffer.toString("latin1", 0, COUNT * width),
      own: compile({ cursor }, `cursor.reset(); ${each(`cursor.write${name}(${value}${given})`)}`),
    };
    const isThere = `set${name}` in view;
    const other = isThere ? positioned(view, name, width) : undefined;
    const by = {
      "class with a position":
        other && compile({ other }, `other.reset(); ${each(`other.write${name}(${value}${given})`)}`),
    };
    const loops = {
      DataView: isThere ? compile({ view }, each(`view.set${name}(at, ${value}${ending})`)) : undefined,
      Buffer: node === undefined ? undefined : compile({ buffer }, each(`buffer.write${node}(${value}, at)`)),
      "DataView and conversion":
        name === "Float16" ? compile({ view, toBits }, each("view.setUint16(at, toBits(index), true)")) : undefined,
    };
    return rows(titleOf("write", name, order), common, by, loops);
  });
}

type Ways = Operation["others"];

const titleOf = (verb: string, name: string, order = "") => `${verb}${name}${order && ", "}${order}`;

/** One row against the class, and one against the loops. A Node without the number's DataView method has only the latter. */
function rows(name: string, common: Omit<Operation, "name" | "others">, by: Ways, loops: Ways): Operation[] {
  return [
    { ...common, name, others: by },
    { ...common, name: `${name}${IN_A_LOOP}`, others: loops },
  ];
}

/** The value of a unit of a float16's fraction, by the exponent's five bits. */
const units = Float64Array.from({ length: 31 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 25));

/** A float16, as ten lines of a program have it. */
function fromBits(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits >> 15 ? -1 : 1;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction : fraction + 1024) * (units[exponent] as number);
}

const single = new Float32Array(1);
const bitsOfSingle = new Uint32Array(single.buffer);

/** Rounds to nearest, ties to even: a number that a float32 has exactly is rounded once. */
function toBits(value: number): number {
  single[0] = value;
  const sign = ((bitsOfSingle[0] as number) >>> 16) & 0x8000;
  const bits = (bitsOfSingle[0] as number) & 0x7fffffff;
  if (bits >= 0x47800000) return sign | (bits > 0x7f800000 ? 0x7e00 : 0x7c00); // from 65,536 on
  if (bits >= 0x38800000) return sign | ((bits - 0x38000000 + 0xfff + ((bits >> 13) & 1)) >> 13);
  single[0] = Math.abs(value) + 0.5; // below 2^-14: the addition rounds
  return sign | ((bitsOfSingle[0] as number) - 0x3f000000);
}

/** Float32Array from and to float16. A table of all 65,536 is the fastest loop, and takes 256 KiB. */
function float16s(cursor: Cursor, { buffer: memory, byteOffset: offset }: Uint8Array): Operation[] {
  const table = Float32Array.from({ length: 65536 }, (_, bits) => fromBits(bits));
  return LENGTHS.flatMap(([length, count]) => {
    const values = Float32Array.from({ length }, (_, index) => ((index % 2048) - 1024) * 1.0007); // most are rounded
    const halves = new Uint16Array(memory, offset, length);
    const kept = { array: new Float32Array() };
    const Float16 = (globalThis as { Float16Array?: new (...of: unknown[]) => Float32Array }).Float16Array;
    const float16s = Float16 && new Float16(memory, offset, length);
    const of = { cursor, halves, float16s, values, length, kept, table, fromBits, toBits };
    const read = (made: string) => compile(of, `const array = ${made}; kept.array = array; return array[length - 1];`);
    const fill = (value: string) =>
      compile(
        of,
        `const array = new Float32Array(length);
        for (let index = 0; index < length; index++) array[index] = ${value};
        kept.array = array;
        return array[length - 1];`,
      );
    return [
      {
        name: `readFloat16Array of ${count}`,
        bytes: 2 * length,
        sampleMs: 2,
        prepare() {
          for (let index = 0; index < length; index++) halves[index] = toBits(values[index] as number);
          kept.array = new Float32Array();
        },
        left: () => kept.array.join(),
        oracle: () => values.map((value) => fromBits(toBits(value))).join(),
        own: read("(cursor.reset(), cursor.readFloat16Array(length))"),
        others: {
          "table of exponents": fill("fromBits(halves[index])"),
          "table of all": fill("table[halves[index]]"),
          Float16Array: float16s && read("new Float32Array(float16s)"),
        },
      },
      {
        name: `writeFloat16Array of ${count}`,
        bytes: 2 * length,
        prepare: () => halves.fill(0),
        left: () => halves.join(),
        oracle: () => Uint16Array.from(values, toBits).join(),
        own: compile(of, "cursor.reset(); cursor.writeFloat16Array(values); return 1;"),
        others: {
          loop: compile(
            of,
            "for (let index = 0; index < length; index++) halves[index] = toBits(values[index]); return 1;",
          ),
          "Float16Array.set": float16s && compile(of, "float16s.set(values); return 1;"),
        },
      },
    ];
  });
}

/** Reads an unsigned LEB128 from `bytes` at `at`, which it moves: at most 53 bits, and most have no more than 28. */
const READ_VARINT = `
  let byte = bytes[at++];
  let value = byte & 127;
  let shift = 7;
  for (; byte > 127 && shift < 28; shift += 7) {
    byte = bytes[at++];
    value |= (byte & 127) << shift;
  }
  for (; byte > 127; shift += 7) {
    byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
  }`;

/** The same of 64 bits. */
const READ_BIG = `
  let byte = bytes[at++];
  let low = byte & 127;
  let shift = 7;
  for (; byte > 127 && shift < 28; shift += 7) {
    byte = bytes[at++];
    low |= (byte & 127) << shift;
  }
  let value = BigInt(low);
  for (; byte > 127; shift += 7) {
    byte = bytes[at++];
    value |= BigInt(byte & 127) << BigInt(shift);
  }`;

/** Writes `value`, up to 53 bits. */
const WRITE_VARINT = `
  for (; value >= 2 ** 31; value = Math.floor(value / 128)) bytes[at++] = (value & 127) | 128;
  for (; value > 127; value >>>= 7) bytes[at++] = (value & 127) | 128;
  bytes[at++] = value;`;

/** Writes `wide`, up to 64 bits. */
const WRITE_BIG = `
  for (; wide >= 0x80000000n; wide >>= 7n) bytes[at++] = Number(wide & 127n) | 128;
  let value = Number(wide);
  for (; value > 127; value >>>= 7) bytes[at++] = (value & 127) | 128;
  bytes[at++] = value;`;

/** Zigzag of numbers; most have no more than 28 bits. */
const UNZIGZAG = `
  value = shift > 28 ? (value % 2 === 0 ? value / 2 : -(value + 1) / 2) : (value >>> 1) ^ -(value & 1);`;
const ZIGZAG = `
  value = value === (value << 1) >> 1 ? (value << 1) ^ (value >> 31) : value < 0 ? -2 * value - 1 : 2 * value;`;

/** One after the other at the cursor, against a loop over the bytes. */
function varints(cursor: Cursor, bytes: Uint8Array): Operation[] {
  const values = Float64Array.from({ length: COUNT }, (_, index) => (index * index * 97) % 2 ** 21);
  const signed = values.map((value, index) => (index % 2 === 0 ? value : -value));
  const bigs = BigUint64Array.from(values, BigInt);
  const wide = bigs.map((value, index) => (value << 40n) | BigInt(index));
  const pair = (
    name: string,
    kind: string,
    given: Float64Array | BigUint64Array,
    read: string,
    write: string,
    take: string,
  ): Operation[] => {
    const of = { cursor, bytes, values: given };
    const each = (first: string, work: string, result: string) =>
      compile(of, `${first} for (let index = 0; index < ${COUNT}; index++) { ${work} } return ${result};`);
    const zero = typeof given[0] === "bigint" ? "0n" : "0";
    const put = each("let at = 0;", `${take} ${write}`, "at");
    const after = kind && `, ${kind}`;
    return [
      {
        name: `read${name}${after}`,
        calls: COUNT,
        prepare() {
          bytes.fill(0);
          put();
        },
        own: each(`cursor.reset(); let sum = ${zero};`, `sum += cursor.read${name}();`, "sum"),
        others: { "loop over bytes": each(`let at = 0; let sum = ${zero};`, `${read} sum += value;`, "sum") },
      },
      {
        name: `write${name}${after}`,
        calls: COUNT,
        prepare: () => bytes.fill(0),
        left: () => latin1(bytes.subarray(0, 10 * COUNT)),
        own: each("cursor.reset();", `cursor.write${name}(values[index]);`, "cursor.position"),
        others: { "loop over bytes": put },
      },
    ];
  };
  const takeNumber = "let value = values[index];";
  const takeBig = "let wide = values[index];";
  return [
    ...pair("VarUint", "", values, READ_VARINT, WRITE_VARINT, takeNumber),
    ...pair("VarInt", "", signed, READ_VARINT + UNZIGZAG, ZIGZAG + WRITE_VARINT, takeNumber),
    ...pair("BigVarUint", "", bigs, READ_BIG, WRITE_BIG, takeBig),
    ...pair("BigVarUint", "61 bits", wide, READ_BIG, WRITE_BIG, takeBig),
  ];
}

function varintArrays(cursor: Cursor, bytes: Uint8Array): Operation[] {
  return LENGTHS.flatMap(([length, count]) => {
    const values = Float64Array.from({ length }, (_, index) => (index * index * 97) % 2 ** 21);
    const kept = { array: new Float64Array() };
    const of = { cursor, bytes, values, kept };
    const put = compile(
      of,
      `let at = 0; for (let index = 0; index < ${length}; index++) { let value = values[index]; ${WRITE_VARINT} } return at;`,
    );
    return [
      {
        name: `readVarUintArray of ${count}`,
        sampleMs: 2,
        prepare() {
          bytes.fill(0);
          put();
          kept.array = new Float64Array();
        },
        left: () => kept.array.join(),
        oracle: () => values.join(),
        own: compile(
          of,
          `cursor.reset(); const array = cursor.readVarUintArray(${length}); kept.array = array; return array[${length - 1}];`,
        ),
        others: {
          "loop over bytes": compile(
            of,
            `const array = new Float64Array(${length});
            let at = 0;
            for (let index = 0; index < ${length}; index++) { ${READ_VARINT} array[index] = value; }
            kept.array = array;
            return array[${length - 1}];`,
          ),
        },
      },
      {
        name: `writeVarUintArray of ${count}`,
        prepare: () => bytes.fill(0),
        left: () => latin1(bytes.subarray(0, 3 * length)),
        own: compile(of, "cursor.reset(); return cursor.writeVarUintArray(values);"),
        others: { "loop over bytes": put },
      },
    ];
  });
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

export function numbers(attachment: Attachment): Operation[] {
  const { bytes } = attachment;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const cursor = attachment.cursor();
  return [
    ...reads(cursor, view, buffer),
    ...writes(cursor, view, buffer),
    ...float16s(cursor, bytes),
    ...varints(cursor, bytes),
    ...varintArrays(cursor, bytes),
  ];
}
