// Bytes as text. Bytes that are not UTF-8 become `\x07`; so do control characters, except for newline and tab.

const NEEDS_ESCAPE = /[\p{Cc}\u2028\u2029]/u;

const escaped = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");

/** Bytes of the character that begins with this byte; 0 if no character does. */
export function characterLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The character at `at`; undefined if the bytes there are not UTF-8. */
export function characterAt(bytes: Uint8Array, at: number): string | undefined {
  const length = characterLength(bytes[at] as number);
  if (length === 0 || at + length > bytes.length) return undefined;
  try {
    return decoder.decode(bytes.subarray(at, at + length));
  } catch {
    return undefined;
  }
}

/** Turns chunks of bytes into text. A character may lie across two chunks. */
export class EscapingDecoder {
  #rest = new Uint8Array(0);

  /** @param last this chunk is the last: an incomplete character at its end is escaped */
  push(chunk: Uint8Array, last = false): string {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let end = bytes.length;
    if (!last) {
      // Up to three bytes at the end may be an incomplete character.
      const from = Math.max(0, end - 3);
      for (let at = from; at < end; at++) if (characterLength(bytes[at] as number) > end - at) end = at;
    }
    this.#rest = bytes.slice(end);
    return textOf(bytes.subarray(0, end));
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return escapeControls(decoder.decode(bytes));
  } catch {
    let text = "";
    for (let at = 0; at < bytes.length; ) {
      const character = characterAt(bytes, at);
      text += character === undefined ? escaped(bytes.subarray(at, at + 1)) : escapeControls(character);
      at += character === undefined ? 1 : characterLength(bytes[at] as number);
    }
    return text;
  }
}

const encoder = new TextEncoder();

function escapeControls(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text;
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (control) =>
    control === "\n" || control === "\t" ? control : escaped(encoder.encode(control)),
  );
}
