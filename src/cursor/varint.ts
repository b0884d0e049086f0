import { checkBigInt, checkInteger, checkSize, extraArgument } from "../common/arguments.js";
import { byteLengthOf, checkNotDetached, newArray, type OwnFloat64Array } from "../common/bytes.js";
import { arrayKindOf, type NumberArray } from "../common/elements.js";
import { invalidType, malformed, outOfBounds, outOfRange, unsafeInteger } from "../common/errors.js";
import { type CoreCursor, MALFORMED, TRAP, UNSAFE } from "../core/core.js";
import { access, type Position } from "./position.js";

const { coreOf, positionOf, writableCoreOf } = access;

const MAX_UINT64 = 2n ** 64n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** Bytes of an unsigned varint. */
function varintLength(value: number | bigint): number {
  return Math.ceil(value.toString(2).length / 7); // 0 has a digit too
}

/** Bytes of a zigzag varint. */
function zigzagLength(value: number | bigint): number {
  const wide = BigInt(value);
  return varintLength(wide < 0n ? -2n * wide - 1n : 2n * wide);
}

function checkBigRange(value: unknown, least: bigint, most: bigint): void {
  const wide = checkBigInt("value", value);
  if (wide < least || wide > most) throw outOfRange("value", `>= ${least}n and <= ${most}n`, value);
}

/** A copy in float64: no getter or other thread changes it between the check and the use. */
function checkNumbers(array: unknown): Float64Array {
  const kind = arrayKindOf(array);
  if (kind ? kind.kind.startsWith("Big") : !Array.isArray(array))
    throw invalidType("array", "an Array or a typed array of numbers", array);
  if (kind) checkNotDetached("array", array);
  // The length of a Proxy of an Array is what its handler says.
  const length = kind ? byteLengthOf(array) / kind.width : checkSize("array.length", (array as unknown[]).length);
  const values = newArray(Float64Array, length);
  for (let index = 0; index < values.length; index++) {
    const value = (array as ArrayLike<number>)[index];
    if (!Number.isSafeInteger(value) || (value as number) < 0)
      checkInteger(`array[${index}]`, value, 0, Number.MAX_SAFE_INTEGER);
    values[index] = value as number;
  }
  return values;
}

/** The low 32 bits of a varint, signed. A number is exact, and `| 0` takes it modulo 2^32. */
function low32(core: CoreCursor): number {
  try {
    return core.readVarUint() | 0;
  } catch (cause) {
    if (cause !== UNSAFE) throw cause;
    return Number(BigInt.asIntN(32, core.readBigVarUint())); // a negative one, or not an int32
  }
}

/** Writes a number from 0, or any bigint of 64 bits in two's complement. */
function writeExtended(cursor: VarintCodec, operation: string, value: number | bigint): number {
  const bits = typeof value === "bigint" ? BigInt.asUintN(64, value) : value;
  try {
    const core = writableCoreOf(cursor);
    return typeof bits === "bigint" ? core.writeBigVarUint(bits) : core.writeVarUint(bits);
  } catch (cause) {
    throw positionOf(cursor).writeRefusal(cause, operation, varintLength(bits));
  }
}

/**
 * Varints at the cursor: LEB128, seven bits a byte, the lowest first; signed ones by zigzag (0, -1, 1, -2, … are 0, 1,
 * 2, 3, …), as Protocol Buffers have them. At most 10 bytes and 64 bits; a padded encoding is read as its value.
 *
 * Reads throw, and move nothing: `ShmRangeError` `ERR_SHM_OUT_OF_BOUNDS` if the window ends before the varint does,
 * `ShmError` `ERR_SHM_MALFORMED` past 64 bits, `ERR_SHM_UNSAFE_INTEGER` if a number was asked for and the value is
 * past 2^53 - 1. Writes return the bytes they took; a value of the wrong kind is `ERR_INVALID_ARG_TYPE` or
 * `ERR_OUT_OF_RANGE`.
 *
 * @see DWARF 5, section 7.6; https://webassembly.github.io/spec/core/binary/values.html#integers
 */
