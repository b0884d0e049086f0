// The pages that people read, for their tests: code blocks, headings, links, and output in which some words vary.
import { readdirSync, readFileSync } from "node:fs";
import { root } from "./child.js";

/** Every page, by its path from the package's root: the README, SECURITY.md, and those in docs/, examples/ and test/fixtures/. */
export const pages = [
  "README.md",
  "SECURITY.md",
  ...["docs", "examples", "test/fixtures"].flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".md") && !file.includes("node_modules/"))
      .map((file) => `${folder}/${file}`)
      .sort(),
  ),
];

export const textOf = (page: string): string => readFileSync(root + page, "utf8");

export interface Block {
  /** The word after the opening fence; empty if there is none. */
  readonly language: string;
  readonly body: string;
  /** The line of the opening fence, counted from 1. */
  readonly line: number;
  /** How many headings are above it. */
  readonly section: number;
}

/** The fenced blocks of a page, in order. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  let section = 0;
  text.split("\n").forEach((content, index) => {
    const fence = /^```(\S*)\s*$/.exec(content);
    if (open === undefined && /^#{1,6} /.test(content)) section++;
    if (!fence) open?.lines.push(content);
    else if (open === undefined) open = { language: fence[1] as string, line: index + 1, lines: [] };
    else {
      const { language, line, lines } = open;
      blocks.push({ language, line, section, body: lines.map((each) => `${each}\n`).join("") });
      open = undefined;
    }
  });
  if (open !== undefined) throw new Error(`the block of line ${open.line} has no end`);
  return blocks;
}

/** A page without its blocks, in which a heading or a link is not one. */
const proseOf = (text: string): string => text.replaceAll(/^```.*?^```\s*$/gms, "");

/** The anchors of a page's headings, by GitHub's rule: what a link has after its `#`. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of proseOf(text).matchAll(/^#{1,6} +(.*)$/gm)) {
    const words = (heading as string).replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** The targets of a page's links, as written. */
export function linksOf(text: string): string[] {
  return [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
}

/**
 * A pattern for output, from what a page shows. `…` stands for any text within a line, and a line of `…` alone for any
 * lines; `<pid>`, or another such word, stands for a word without spaces, the same one each time. If the text has such
 * marks, two spaces or more stand for any number of them, because the width of a column depends on its content. All else
 * stands for itself.
 */
export function patternOf(shown: string): RegExp {
  const named = new Set<string>();
  const columns = /…|<[a-z]+>/.test(shown) ? / {2,}/ : /(?!)/; // the latter matches nothing
  const marks = new RegExp(`(…|<[a-z]+>|${columns.source})`);
  const lines = shown.split("\n").map((line) => {
    if (line === "…") return "(?:.*\\n)*?";
    const parts = line.split(marks).map((part) => {
      if (part === "…") return ".*?";
      if (columns.test(part)) return " +";
      const word = /^<([a-z]+)>$/.exec(part)?.[1];
      if (word === undefined) return escaped(part);
      if (named.has(word)) return `\\k<${word}>`;
      named.add(word);
      return `(?<${word}>\\S+)`;
    });
    return `${parts.join("")}\\n`;
  });
  return new RegExp(`^${lines.join("").replace(/\\n$/, "")}$`);
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
