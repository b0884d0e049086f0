// The cursor's numbers against a bare DataView, which checks bounds but keeps no position, and against Buffer's
// methods, which check as much as the cursor does and are what Node offers for the purpose.
import type { Attachment, Cursor } from "wasm-shm";
import { judged } from "../harness/goals.js";
import { type Goal, type Group, named, type Rival, type Timer } from "../harness/harness.js";
import { coreOf, expectBytes, expectEqual, fillPattern, KiB, type Variant, withAttachment } from "../harness/window.js";
import { type Peer, type Way, withPeers } from "../rivals/core.js";
import { atHotSite, inTurn } from "./callsite.js";

const SIZE = 64 * KiB;

/** From this major version on the wasm core's cursor must be ahead of the js core's. */
const NEWEST_NODE = 26;

/** Passes of one request to another thread: a sample's 0.5 ms, beside which its cold cache after a sleep is nothing. */
const PEER_PASSES = 16;

/** Threads of each core, of which the fastest counts: no two are compiled alike (Node 20: 2.0 to 2.9 ns, one core). */
const PEERS = 3;

/** What the rivals work on: the same bytes, seen in three ways. */
interface Views {
  readonly view: DataView;
  readonly buffer: Buffer;
  readonly cursor: Cursor;
}

/** A pass over the window in steps of `width`: reads return the sum of what they read, writes store the offset. */
type Pass = () => number;

interface Operation {
  readonly name: string;
  readonly width: number;
  readonly writes?: boolean;
  readonly buffer: string;
  passes(views: Views): { view: Pass; buffer: Pass; cursor: Pass };
}

/** Of the peers' threads too. In each it is called once: with a second closure the cursor were no constant. */
export function readUint32s(cursor: Cursor): Pass {
  return () => {
    cursor.seek(0);
    let sum = 0;
    for (let offset = 0; offset < SIZE; offset += 4) sum = (sum + cursor.readUint32()) | 0;
    return sum;
  };
}

/** The same by a cursor that is an argument, as most functions have theirs; over the window's first `bytes`. */
export function readUint32sOf(cursor: Cursor, bytes = SIZE): number {
  cursor.seek(0);
  let sum = 0;
  for (let offset = 0; offset < bytes; offset += 4) sum = (sum + cursor.readUint32()) | 0;
  return sum;
}

// Every pass is written out: one function that took the method as an argument would be timing that argument's call.
const operations: readonly Operation[] = [
  {
    name: "readUint32",
    width: 4,
    buffer: "Buffer.readUInt32LE",
    passes: ({ view, buffer, cursor }) => ({
      view() {
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 4) sum = (sum + view.getUint32(offset, true)) | 0;
        return sum;
      },
      buffer() {
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 4) sum = (sum + buffer.readUInt32LE(offset)) | 0;
        return sum;
      },
      cursor: readUint32s(cursor),
    }),
  },
  {
    name: "readUint32 big-endian",
    width: 4,
    buffer: "Buffer.readUInt32BE",
    passes: ({ view, buffer, cursor }) => ({
      view() {
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 4) sum = (sum + view.getUint32(offset, false)) | 0;
        return sum;
      },
      buffer() {
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 4) sum = (sum + buffer.readUInt32BE(offset)) | 0;
        return sum;
      },
      cursor() {
        cursor.seek(0);
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 4) sum = (sum + cursor.readUint32(false)) | 0;
        return sum;
      },
    }),
  },
  {
    name: "readFloat64",
    width: 8,
    buffer: "Buffer.readDoubleLE",
    passes: ({ view, buffer, cursor }) => ({
      view() {
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 8) sum += view.getFloat64(offset, true);
        return sum;
      },
      buffer() {
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 8) sum += buffer.readDoubleLE(offset);
        return sum;
      },
      cursor() {
        cursor.seek(0);
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 8) sum += cursor.readFloat64();
        return sum;
      },
    }),
  },
  {
    name: "writeUint32",
    width: 4,
    writes: true,
    buffer: "Buffer.writeUInt32LE",
    passes: ({ view, buffer, cursor }) => ({
      view() {
        for (let offset = 0; offset < SIZE; offset += 4) view.setUint32(offset, offset, true);
        return view.getUint32(SIZE - 4, true);
      },
      buffer() {
        for (let offset = 0; offset < SIZE; offset += 4) buffer.writeUInt32LE(offset, offset);
        return buffer.readUInt32LE(SIZE - 4);
      },
      cursor() {
        cursor.seek(0);
        for (let offset = 0; offset < SIZE; offset += 4) cursor.writeUint32(offset);
        return cursor.position;
      },
    }),
  },
];