export abstract class VarintCodec {
  /** Reads an unsigned varint up to 2^53 - 1, 1 to 10 bytes. */
  readVarUint(): number {
    if (arguments.length > 0) throw extraArgument("readVarUint", arguments, 0);
    try {
      return coreOf(this).readVarUint();
    } catch (cause) {
      throw unread(positionOf(this), cause, "readVarUint");
    }
  }

  /** Reads a zigzag varint from -(2^53 - 1) to 2^53 - 1, 1 to 10 bytes. */
  readVarInt(): number {
    if (arguments.length > 0) throw extraArgument("readVarInt", arguments, 0);
    try {
      return coreOf(this).readVarInt();
    } catch (cause) {
      throw unread(positionOf(this), cause, "readVarInt");
    }
  }

  /** Reads an unsigned varint of 64 bits, 1 to 10 bytes. */
  readBigVarUint(): bigint {
    if (arguments.length > 0) throw extraArgument("readBigVarUint", arguments, 0);
    try {
      return coreOf(this).readBigVarUint();
    } catch (cause) {
      throw unread(positionOf(this), cause, "readBigVarUint");
    }
  }

  /** Reads a zigzag varint of 64 bits, 1 to 10 bytes. */
  readBigVarInt(): bigint {
    if (arguments.length > 0) throw extraArgument("readBigVarInt", arguments, 0);
    try {
      return coreOf(this).readBigVarInt();
    } catch (cause) {
      throw unread(positionOf(this), cause, "readBigVarInt");
    }
  }

  /**
   * Writes an unsigned varint in its shortest form. `value` is an integer from 0 to 2^53 - 1. Returns bytes: 1 to 8.
   */
  writeVarUint(value: number): number {
    if (arguments.length > 1) throw extraArgument("writeVarUint", arguments, 1);
    checkInteger("value", value, 0, Number.MAX_SAFE_INTEGER);
    try {
      return writableCoreOf(this).writeVarUint(value);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeVarUint", varintLength(value));
    }
  }

