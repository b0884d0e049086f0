// The test files: where they are, which ones some words mean, and in which order they run.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { nearest } from "#src/common/nearest.js";
import { root } from "../support/child.js";

const SUFFIX = ".test.ts";

/** Bad test files on purpose, for test/run.test.ts. They run only when the folder is named. */
const FIXTURES = "fixtures/";

/**
 * The names of all test files in a folder under test/, such as `cursor/text`. Read from the sources: a compiled file
 * whose source was renamed or removed stays in build/ and must not run.
 */
export function testFiles(folder = ""): string[] {
  return readdirSync(join(root, "test", folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(SUFFIX) && !file.includes("node_modules/"))
    .filter((file) => folder !== "" || !file.startsWith(FIXTURES))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort();
}

export const compiledPath = (folder: string, file: string): string =>
  join(root, "build/test", folder, `${file}.test.js`);

export const isCompiled = (folder: string, file: string): boolean => existsSync(compiledPath(folder, file));

/** A word as part of a name; for a path that a shell completed, the whole name. */
function asName(word: string): { name: string; isWhole: boolean } {
  const inside = word.replace(/^(\.\/)?(build\/)?test\//, "");
  const name = inside.replace(/\.test\.[jt]s$/, "");
  return { name, isWhole: name !== inside };
}

function isMeant(file: string, word: string): boolean {
  const { name, isWhole } = asName(word);
  return isWhole ? file === name : file.includes(name);
}

/**
 * The files whose name contains one of the words, or all, and none of those to leave out; and the words that no name
 * contains.
 */
export function selectFiles(
  files: string[],
  words: string[],
  without: readonly string[] = [],
): { selected: string[]; unknown: string[] } {
  const some = (file: string, list: readonly string[]): boolean => list.some((word) => isMeant(file, word));
  return {
    selected: files.filter((file) => (words.length === 0 || some(file, words)) && !some(file, without)),
    unknown: [...words, ...without].filter((word) => !files.some((file) => isMeant(file, word))),
  };
}

/** The files that a misspelt word probably means, by the part of their path that is nearest to it. */
export function nearMatches(word: string, files: string[]): string[] {
  const parts = new Set(files.flatMap((file) => [file, ...file.split("/")]));
  const found = nearest(asName(word).name, [...parts]);
  return found === undefined ? [] : files.filter((file) => file === found || file.split("/").includes(found));
}

/** Longest first, so that no core is idle while the last file runs; the quiet ones last. */
export function inOrder(
  files: string[],
  longest: string[],
  quiet: string[],
  alone: string[],
): { together: string[]; quiet: string[]; alone: string[] } {
  const rank = (file: string): number => (longest.includes(file) ? longest.indexOf(file) : longest.length);
  const later = [...quiet, ...alone];
  return {
    together: files.filter((file) => !later.includes(file)).sort((left, right) => rank(left) - rank(right)),
    quiet: quiet.filter((file) => files.includes(file)),
    alone: alone.filter((file) => files.includes(file)),
  };
}
