// Bytes as text: what is no UTF-8, and controls but for the newline and the tab, as `\x07`.

const NEEDS_ESCAPE = /[\p{Cc}\u2028\u2029]/u;

const escaped = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");

/** How many bytes the character takes that begins with this one; 0 where none does. */
export function characterLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The character that is at `at`; undefined where the bytes there are none. */
export function characterAt(bytes: Uint8Array, at: number): string | undefined {
  const length = characterLength(bytes[at] as number);
  if (length === 0 || at + length > bytes.length) return undefined;
  try {
    return decoder.decode(bytes.subarray(at, at + length));
  } catch {
    return undefined;
  }
}

/** Turns chunks into text; a character may lie across two of them. */
export class TextOf {
  #rest = new Uint8Array(0);

  /** @param last no more come: what is left of a character is escaped */
  push(chunk: Uint8Array, last = false): string {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let end = bytes.length;
    if (!last) {
      // Up to three bytes at the end may be the beginning of a character.
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