  /** Writes a zigzag varint. `value` is an integer from -(2^53 - 1) to 2^53 - 1. Returns bytes: 1 to 8. */
  writeVarInt(value: number): number {
    if (arguments.length > 1) throw extraArgument("writeVarInt", arguments, 1);
    checkInteger("value", value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    try {
      return writableCoreOf(this).writeVarInt(value);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeVarInt", zigzagLength(value));
    }
  }

  /** Writes an unsigned varint of 64 bits in its shortest form. Returns bytes: 1 to 10. */
  writeBigVarUint(value: bigint): number {
    if (arguments.length > 1) throw extraArgument("writeBigVarUint", arguments, 1);
    checkBigRange(value, 0n, MAX_UINT64);
    try {
      return writableCoreOf(this).writeBigVarUint(value);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeBigVarUint", varintLength(value));
    }
  }

  /** Writes a zigzag varint of 64 bits. Returns bytes: 1 to 10. */
  writeBigVarInt(value: bigint): number {
    if (arguments.length > 1) throw extraArgument("writeBigVarInt", arguments, 1);
    checkBigRange(value, MIN_INT64, MAX_INT64);
    try {
      return writableCoreOf(this).writeBigVarInt(value);
    } catch (cause) {
      throw positionOf(this).writeRefusal(cause, "writeBigVarInt", zigzagLength(value));
    }
  }

  /**
   * Reads an int32, uint32 or bool of Protocol Buffers as a signed number: the low 32 bits of a varint, as its parsers do.
   * Negative numbers are sign-extended to 64 bits there, not zigzag: {@link readVarInt} reads its sint32 and sint64.
   *
   * @see https://protobuf.dev/programming-guides/encoding/#signed-ints
   */
  readVarInt32(): number {
    if (arguments.length > 0) throw extraArgument("readVarInt32", arguments, 0);
    try {
      return low32(coreOf(this));
    } catch (cause) {
      throw unread(positionOf(this), cause, "readVarInt32");
    }
  }

  /** Reads an int64 of Protocol Buffers: a varint of 64 bits, in two's complement. */
  readVarInt64(): bigint {
    if (arguments.length > 0) throw extraArgument("readVarInt64", arguments, 0);
    try {
      return BigInt.asIntN(64, coreOf(this).readBigVarUint());
    } catch (cause) {
      throw unread(positionOf(this), cause, "readVarInt64");
    }
  }

  /**
   * Writes an int32 of Protocol Buffers. `value` is an integer from -(2^31) to 2^31 - 1. Returns bytes: 1 to 5, and 10 for a
   * negative one.
   */
  writeVarInt32(value: number): number {
    if (arguments.length > 1) throw extraArgument("writeVarInt32", arguments, 1);
    checkInteger("value", value, -0x80000000, 0x7fffffff);
    return writeExtended(this, "writeVarInt32", value < 0 ? BigInt(value) : value);
  }

  /** Writes an int64 of Protocol Buffers. `value` fits 64 bits signed. Returns bytes: 1 to 9, and 10 for a negative one. */
  writeVarInt64(value: bigint): number {
    if (arguments.length > 1) throw extraArgument("writeVarInt64", arguments, 1);
    checkBigRange(value, MIN_INT64, MAX_INT64);
    return writeExtended(this, "writeVarInt64", value);
  }

  /**
   * Reads `length` unsigned varints, all or none.
   *
   * @param length how many
   * @returns the numbers, in an array of their own
   */
  readVarUintArray(length: number): OwnFloat64Array {
    if (arguments.length > 1) throw extraArgument("readVarUintArray", arguments, 1);
    checkSize("length", length);
    const at = positionOf(this);
    // Check before allocating: each varint takes a byte at least, so this allocates at most eight times what remains.
    at.peek("readVarUintArray", length);
    const numbers = newArray<OwnFloat64Array>(Float64Array, length);
    try {
      at.core.readVarUints(numbers);
    } catch (cause) {
      throw unread(at, cause, "readVarUintArray");
    }
    return numbers;
  }

  /**
   * Writes each number of an array as an unsigned varint, all or none.
   *
   * @param array integers from 0 to 2^53 - 1
   * @returns bytes it took
   */
  writeVarUintArray(array: readonly number[] | NumberArray): number {
    if (arguments.length > 1) throw extraArgument("writeVarUintArray", arguments, 1);
    const values = checkNumbers(array);
    positionOf(this).checkWritable("writeVarUintArray");
    positionOf(this).checkOpen("writeVarUintArray");
    try {
      return coreOf(this).writeVarUints(values);
    } catch (cause) {
      const needed = values.reduce((sum, value) => sum + varintLength(value), 0);
      throw positionOf(this).writeRefusal(cause, "writeVarUintArray", needed);
    }
  }
}

/** The error for a varint that could not be read. */
export function unread(at: Position, cause: unknown, operation: string): unknown {
  if (cause !== MALFORMED && cause !== UNSAFE && cause !== TRAP) return cause;
  at.checkOpen(operation);
  const { position, size } = at;
  if (cause === MALFORMED) return malformed(`${operation} at ${position} found a varint of more than 64 bits`);
  if (cause === UNSAFE)
    return unsafeInteger(
      `${operation} at ${position} found a number past 2^53 - 1; readBigVarUint and readBigVarInt read it`,
    );
  const remaining = Math.max(0, size - position);
  if (remaining === 0) return at.refusal(cause, operation, 1);
  return outOfBounds(`${operation} at ${position} found no end of a varint; ${remaining} remain of ${size}`);
}
