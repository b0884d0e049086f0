// The peer: rewrites a segment all the time, as its argument says. It ends with its standard input.
import { open } from "wasm-shm";
import type { Content } from "./call.js";
import { WINDOWS } from "./outcome.js";

const [, , id, content] = process.argv as unknown as [string, string, string, Content];
const { bytes } = open(Number(id)).attach();

const SMALL = WINDOWS[0] as number;

/** All of one value: in the middle of a sort, every element is then below the pivot, or above it. */
function doubles(value: number): Uint8Array {
  return new Uint8Array(new Float64Array(SMALL / 8).fill(value).buffer);
}

function random(turn: number): Uint8Array {
  let state = 1 + turn;
  return Uint8Array.from({ length: SMALL }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  });
}

const patterns: Record<Content, Uint8Array[]> = {
  text: [Buffer.alloc(SMALL, "a"), Buffer.alloc(SMALL, "€")],
  doubles: [random(3), doubles(-1), random(4), doubles(1)],
  bytes: [random(0), random(1), Buffer.alloc(SMALL, 0xff)],
};

/** Each round rewrites the first window many times, and the rest of the segment once. */
function rewrite(): void {
  for (let at = 0; at < bytes.length; at += SMALL)
    for (const pattern of patterns[content]) {
      bytes.set(pattern);
      if (at > 0) bytes.set(pattern.subarray(0, Math.min(SMALL, bytes.length - at)), at);
    }
}

function rounds(): void {
  rewrite();
  setImmediate(rounds);
}

process.stdin.on("end", () => process.exit()).resume();
process.stdout.write("writing\n");
rounds();
