// Bytes as lines that a person reads. dump prints the lines, watch keeps them on the screen.
import { fromBits, toBits } from "../../core/js/float16.js";
import { characterAt, characterLength } from "./text.js";

/** Marks the text that shows the bytes from `start` to `end` of a line, or returns it unchanged. */
export type Mark = (text: string, start: number, end: number) => string;

export interface View {
  /** Bytes shown on a full line. */
  readonly lineBytes: number;
  /**
   * A line without its position.
   *
   * @param bytes of the line; fewer than `lineBytes` at the end of the range
   */
  line(bytes: Uint8Array, littleEndian: boolean, mark: Mark): string;
}

const text = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/** The shortest decimal number that `round` turns into the same value. */
function shortest(value: number, round: (value: number) => number, mostDigits: number): string {
  if (value === 0 || !Number.isFinite(value)) return text(value); // toPrecision drops the sign of 0
  for (let precision = 1; precision < mostDigits; precision++) {
    const short = Number(value.toPrecision(precision));
    if (round(short) === value) return text(short);
  }
  return text(Number(value.toPrecision(mostDigits)));
}

const toFloat16 = (value: number): number => fromBits(toBits(value));

const LINE_BYTES = 16;
const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const hexOf = (bytes: Uint8Array): string => [...bytes].map((byte) => digits[byte]).join("");

/**
 * Columns of numbers. Bytes at the end that do not make a whole number are shown in hexadecimal, and named as such.
 *
 * @param size bytes of a number
 * @param width characters of the widest number
 */
function numbers(
  name: string,
  size: number,
  width: number,
  read: (view: DataView, at: number, littleEndian: boolean) => string,
): View {
  return {
    lineBytes: LINE_BYTES,
    line(bytes, littleEndian, mark) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const whole = bytes.length - (bytes.length % size);
      let line = "";
      for (let at = 0; at < whole; at += size)
        line += ` ${mark(read(view, at, littleEndian).padStart(width), at, at + size)}`;
      if (whole === bytes.length) return line;
      return `${line} ${mark(`partial ${name}: ${hexOf(bytes.subarray(whole))}`, whole, bytes.length)}`;
    },
  };
}

const hex: View = {
  lineBytes: LINE_BYTES,
  line(bytes, _littleEndian, mark) {
    let line = "";
    let ascii = "";
    for (let at = 0; at < LINE_BYTES; at++) {
      if (at % 2 === 0) line += " ";
      const byte = bytes[at];
      if (byte === undefined) {
        line += "  ";
        continue;
      }
      line += mark(digits[byte] as string, at, at + 1);
      ascii += mark(byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".", at, at + 1);
    }
    return `${line}  ${ascii}`;
  },
};

/** UTF-8. A byte that is not part of a character, and a character that cannot be shown, becomes a dot. */
const utf8: View = {
  lineBytes: 64,
  line(bytes, _littleEndian, mark) {
    let line = " ";
    for (let at = 0; at < bytes.length; ) {
      const character = characterAt(bytes, at);
      const length = character === undefined ? 1 : characterLength(bytes[at] as number);
      const isShown = character !== undefined && !/[\p{C}\p{Zl}\p{Zp}\p{M}]/u.test(character);
      line += mark(isShown ? character : "·", at, at + length);
      at += length;
    }
    return line;
  },
};

/** The views, by the name that `--as` takes. */
export const views = {
  hex,
  u8: numbers("u8", 1, 3, (view, at) => String(view.getUint8(at))),
  i8: numbers("i8", 1, 4, (view, at) => String(view.getInt8(at))),
  u16: numbers("u16", 2, 5, (view, at, little) => String(view.getUint16(at, little))),
  i16: numbers("i16", 2, 6, (view, at, little) => String(view.getInt16(at, little))),
  u32: numbers("u32", 4, 10, (view, at, little) => String(view.getUint32(at, little))),
  i32: numbers("i32", 4, 11, (view, at, little) => String(view.getInt32(at, little))),
  u64: numbers("u64", 8, 20, (view, at, little) => String(view.getBigUint64(at, little))),
  i64: numbers("i64", 8, 20, (view, at, little) => String(view.getBigInt64(at, little))),
  f16: numbers("f16", 2, 12, (view, at, little) => shortest(fromBits(view.getUint16(at, little)), toFloat16, 5)),
  f32: numbers("f32", 4, 15, (view, at, little) => shortest(view.getFloat32(at, little), Math.fround, 9)),
  f64: numbers("f64", 8, 24, (view, at, little) => text(view.getFloat64(at, little))),
  utf8,
} as const satisfies Record<string, View>;

export type ViewName = keyof typeof views;

/** The head of a line, as xxd writes it: eight hexadecimal digits, more past 4 GiB. */
export const positionText = (position: number): string => `${position.toString(16).padStart(8, "0")}:`;
