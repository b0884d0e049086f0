// Writes the methods of a cursor that differ in nothing but a kind of number, from one table: npm run build:glue.
import { generated } from "./generated.js";

/** Of a line, as biome.json has it. */
const COLUMNS = 120;

const MADE = "// Made by tools/scalars.js from its table of kinds: npm run build:glue.";

const asUint32 = (call) => `${call} >>> 0`;
const asUint64 = (call) => `BigInt.asUintN(64, ${call})`;

/** `says` completes "Reads …, n bytes". `unsigned` is for what WebAssembly hands over signed. */
const kinds = [
  { name: "Uint8", bytes: 1, says: "an unsigned byte" },
  { name: "Int8", bytes: 1, says: "a signed byte" },
  { name: "Uint16", bytes: 2, says: "an unsigned 16-bit integer" },
  { name: "Int16", bytes: 2, says: "a signed 16-bit integer" },
  { name: "Uint32", bytes: 4, says: "an unsigned 32-bit integer", unsigned: asUint32 },
  { name: "Int32", bytes: 4, says: "a signed 32-bit integer" },
  { name: "BigUint64", bytes: 8, says: "an unsigned 64-bit integer", unsigned: asUint64 },
  { name: "BigInt64", bytes: 8, says: "a signed 64-bit integer" },
  { name: "Float16", bytes: 2, says: "a 16-bit IEEE 754 number", rounds: ": rounded once, to nearest, ties to even" },
  { name: "Float32", bytes: 4, says: "a 32-bit IEEE 754 number" },
  { name: "Float64", bytes: 8, says: "a 64-bit IEEE 754 number" },
];

const varints = [
  { name: "VarUint" },
  { name: "VarInt" },
  { name: "BigVarUint", unsigned: asUint64 },
  { name: "BigVarInt" },
];

const typeOf = ({ name }) => (name.startsWith("Big") ? "bigint" : "number");
const sizeOf = ({ bytes }) => `${bytes} byte${bytes === 1 ? "" : "s"}`;

/** What a method takes, and what it passes on: a list for each, joined. One byte has no order. */
const listOf = (...entries) => entries.filter((entry) => entry !== "").join(", ");
const ifOrdered = ({ bytes }, text) => (bytes > 1 ? text : "");

/**
 * The checks of what a public method was given, in one condition, and the error made elsewhere. V8 inlines some 900 bytes of
 * bytecode into a loop: that is four numbers of a record, and would else be two.
 */
function checked(kind, name, most, type) {
  const wrong = [
    `arguments.length > ${most}`,
    ...(type === undefined ? [] : [`typeof value !== "${type}"`]),
    ...(kind.bytes > 1 ? ['typeof littleEndian !== "boolean"'] : []),
  ];
  const call = `throw wrongCall(${listOf(`"${name}", arguments, ${most}, ${kind.bytes > 1}`, type === undefined ? "" : `"${type}"`)});`;
  const line = `    if (${wrong.join(" || ")}) ${call}`;
  return line.length <= COLUMNS ? line : line.replace(` ${call}`, `\n      ${call}`);
}

const publicRead = (kind) => `  /** Reads ${kind.says}, ${sizeOf(kind)}. */
  read${kind.name}(${ifOrdered(kind, "littleEndian = true")}): ${typeOf(kind)} {
${checked(kind, `read${kind.name}`, kind.bytes > 1 ? 1 : 0)}
    try {
      return coreOf(this).read${kind.name}(${ifOrdered(kind, "littleEndian")});
    } catch (cause) {
      throw positionOf(this).refusal(cause, "read${kind.name}", ${kind.bytes});
    }
  }`;

const publicWrite = (kind) => `  /** Writes ${kind.says}, ${sizeOf(kind)}${kind.rounds ?? ""}. */
  write${kind.name}(${listOf(`value: ${typeOf(kind)}`, ifOrdered(kind, "littleEndian = true"))}): void {
${checked(kind, `write${kind.name}`, kind.bytes > 1 ? 2 : 1, typeOf(kind))}
    try {
      writableCoreOf(this).write${kind.name}(${listOf("value", ifOrdered(kind, "littleEndian"))});
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "write${kind.name}", ${kind.bytes});
    }
  }`;

generated(
  "src/cursor/scalar.ts",
  `${MADE}
import { wrongCall } from "../common/arguments.js";
import { access } from "./position.js";

const { coreOf, positionOf, writableCoreOf } = access;

/**
 * Numbers at the cursor, under DataView's names. Each call moves the position by the size of the number in bytes. A
 * call that throws moves nothing: \`ShmRangeError\` \`ERR_SHM_OUT_OF_BOUNDS\` if fewer bytes remain, \`ShmError\`
 * \`ERR_SHM_DETACHED\` after a detach, and for writes \`TypeError\` \`ERR_INVALID_ARG_TYPE\` if the value is not of the
 * kind and \`ShmError\` \`ERR_SHM_READ_ONLY\` if the attachment is read-only. Little-endian unless told otherwise. A
 * value too large for its kind keeps its low bits, as DataView's do.
 *
 * @see https://tc39.es/ecma262/#sec-dataview-objects
 */
export abstract class ScalarCodec {
${[...kinds.map(publicRead), ...kinds.map(publicWrite)].join("\n\n")}
}
`,
);

/** The call of an export, on this cursor's record. */
const callOf = (name, ...values) => `this.exports.${name}(${listOf("this.record", ...values)})`;

const coreMethod = (name, parameters, result, statement) => `  ${name}(${parameters}): ${result} {
    try {
      ${statement};
    } catch (error) {
      throw this.instance.reasonOf(error);
    }
  }`;

function coreRead(kind) {
  const call = callOf(`read${kind.name}`, ifOrdered(kind, "littleEndian ? 1 : 0"));
  const parameters = ifOrdered(kind, "littleEndian: boolean");
  return coreMethod(`read${kind.name}`, parameters, typeOf(kind), `return ${kind.unsigned?.(call) ?? call}`);
}

function coreWrite(kind) {
  const call = callOf(`write${kind.name}`, "value", ifOrdered(kind, "littleEndian ? 1 : 0"));
  const parameters = listOf(`value: ${typeOf(kind)}`, ifOrdered(kind, "littleEndian: boolean"));
  return coreMethod(`write${kind.name}`, parameters, "void", call);
}

/** Returns the bytes it took. */
const coreWriteVarint = (kind) =>
  coreMethod(`write${kind.name}`, `value: ${typeOf(kind)}`, "number", `return ${callOf(`write${kind.name}`, "value")}`);

const coreMethods = [
  ...kinds.map(coreRead),
  ...kinds.map(coreWrite),
  ...varints.map(coreRead),
  ...varints.map(coreWriteVarint),
];

generated(
  "src/core/wasm/numbers.ts",
  `${MADE}
import { WasmPosition } from "./position.js";

/**
 * Numbers and varints of a cursor by the core in assembly/. Each call has a \`try\` of its own, right around the
 * export: V8 inlines the call into wasm there, and does not if only a caller further up has one (3.4 against 6.3 ns for
 * readUint32; Node 20 to 26, x86-64).
 */
export abstract class WasmNumbers extends WasmPosition {
${coreMethods.join("\n\n")}
}
`,
);
