// The addon's sources as the package has them: for `wasm-shm build`, on a processor that the package has no addon for. They
// lack the comments, which are 19 KB of a tarball, and the indentation: both are for who changes the addon, in a clone.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What may hold the signs of a comment, before a comment itself: strings, numbers, whose digits ' parts, characters. */
const tokens = /"(?:\\.|[^"\\\n])*"|\b\d[\w']*|'(?:\\.|[^'\\\n])+'|\/\/.*|\/\*[\s\S]*?\*\//g;

function withoutComments(text) {
  const bare = text.replaceAll(tokens, (token) => (token.startsWith("/") ? " " : token));
  return bare
    .replaceAll(/^[ \t]+|[ \t]+$/gm, "")
    .replace(/^\n+/, "")
    .replaceAll(/\n{2,}/g, "\n");
}

/** gyp's comments are lines of their own. */
const withoutLines = (text) => text.replaceAll(/^\s*#.*\n/gm, "");

/** Writes the sources of the addon in `folder` into `target`. */
export function writeSources(folder, target) {
  for (const name of readdirSync(folder, { recursive: true })) {
    const file = join(target, name);
    if (name.startsWith("build/") || !/\.(cc|h|gyp|ld)$/.test(name)) continue;
    const text = readFileSync(join(folder, name), "utf8");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, name.endsWith(".gyp") ? withoutLines(text) : withoutComments(text));
  }
}
