// Bun's engine, JavaScriptCore, unmaps few memories. Of the others it gives the pages back to its own heap: of those that are
// collected, of plain ones that grow, as it moves them, and of all of a thread that ends. A segment that was mapped there
// would stay there, under the next objects of the process: Bun 1.4 crashed in 6 of 10 runs that dropped 3,000 attachments,
// and after a grow a segment held bytes of other arrays. So the host keeps each memory that has a window until the unmap
// (native/map/held.cc), and takes no memory that the engine may move.
import { unsupported } from "../common/errors.js";
import { hints } from "../common/hints.js";
import type { WasmMemory } from "../memory/layout.js";
import { fs } from "./builtin.js";

export const recyclesMemories = process.versions["bun"] !== undefined;

/** A memory with a reservation of its own is as large as an address in a memory can be. It grows in place. */
const RESERVED = 2n ** 32n;

/** Whether nothing but the memory's own inaccessible pages follows its bytes, up to 4 GiB. */
function isReserved(begin: bigint, end: bigint): boolean {
  const line = fs
    .readFileSync("/proc/self/maps", "latin1")
    .match(new RegExp(`^0*${end.toString(16)}-([0-9a-f]+) ---p`, "m"));
  return line !== null && BigInt(`0x${line[1]}`) - begin >= RESERVED;
}

/** Reserved ones: reading the process's map takes milliseconds if it has thousands of mappings, too long for each window. */
const staying = new WeakSet<WasmMemory>();

/**
 * @param begin the address of the memory's first byte
 * @throws {ShmError} `ERR_SHM_UNSUPPORTED` the engine would move the memory if it grew
 */
export function checkStays(memory: WasmMemory, begin: bigint): void {
  const { buffer } = memory;
  if (!(buffer instanceof ArrayBuffer) || staying.has(memory)) return;
  if (isReserved(begin, begin + BigInt(buffer.byteLength))) {
    staying.add(memory);
    return;
  }
  const reason = "Bun moves such a memory if it grows, and puts its pages, with the segment, under other objects";
  throw unsupported("attaching into this memory", `${reason}; ${hints.shareMemory}`, { hint: hints.shareMemory });
}
