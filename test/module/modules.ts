// Modules for the tests of src/module: all that this repository has, and small ones built here.
import { readdirSync, readFileSync } from "node:fs";
import { joined, sectionOf, unsigned } from "#src/module/rewrite.js";
import { root } from "../support/child.js";
import type { Random } from "../support/random.js";

const folders = ["test/fixtures/hostile", "examples/guests/assemblyscript", "examples/guests/c", "build"];

/** By path: those of toolchains, and hostile ones, each of which has one feature of the format. */
export const modules: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map(
  folders.flatMap((folder) =>
    readdirSync(root + folder)
      .filter((file) => file.endsWith(".wasm") && file !== "core.debug.wasm") // core/binary.test.ts writes it meanwhile
      .map((file) => [`${folder}/${file}`, new Uint8Array(readFileSync(`${root}${folder}/${file}`))] as const),
  ),
);

export const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module of these sections. */
export const moduleOf = (...sections: (readonly [id: number, ...content: number[]])[]): Uint8Array<ArrayBuffer> =>
  joined([HEADER, ...sections.flatMap(([id, ...content]) => sectionOf(id, [content]))]);

/** A name, as the format has it. */
export const named = (text: string): number[] => {
  const bytes = Buffer.from(text);
  return [...unsigned(bytes.length), ...bytes];
};

/** Makes 1 to 4 changes: a byte set, a bit flipped, bytes removed, inserted, or copied over others. */
export function mutant(module: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let bytes = Uint8Array.from(module);
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = 8 + random.below(bytes.length - 8);
    const kind = random.below(5);
    if (kind === 0) bytes[at] = random.below(256);
    else if (kind === 1) bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
    else if (kind === 2 && bytes.length > 64)
      bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + random.below(8))]);
    else if (kind === 3) bytes = Uint8Array.from([...bytes.subarray(0, at), random.below(256), ...bytes.subarray(at)]);
    else bytes.copyWithin(at, 8 + random.below(bytes.length - 8), bytes.length - random.below(16));
  }
  return bytes;
}
