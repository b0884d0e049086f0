// Bytes as xxd(1) writes them, so that `xxd -r` restores them.

const PER_LINE = 16;
const digits = Buffer.from("0123456789abcdef");
const [SPACE, DOT, COLON, NEWLINE] = Buffer.from(" .:\n") as unknown as [number, number, number, number];
const HEX_WIDTH = 39; // eight groups of four digits, and the spaces between them

/**
 * Lines of sixteen bytes; the last may be shorter.
 *
 * @param position of the first byte: printed with eight hexadecimal digits, and with more past 4 GiB
 */
export function hexdump(bytes: Uint8Array, position: number): Buffer {
  const lines = Math.ceil(bytes.length / PER_LINE);
  const offsetWidth = Math.max(8, (position + bytes.length).toString(16).length);
  const text = Buffer.allocUnsafe(lines * (offsetWidth + HEX_WIDTH + PER_LINE + 5));
  let to = 0;
  for (let from = 0; from < bytes.length; from += PER_LINE) {
    to += text.write((position + from).toString(16).padStart(8, "0"), to, "latin1");
    text[to++] = COLON;
    const count = Math.min(PER_LINE, bytes.length - from);
    const ascii = to + HEX_WIDTH + 3;
    text.fill(SPACE, to, ascii);
    for (let index = 0; index < count; index++) {
      const byte = bytes[from + index] as number;
      if (index % 2 === 0) to++;
      text[to++] = digits[byte >> 4] as number;
      text[to++] = digits[byte & 15] as number;
      text[ascii + index] = byte >= 0x20 && byte < 0x7f ? byte : DOT;
    }
    to = ascii + count;
    text[to++] = NEWLINE;
  }
  return text.subarray(0, to);
}
