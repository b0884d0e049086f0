const SMALLEST: u32 = 1000; // bytes; each block is half as long again as the one before, up to the largest
const LARGEST: u32 = 1 << 20;

/**
 * Allocates this many bytes in growing blocks that are all alive at once, fills each, and drops them.
 *
 * @returns the bytes that were still as written when the last block was: less than was asked for where something else
 * writes to the heap
 */
export function churn(bytes: u32): u32 {
  const blocks: Uint8Array[] = [];
  let size = SMALLEST;
  for (let remaining = bytes; remaining > 0; ) {
    const block = new Uint8Array(min(size, remaining));
    block.fill(<u8>blocks.length);
    blocks.push(block);
    remaining -= block.length;
    size = min(size + size / 2, LARGEST);
  }
  let intact: u32 = 0;
  for (let index = 0; index < blocks.length; index++) {
    const block = blocks[index];
    for (let at = 0; at < block.length; at++) if (block[at] === <u8>index) intact++;
  }
  return intact;
}
