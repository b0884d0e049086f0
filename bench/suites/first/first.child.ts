// The process that first.ts starts: it times its own steps, of which all but the last two happen for the first time.
// Arguments: the core, and the number to be read.
import type { Variant } from "../../harness/window.js";
import type { FirstCall } from "./first.js";

const core = process.argv[2] as Variant;
const expected = Number(process.argv[3]);

const now = (): number => Number(process.hrtime.bigint());

const start = now();
const { createShm } = await import("wasm-shm");
const loaded = now();
const shm = createShm({ host: "sysv", core });
const segments = [shm.create(4096), shm.create(4096)];
try {
  const [first, second] = segments as [(typeof segments)[0], (typeof segments)[0]];
  const beforeAttach = now();
  const attachment = first.attach();
  const attached = now();
  new DataView(attachment.memory.buffer).setUint32(attachment.byteOffset, expected, true);
  const beforeCursor = now();
  const cursor = attachment.cursor();
  const made = now();
  const value = cursor.readUint32();
  const read = now();
  const other = second.attach();
  const beforeSecond = now();
  const otherCursor = other.cursor();
  const secondMade = now();
  otherCursor.readUint32();
  const secondRead = now();
  const result: FirstCall = {
    value,
    load: loaded - start,
    attach: attached - beforeAttach,
    cursor: made - beforeCursor,
    read: read - made,
    secondCursor: secondMade - beforeSecond,
    secondRead: secondRead - secondMade,
  };
  process.stdout.write(JSON.stringify(result));
} finally {
  for (const segment of segments) segment[Symbol.dispose]();
}
