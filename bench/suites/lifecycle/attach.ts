// Attach and detach against the two system calls alone, and the parts of the difference.
import { type Segment, sysvHost } from "wasm-shm";
import { named, type Rival, type Timer } from "../../harness/group.js";
import { expectEqual } from "../../harness/proof.js";
import { collect } from "../../harness/sampling.js";
import { MiB } from "../../harness/size.js";
import { shmOf, type Variant, withAttachment } from "../../harness/window.js";
import { bareCalls, spent } from "../../rivals/addon.js";

const SIZE = MiB;
const MARK = 0x5eed;
const WASM_PAGE = 65536;
const PAGES = SIZE / WASM_PAGE + 1; // as many as an attachment's own memory has: the core's page and the window

/** About a hundred attachments. Few samples then contain a garbage collection, and the median is not one of them. */
const sampleMs = 2;

/** Attachments for each garbage collection, in the rival that shows the collector's share. */
const COLLECTED = 500;

/** Pairs of system calls in one call of the addon, so that the call itself does not count. */
const BARE_CALLS = 100;

/** Attachments made beforehand, so that only their first cursors are timed. */
const FRESH = 50;

/** `work` must leave the segment's attach count as it was. */
function proveBalanced(segment: Segment, work: () => void): void {
  const before = segment.stat().nattch;
  work();
  expectEqual(segment.stat().nattch, before, "the attach count afterwards");
}

function bareAttach(segment: Segment): Rival {
  const run = () => spent(bareCalls().attachAndDetach(segment.id, BARE_CALLS));
  return {
    name: "shmat, shmdt",
    operations: BARE_CALLS,
    selfTimed: true,
    run,
    prove: () => proveBalanced(segment, run),
  };
}

function attach(segment: Segment): Rival {
  return {
    name: "segment.attach, detach",
    operations: 1,
    run() {
      const attachment = segment.attach();
      attachment.detach();
      return attachment.byteLength;
    },
    prove: () =>
      proveBalanced(segment, () => {
        const attachment = segment.attach();
        expectEqual(attachment.cursor().readUint32(), MARK, "what an attachment reads");
        attachment.detach();
      }),
  };
}

/** The garbage collector frees a memory. This is the worst case: a full collection each time. */
function attachAndCollect(segment: Segment): Rival {
  const { run, prove } = attach(segment);
  return {
    name: `the same, and a full gc for each ${COLLECTED}`,
    operations: COLLECTED,
    run() {
      let bytes = 0;
      for (let count = 0; count < COLLECTED; count++) bytes += run();
      collect();
      return bytes;
    },
    prove,
  };
}

/** The host's part alone, in a memory that exists already. */
function mapping(segment: Segment): Rival {
  const host = sysvHost();
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  const request = {
    id: segment.id,
    access: "read-write" as const,
    offset: 0,
    length: SIZE,
    into: { memory, byteOffset: WASM_PAGE },
    memory: undefined,
    reserve: undefined,
  };
  const run = (whileMapped?: () => void) => {
    const mapped = host.map(request);
    if (typeof mapped === "number") throw new Error(`map was refused: errno ${-mapped}`);
    whileMapped?.();
    if (host.unmap(mapped) < 0) throw new Error("unmap was refused");
    return SIZE;
  };
  const view = new DataView(memory.buffer, WASM_PAGE);
  return {
    name: "mapping alone, one memory kept",
    operations: 1,
    run: () => run(), // touches no page, as the other rivals do not
    prove: () =>
      proveBalanced(segment, () => {
        run(() => expectEqual(view.getUint32(0, true), MARK, "what a mapping shows"));
        expectEqual(view.getUint32(0, true), 0, "what an unmapped window shows");
      }),
  };
}

function memoryAlone(): Rival {
  const run = () => new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true }).buffer.byteLength;
  return {
    name: "new WebAssembly.Memory alone",
    operations: 1,
    run,
    prove: () => expectEqual(run(), PAGES * WASM_PAGE, "the size of a memory"),
  };
}

/** The first cursor of an attachment makes the wasm core's instance. */
function firstCursor(segment: Segment): Rival {
  const run = (read = false) => {
    const attachments = Array.from({ length: FRESH }, () => segment.attach());
    const start = process.hrtime.bigint();
    const cursors = attachments.map((attachment) => attachment.cursor());
    const time = Number(process.hrtime.bigint() - start);
    if (read) for (const cursor of cursors) expectEqual(cursor.readUint32(), MARK, "what a first cursor reads");
    for (const attachment of attachments) attachment.detach();
    return time;
  };
  return {
    name: "first cursor alone, wasm core",
    operations: FRESH,
    selfTimed: true,
    run: () => run(),
    prove: () => proveBalanced(segment, () => run(true)),
  };
}

export async function attachAndDetach(variant: Variant, time: Timer): Promise<void> {
  const shm = shmOf(variant);
  await withAttachment(variant, SIZE, async (attachment, { id }) => {
    attachment.cursor().writeUint32(MARK);
    const segment = shm.open(id); // destroyed, alive by its attachment: shmat(2) still takes the id
    const whole = attach(segment);
    await time({
      ...named("attach and detach", SIZE),
      sampleMs,
      rivals: [bareAttach(segment), whole, attachAndCollect(segment)],
    });
    await time({
      ...named("parts of an attach", SIZE),
      sampleMs,
      rivals: [whole, mapping(segment), memoryAlone(), firstCursor(segment)],
    });
  });
}
