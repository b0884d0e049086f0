const COUNTERS: usize = 256 << 2; // bytes of one table

// Four tables taken in turn: a run of equal bytes does not make each count wait for the store of the one before.
const tables = memory.data(4096, 16);

function count(byte: u8, table: usize): void {
  const counter = tables + table * COUNTERS + ((<usize>byte) << 2);
  store<u32>(counter, load<u32>(counter) + 1);
}

/** Counts each byte's value; `output` is 256 little-endian u32. */
export function histogram(input: usize, length: usize, output: usize): void {
  memory.fill(tables, 0, 4 * COUNTERS);
  const end = input + length;
  for (; end - input >= 4; input += 4) {
    const bytes = load<u32>(input);
    count(<u8>bytes, 0);
    count(<u8>(bytes >> 8), 1);
    count(<u8>(bytes >> 16), 2);
    count(<u8>(bytes >> 24), 3);
  }
  for (; input !== end; input++) count(load<u8>(input), 0);
  for (let counter = tables; counter < tables + COUNTERS; counter += 4) {
    const sum = load<u32>(counter) + load<u32>(counter, 1024) + load<u32>(counter, 2048) + load<u32>(counter, 3072);
    store<u32>(output + (counter - tables), sum);
  }
}

/** RGBA pixels to gray RGBA pixels: Rec. 601's luma, (77 R + 150 G + 29 B + 128) / 256; alpha stays. */
export function grayscale(input: usize, length: usize, output: usize): void {
  for (const end = input + (length & ~3); input !== end; input += 4) {
    const pixel = load<u32>(input);
    const luma = (77 * (pixel & 0xff) + 150 * ((pixel >> 8) & 0xff) + 29 * ((pixel >> 16) & 0xff) + 128) >> 8;
    store<u32>(output, (pixel & 0xff000000) | (luma * 0x010101));
    output += 4;
  }
}