/** Whole numbers as float64: no NaN, no denormal, and a sum that is exact in any order. */
function fillNumbers(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 0; offset < SIZE; offset += 8) view.setFloat64(offset, offset * 3 + 1, true);
}

/** Sums and stores byte by byte, so that no rival's own method vouches for it. */
function expectedSum(bytes: Uint8Array, operation: Operation): number {
  let sum = 0;
  for (let offset = 0; offset < SIZE; offset += operation.width) {
    const word = [...bytes.subarray(offset, offset + operation.width)];
    if (operation.name === "readFloat64") sum += offset * 3 + 1;
    else if (operation.name === "readUint32") sum = (sum + word.reduceRight((high, byte) => high * 256 + byte, 0)) | 0;
    else sum = (sum + word.reduce((high, byte) => high * 256 + byte, 0)) | 0;
  }
  return sum;
}

function expectedOffsets(): Uint8Array {
  return Uint8Array.from({ length: SIZE }, (_, index) => ((index & ~3) >>> (8 * (index & 3))) & 0xff);
}

function prove(operation: Operation, bytes: Uint8Array, pass: Pass, name: string): void {
  if (operation.writes) {
    bytes.fill(0xff);
    pass();
    expectBytes(bytes, expectedOffsets(), name);
  } else {
    if (operation.name === "readFloat64") fillNumbers(bytes);
    else fillPattern(bytes);
    expectEqual(pass(), expectedSum(bytes, operation), name);
  }
}

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
interface Peers {
  readonly js: readonly Peer[];
  readonly wasm: readonly Peer[];
}

/** The same by cursors of both cores in threads of their own, and the goal that the wasm core's has. */
function acrossThreads({ rivals: [base] }: Group, way: keyof typeof Way, peers: Peers, variant: Variant): Group {
  const rival = (core: string, threads: readonly Peer[]): Rival => ({
    name: `cursor, ${core}`,
    operations: PEER_PASSES * base.operations,
    selfTimed: true,
    run: () => Math.min(...threads.map((peer) => peer.time(way, PEER_PASSES))),
    prove() {
      for (const peer of threads) expectEqual(peer.sum(way), base.run(), core); // after the base's proof, on its bytes
    },
  });
  const byJs = rival(coreOf("js"), peers.js);
  const most = Number(process.versions.node.split(".")[0]) >= NEWEST_NODE ? 1 : 1.6;
  const goal: Goal = {
    text: `at most ${most} times the js core's time (this is Node ${process.versions.node}; 1 from ${NEWEST_NODE} on)`,
    against: [byJs.name],
    figure: (ratio) => ratio.toFixed(2),
    met: (ratio) => ratio <= most,
  };
  const byWasm = { ...rival(coreOf(variant), peers.wasm), goals: judged(variant, goal) };
  return {
    name: `readUint32 (64 KiB), cursor as ${way}, fastest of ${PEERS} threads`,
    rivals: [base, byJs, byWasm],
  };
}

export async function cursor(variant: Variant, time: Timer): Promise<void> {
  await withAttachment(variant, SIZE, async (attachment, { id }) => {
    const [readUint32, ...others] = operations.map((operation) => group(operation, attachment, variant)) as [Group];
    await time(readUint32);
    if (variant !== "js")
      await withPeers(PEERS, "js", id, (js) =>
        withPeers(PEERS, variant, id, async (wasm) => {
          await time(acrossThreads(readUint32, "argument", { js, wasm }, variant));
          await time(acrossThreads(readUint32, "constant", { js, wasm }, variant));
        }),
      );
    for (const other of others) await time(other);
    // Last: from here on the engine no longer knows which instance of the wasm core a cursor calls.
    await atHotSite(variant, SIZE, (attachments) =>
      time(inTurn(attachments.map((other) => group(operations[0] as Operation, other, variant)))),
    );
  });
}
