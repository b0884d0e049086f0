/**
 * Where the first sequence that is not UTF-8 begins; -1 if there is none: table 3-7 of the Unicode standard. Each byte is
 * read once, so bytes that change meanwhile cannot mislead a later step.
 */
export function invalidUtf8(bytes: Uint8Array): number {
  let index = 0;
  while (index < bytes.length) {
    const lead = bytes[index] as number;
    const trails = trailsOf(lead);
    if (trails < 0 || bytes.length - index <= trails) return index;
    for (let trail = 1; trail <= trails; trail++) {
      const byte = bytes[index + trail] as number;
      const [least, most] = trail === 1 ? [leastSecond(lead), mostSecond(lead)] : [0x80, 0xbf];
      if (byte < least || byte > most) return index;
    }
    index += trails + 1;
  }
  return -1;
}

/** Bytes that follow a lead; -1 if it is none. */
function trailsOf(lead: number): number {
  if (lead < 0x80) return 0;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  if (lead < 0xe0) return 1;
  return lead < 0xf0 ? 2 : 3;
}

/** After E0 and F0 a smaller second byte would have a shorter form. */
function leastSecond(lead: number): number {
  if (lead === 0xe0) return 0xa0;
  return lead === 0xf0 ? 0x90 : 0x80;
}

/** After ED a greater second byte would be a surrogate, after F4 it would be past U+10FFFF. */
function mostSecond(lead: number): number {
  if (lead === 0xed) return 0x9f;
  return lead === 0xf4 ? 0x8f : 0xbf;
}
