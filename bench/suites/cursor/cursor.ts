// The cursor's numbers against a bare DataView, which checks bounds and keeps no position, and against Buffer's
// methods, which check as much as the cursor does and are Node's own means for the purpose.
import type { Attachment } from "wasm-shm";
import { judged } from "../../harness/goals.js";
import { type Goal, type Group, named, type Rival, type Timer } from "../../harness/group.js";
import { expectEqual } from "../../harness/proof.js";
import { coreOf, type Variant, withAttachment } from "../../harness/window.js";
import { atHotSite, inTurn } from "./callsite.js";
import { type Operation, operations, type Pass, prove, SIZE } from "./operations.js";
import { type CursorThread, type Way, withThreads } from "./threads.js";

/** From this major version on the wasm core's cursor must be at least as fast as the js core's. */
const NEWEST_NODE = 26;

/** Passes of one order to a thread: a sample of 0.5 ms, so that its cold cache after a sleep does not count. */
const THREAD_PASSES = 16;

/**
 * Threads of each core, of which the fastest counts. No two are compiled alike (Node 20: 2.0 to 2.9 ns on one core).
 */
const THREADS = 3;

function group(operation: Operation, attachment: Attachment, variant: Variant): Group {
  const { bytes } = attachment;
  const passes = operation.passes({
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    cursor: attachment.cursor(),
  });
  const rival = (name: string, pass: Pass): Rival => ({
    name,
    operations: SIZE / operation.width,
    prove: () => prove(operation, bytes, pass, `${operation.name} by ${name}`),
    run: pass,
  });
  return {
    ...named(operation.name, SIZE),
    rivals: [
      rival("DataView", passes.view),
      rival(operation.buffer, passes.buffer),
      rival(`cursor, ${coreOf(variant)}`, passes.cursor),
    ],
  };
}

/** Threads that read by either core. */
interface Threads {
  readonly js: readonly CursorThread[];
  readonly wasm: readonly CursorThread[];
}

/** The same by cursors of both cores in threads of their own, and the goal of the wasm core's cursor. */
function acrossThreads({ rivals: [base] }: Group, way: keyof typeof Way, threads: Threads): Group {
  const rival = (core: string, all: readonly CursorThread[]): Rival => ({
    name: `cursor, ${core}`,
    operations: THREAD_PASSES * base.operations,
    selfTimed: true,
    run: () => Math.min(...all.map((thread) => thread.time(way, THREAD_PASSES))),
    prove() {
      // The base's proof came before, so that the bytes are those that the base sums.
      for (const thread of all) expectEqual(thread.sum(way), base.run(), core);
    },
  });
  const byJs = rival(coreOf("js"), threads.js);
  const most = Number(process.versions.node.split(".")[0]) >= NEWEST_NODE ? 1 : 1.6;
  const goal: Goal = {
    text: `at most ${most} times the js core's time (this is Node ${process.versions.node}; 1 from ${NEWEST_NODE} on)`,
    against: [byJs.name],
    figure: (ratio) => ratio.toFixed(2),
    met: (ratio) => ratio <= most,
  };
  const byWasm = { ...rival(coreOf("wasm"), threads.wasm), goals: judged("wasm", goal) };
  return {
    name: `readUint32 (64 KiB), cursor as ${way}, fastest of ${THREADS} threads`,
    rivals: [base, byJs, byWasm],
  };
}

export async function cursor(variant: Variant, time: Timer): Promise<void> {
  await withAttachment(variant, SIZE, async (attachment, { id }) => {
    const [readUint32, ...others] = operations.map((operation) => group(operation, attachment, variant)) as [Group];
    await time(readUint32);
    if (variant === "wasm")
      await withThreads(THREADS, "js", id, (js) =>
        withThreads(THREADS, "wasm", id, async (wasm) => {
          await time(acrossThreads(readUint32, "argument", { js, wasm }));
          await time(acrossThreads(readUint32, "constant", { js, wasm }));
        }),
      );
    for (const other of others) await time(other);
    // Last, as from here on the engine no longer knows which instance of the wasm core a cursor calls.
    await atHotSite(variant, SIZE, (attachments) =>
      time(inTurn(attachments.map((other) => group(operations[0] as Operation, other, variant)))),
    );
  });
}
