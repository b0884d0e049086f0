// Modules for the tests of src/module: all that this repository has, and small ones built here.
import { readdirSync, readFileSync } from "node:fs";
import { joined, sectionOf, unsigned } from "#src/module/rewrite.js";
import { root } from "../support/child.js";

const folders = ["test/fixtures/hostile", "examples/guests/assemblyscript", "examples/guests/c", "build"];

/** By path: those of toolchains, and hostile ones, each of which has one feature of the format. */
export const modules: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map(
  folders.flatMap((folder) =>
    readdirSync(root + folder)
      .filter((file) => file.endsWith(".wasm"))
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
