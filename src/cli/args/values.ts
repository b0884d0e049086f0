// Numbers as a person types them.
import { InvalidArgumentError } from "commander";

const units = ["", "K", "M", "G", "T", "P", "E"];

/**
 * Bytes: `4096`, `0x1000`, `64K`, `1.5G`. Units are those of GNU coreutils: K and KiB are 1024, KB is 1000.
 *
 * @throws {InvalidArgumentError} anything else, or not a whole number of bytes up to 2^53 - 1
 */
export function parseSize(text: string): number {
  const found = /^(?:(0x[0-9a-f]+)|(\d+(?:\.\d+)?)(?:([KMGTPE])(iB|B)?|B)?)$/i.exec(text.trim());
  if (!found) throw new InvalidArgumentError("A size is a number of bytes: 4096, 0x1000, 64K, 1.5G.");
  const [, hexadecimal, decimal, unit = "", suffix] = found;
  const scale = (suffix?.toUpperCase() === "B" ? 1000 : 1024) ** units.indexOf(unit.toUpperCase());
  const bytes = hexadecimal === undefined ? Number(decimal) * scale : Number(hexadecimal);
  if (!Number.isSafeInteger(bytes)) throw new InvalidArgumentError("It is not a whole number of bytes below 2^53.");
  return bytes;
}

/** A segment, by its id or its key. */
export type Target = { id: number } | { key: number };

/** @throws {InvalidArgumentError} not a decimal or hexadecimal number of 32 bits, or 0, which means "no key" */
export function parseKey(text: string): number {
  const key = /^(0x[0-9a-f]+|-?\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (!(key >= -0x80000000 && key <= 0xffffffff))
    throw new InvalidArgumentError("A key is a number of 32 bits, such as 0x51; ls shows it.");
  if (key === 0) throw new InvalidArgumentError("0 means that a segment has no key. Name it by its id.");
  return key;
}

/** @throws {InvalidArgumentError} neither an id, which is a whole number, nor key:KEY */
export function parseTarget(text: string): Target {
  const key = /^key:(.*)$/.exec(text)?.[1];
  if (key !== undefined) return { key: parseKey(key) };
  const id = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(id <= 0x7fffffff))
    throw new InvalidArgumentError("A segment is named by its id, which ls shows, or as key:0x51.");
  return { id };
}

/** Nine permission bits, in octal as chmod(1) takes them. @throws {InvalidArgumentError} anything else */
export function parseMode(text: string): number {
  const digits = /^(?:0o)?([0-7]{3}|0[0-7]{3})$/i.exec(text)?.[1];
  if (digits === undefined) throw new InvalidArgumentError("A mode is three octal digits: 600, 640, 0666.");
  return Number.parseInt(digits, 8);
}
