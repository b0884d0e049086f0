// Attachment.fill and copyWithin in place, against Buffer's own on a plain memory: memset(3) and memmove(3).
import type { Attachment } from "wasm-shm";
import { judgedAt, speed } from "../harness/goals.js";
import { type Group, named, type Rival, type Timer } from "../harness/group.js";
import { type PaceName, rangeSizes } from "../harness/pace.js";
import { expectBytes, fillPattern } from "../harness/proof.js";
import { KiB, sizeName } from "../harness/size.js";
import { coreOf, type Variant } from "../harness/window.js";
import { MEMCPY, memcpy, touched, withPlain } from "./memcpy.js";

const BYTE = 0x5a;
const PATTERN = Uint8Array.of(1, 2, 3); // an RGB pixel: its length is not a power of two
/** How far copyWithin moves the rest of the window down, as a reader does to drop what it has read. */
const SHIFT = 4 * KiB;

/** A rival that changes the window. `before` prepares the window, and `expected` is what the rival must leave there. */
function rival(name: string, bytes: Uint8Array, before: () => void, expected: Uint8Array, work: () => void): Rival {
  const run = (): number => {
    work();
    return bytes[0] as number;
  };
  return {
    name,
    operations: 1,
    run,
    prove() {
      before();
      run();
      expectBytes(bytes, expected, name);
    },
  };
}

function fills(attachment: Attachment, plain: Uint8Array, copy: Rival, variant: Variant): Group[] {
  const { bytes } = attachment;
  const buffer = Buffer.from(plain.buffer, plain.byteOffset, plain.length);
  const before = () => bytes.fill(0xff);
  const group = (name: string, expected: Uint8Array, byBuffer: () => void, byCore: () => void): Group => ({
    ...named(name, bytes.length),
    bytes: bytes.length,
    rivals: [
      copy,
      rival("Buffer.fill", bytes, before, expected, byBuffer),
      {
        ...rival(`fill, ${coreOf(variant)}`, bytes, before, expected, byCore),
        goals: judgedAt(bytes.length, variant, speed(0.8, MEMCPY, "Buffer.fill")),
      },
    ],
  });
  const pixels = new Uint8Array(bytes.length);
  for (let index = 0; index < pixels.length; index++) pixels[index] = PATTERN[index % PATTERN.length] as number;
  return [
    group(
      "fill with a byte",
      new Uint8Array(bytes.length).fill(BYTE),
      () => buffer.fill(BYTE),
      () => attachment.fill(BYTE),
    ),
    group(
      `fill with ${PATTERN.length} bytes`,
      pixels,
      () => buffer.fill(PATTERN),
      () => attachment.fill(PATTERN),
    ),
  ];
}

function copies(attachment: Attachment, plain: Uint8Array, copy: Rival, variant: Variant): Group {
  const { bytes } = attachment;
  const moved = bytes.length - SHIFT;
  const original = new Uint8Array(bytes.length);
  fillPattern(original);
  const expected = original.slice();
  for (let index = 0; index < moved; index++) expected[index] = original[index + SHIFT] as number;
  const before = () => bytes.set(original);
  const native = "Uint8Array.copyWithin"; // Buffer's own is this one
  return {
    ...named(`copyWithin, ${sizeName(SHIFT)} down`, bytes.length),
    bytes: moved,
    rivals: [
      copy,
      rival(native, bytes, before, expected, () => plain.copyWithin(0, SHIFT)),
      {
        ...rival(`copyWithin, ${coreOf(variant)}`, bytes, before, expected, () => attachment.copyWithin(0, SHIFT)),
        goals: judgedAt(bytes.length, variant, speed(0.8, MEMCPY, native)),
      },
    ],
  };
}

export async function fill(variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  for (const size of rangeSizes(pace))
    await withPlain(variant, size, async (attachment, plain) => {
      const array = touched(size);
      for (const group of fills(attachment, plain, memcpy(array, plain), variant)) await time(group);
      await time(copies(attachment, plain, memcpy(plain.subarray(SHIFT), array.subarray(SHIFT)), variant));
    });
}
