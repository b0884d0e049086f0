// The types in dist/, from those that tsc wrote into build/types/: one file for each entry point, and one for what they
// share. They have a third of the size of a file for each module, as most of what those declare is not reachable.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
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

/** By the names of classes and aliases: their type parameters, as another module may write them. */
function parametersIn(text) {
  const found = text.matchAll(/^(?:declare class|type) (\w+)(?:<(.*?)>)? (?:extends|implements|\{|=)/gm);
  const lists = new Map([...found].map(([, name, list = ""]) => [name, list]));
  const written = (list) => list.replaceAll(/\w+/g, (word) => (lists.has(word) ? `esm.${word}` : word));
  return new Map([...lists].map(([name, list]) => [name, written(list)]));
}

/**
 * The declarations of a CommonJS module: those of the ES module, which `require` gives, too. They name each value, as what one
 * kind of module takes of the other are types alone; and its type again, if it is one as well.
 */
function requiredTypes(path, values, parameters) {
  const each = values.map((name) => {
    const list = parameters.get(name);
    const names = list?.replaceAll(/ (?:extends|=) [^,]+/g, "");
    const type = `export type ${name}${list ? `<${list}>` : ""} = esm.${name}${names ? `<${names}>` : ""};\n`;
    return `export declare const ${name}: typeof esm.${name};\n${list === undefined ? "" : type}`;
  });
  const from = `from "${path}" with { "resolution-mode": "import" };\n`;
  return `import type * as esm ${from}export type * ${from}${each.join("")}`;
}

/**
 * Writes the types of the entry points into `target`, whose modules are there, and those of CommonJS modules into its folder
 * `cjs`: TypeScript takes the files there for CommonJS.
 */
export async function writeTypes(folder, target, entries) {
  const texts = await rolledUp(folder, entries);
  const names = [...texts.values()].flatMap(augmented);
  for (const [name, text] of texts) {
    const up = name.includes("/") ? "../" : "./";
    const whole = (name === SHARED ? LIBRARY + exporting(text, names) : text)
      .replaceAll(augmentation, (all, from) => all.replace(`"${from}"`, `"${up}${SHARED}.js"`))
      .replaceAll(/^\/\/.*\n/gm, (line) => (line.startsWith("///") ? line : "")) // the source of each part
      .replaceAll(/^( +)/gm, (spaces) => "\t".repeat(spaces.length / 2));
    mkdirSync(dirname(join(target, name)), { recursive: true });
    writeFileSync(join(target, `${name}.d.ts`), whole);
  }
  const parameters = parametersIn(texts.get(SHARED));
  for (const entry of entries) {
    const values = Object.keys(await import(pathToFileURL(join(target, `${entry}.js`))));
    const path = `${"../".repeat(entry.split("/").length)}${entry}.js`;
    writeFileSync(join(target, "cjs", `${entry}.d.ts`), requiredTypes(path, values, parameters));
  }
}
