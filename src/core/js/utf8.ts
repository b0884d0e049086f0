/** Table 3-7 of the Unicode standard. Each byte is read once, so bytes that change meanwhile cannot mislead a later step. */
export function isUtf8(bytes: Uint8Array): boolean {
  let index = 0;
  while (index < bytes.length) {
    const lead = bytes[index++] as number;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const trails = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (bytes.length - index < trails) return false;
    const second = bytes[index] as number;
    if (second < leastSecond(lead) || second > mostSecond(lead)) return false;
    for (let trail = 1; trail < trails; trail++) if (!isTrail(bytes[index + trail] as number)) return false;
    index += trails;
  }
  return true;
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

const isTrail = (byte: number): boolean => (byte & 0xc0) === 0x80;
