// The types in dist/, from those that tsc wrote into build/types/: one file for each entry point, and one for what they
// share. They have a third of the size of a file for each module, as most of what those declare is not reachable.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";

const SHARED = "shared/types";

/** As src/public.ts has it: the bundler drops those of all but the entry points. */
const LIBRARY = '/// <reference lib="esnext.disposable" preserve="true" />\n';

/** What only Node's entry point adds to types of the shared file: `declare module "…" { interface Name`. */
const augmentation = /declare module "([^"]+)" \{((?:.|\n)*?)\n\}/g;

/** The names that a text adds something to. */
const augmented = (text) =>
  [...text.matchAll(augmentation)].flatMap(([, , body]) =>
    [...body.matchAll(/^ {2}interface (\w+)/gm)].map(([, name]) => name),
  );

/** A list of exports with more names, each once. */
function exporting(text, names) {
  return text.replace(/^export \{ (.*) \};$/m, (_, list) => {
    const known = list.split(", ").map((entry) => entry.replace(/^type /, ""));
    return `export { ${[...known, ...names.filter((name) => !known.includes(name))].join(", ")} };`;
  });
}

/** The texts of the files, by their paths without `.d.ts`. */
async function rolledUp(folder, entries) {
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry, join(folder, `${entry}.d.ts`)])),
    treeshake: { moduleSideEffects: true }, // augmentations
    external: [/^node:/, "x11"],
    plugins: [dts({ dtsInput: true, tsconfig: false })],
    // The plugin warns of each augmentation: they are handled below.
    onLog: (level, log, handle) => log.message.includes("declare module") || handle(level, log),
  });
  const { output } = await bundle.generate({
    format: "esm",
    entryFileNames: "[name].d.ts",
    chunkFileNames: `${SHARED}.d.ts`,
    minifyInternalExports: false, // an augmentation needs the names
    codeSplitting: { groups: [{ name: "types", minShareCount: 2 }] },
  });
  const texts = new Map(output.map(({ fileName, code }) => [fileName.replace(/\.d\.ts$/, ""), code]));
  if (texts.size !== entries.length + 1) throw new Error(`the types are in ${[...texts.keys()]}`);
  return texts;
}

/** Writes the types of the entry points into `target`, and those of CommonJS modules into its folder `cjs`. */
export async function writeTypes(folder, target, entries) {
  const texts = await rolledUp(folder, entries);
  const names = [...texts.values()].flatMap(augmented);
  for (const [name, text] of texts) {
    const up = name.includes("/") ? "../" : "./";
    const whole = (name === SHARED ? LIBRARY + exporting(text, names) : text)
      .replaceAll(augmentation, (all, from) => all.replace(`"${from}"`, `"${up}${SHARED}.js"`))
      .replaceAll(/^\/\/.*\n/gm, (line) => (line.startsWith("///") ? line : "")) // the source of each part
      .replaceAll(/^( +)/gm, (spaces) => "\t".repeat(spaces.length / 2));
    // TypeScript takes the files of a folder of that type for CommonJS. Comments are in the other files alone.
    const bare = whole.replaceAll(/^\s*\/\*\*(?:[^*]|\*(?!\/))*\*\/\n/gm, "");
    for (const [place, content] of [
      [target, whole],
      [join(target, "cjs"), bare],
    ]) {
      const file = join(place, `${name}.d.ts`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  }
}
