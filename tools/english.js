// Holds the plain-English rule of docs/architecture.md: finds words that make comments, messages and pages hard to read, and says
// what to write instead. `node tools/english.js [PATH...]`; it looks at the files that git tracks there.
//
// A word list, not textlint or Vale: those read Markdown, but the prose of this package is mostly comments and messages in
// seven languages, and no rule set of theirs knows our words. js-tokens does the one hard part, to tell JavaScript's strings,
// templates and regular expressions apart.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import jsTokens from "js-tokens";

/** After these words "where" names a place: "says where it ends". */
const BEFORE_A_PLACE = [
  "says?|said|tells?|told|shows?|showed|shown|knows?|knew|asks?|sees?|finds?|found|decides?",
  "begins?|began|starts?|started|ends?|ended|stops?|stopped|stays?|stayed|continues?|resumes?|lies?|lands?|stands?",
  "is|are|was|were|be|is not|are not|still|exactly|just|from|to|of|about|on|at|past|by|for|and|or",
  "places?|point|position|address|offset|folder|machine|system|platform|engine|browser|namespace|cases?|tests?",
].join("|");

/** And after "in …," and "tells …": "in page 0, where no other process can change it". */
const FURTHER_BEFORE = [
  "(?:in|into|inside|inline|outside|on|at|by|over|to|of)(?: [^\\s.,;:]+){0,6},",
  "(?:says?|tells?|told|shows?|asks?)(?: [^\\s.,;:]+){1,3}",
].join("|");

/** A clause that ends in one of these names a place too: "the address where the window lies". */
const PLACE_VERBS = [
  "is|are|was|were|lies?|lay|begins?|began|starts?|started|ends?|ended|stops?|stopped|stands?|stood|sits?|lands?|landed",
  "goes|go|went|comes? from|came from|belongs?|points?|lives?|says?|should be|may be|is mapped|was mapped|is told",
].join("|");

/**
 * What to avoid. `words` is a regular expression in which a space stands for any white space, also from one line of a comment to the
 * next. `bad` breaks the rule, and `good` breaks none: test/package/english.test.ts tries both.
 */
export const rules = [
  {
    words: [
      "(?:even|also|only|except|but|unless|or|else|once|undefined|NaN|null|false|nothing|none|empty|traps|throws|rejects|fails?)",
      " where(?! (?:to|from|in)\\b)",
    ].join(""),
    advice: 'a condition is "if" or "when": "only if"',
    bad: "The call fails only where the mode forbids it.",
    good: "The call fails only if the mode forbids it.",
  },
  {
    words: [
      `(?<!\\b(?:${BEFORE_A_PLACE}):? |\\b(?:${FURTHER_BEFORE}) )where`,
      "(?= [\\w'\0])(?! (?:to|from|in|and|or|else)\\b)(?! (?:it|they) (?:lies?|begins?|ends?|starts?|stands?)\\b)",
      `(?! (?!there )\\S+(?: [^\\s.,;:]+){0,4} (?:lies? (?:in|at)\\b|(?:${PLACE_VERBS})\\s*(?:[.,;:()|]|$)))`,
    ].join(""),
    advice: 'a condition is "if" or "when"; keep "where" for a place',
    bad: "It is as large as it can be, where there is no limit.",
    good: "Errors say where it ends. It is the address where the window begins; in page 0, where no peer can write.",
  },
  {
    words: "(?<!\\bthere )\\b(?:is|are|was|were|be) no(?! (?:longer|more|less|fewer|one|later|matter)\\b)(?= )",
    advice: 'write "is not a", "are not"',
    bad: "A file is no segment.",
    good: "A file is not a segment. There is no copy, and it has no key.",
  },
  {
    words: "who(?:so)?ever",
    advice: 'name the one who does it: "the caller", "a process that"',
    bad: "Whoever holds the lock may write.",
    good: "The process that holds the lock may write.",
  },
  {
    words: "whatever (?:it|that|this|there|they|he|she) (?:is|are|was|were|may|does|has)",
    advice: 'write "any", "whichever", or leave it out',
    bad: "The value, whatever it is, is kept.",
    good: "Any value is kept.",
  },
  {
    words: "ours|theirs",
    advice: 'name the thing: "our handler", "its own"',
    bad: "A handler in front of ours is skipped.",
    good: "A handler in front of our handler is skipped.",
  },
  {
    words: "anew",
    advice: 'write "again", or "a new"',
    bad: "Views are made anew.",
    good: "Views are made again.",
  },
  {
    words: "(?:go|goes|went|gone|going) on",
    advice: 'write "continues", "resumes"',
    bad: "The reader goes on at the next frame.",
    good: "The reader continues at the next frame, and so on.",
  },
  {
    words: "nobody['’]s|somebody(?:['’]s)?",
    advice: 'write "no process has", "another process", "someone"',
    bad: "The segment is nobody's by then.",
    good: "No process has the segment by then.",
  },
  {
    words: "none (?:is|was|are|were|be) where",
    advice: 'write "there is none if"',
    bad: "None is where no key was given.",
    good: "There is none if no key was given.",
  },
  {
    words: "be (?:it|they|he|she)(?= )",
    advice: 'write "even if it is"',
    bad: "The last block, be it whole, is not scrambled.",
    good: "The last block is not scrambled, even if it is whole.",
  },
  {
    words: "(?:for|of|to) those who",
    advice: 'name them: "for callers that"',
    bad: "This is for those who wait.",
    good: "This is for processes that wait.",
  },
  {
    words: "be had",
    advice: 'write "is not available", "is not supported"',
    bad: "SIMD cannot be had there.",
    good: "SIMD is not supported there.",
  },
  {
    words: "such (?:a one|an one|ones)|thereof|hence|thereby|therein|whereby|lest|upon|whilst|ere",
    advice: 'write "so", "one", "its", "on", "while", or another everyday word',
    bad: "It holds a spin lock, hence no signal comes.",
    good: "It holds a spin lock, so no signal comes. The henceforth list is not a match.",
  },
  {
    words: "divert(?:s|ed|ing)?",
    advice: 'write "private page", "copied page"',
    bad: "Pages diverted since the attach.",
    good: "Private pages since the attach.",
  },
  {
    words: "violations?",
    advice: 'write "private pages": the property went in 0.2.0',
    bad: "It counts violations.",
    good: "It counts private pages.",
  },
  {
    words: "native hosts?",
    advice: 'write "the sysv host"',
    bad: "Only the native host has it.",
    good: "Only the sysv host has it.",
  },
  {
    words: "memory hosts?",
    advice: 'write "the local host"',
    bad: "The memory host has no ids of others.",
    good: "The local host has no ids of others.",
  },
  {
    words: "(?:public|portable|its|a|the|two|both|Node's|other) faces?",
    advice: 'write "entry point"',
    bad: "Both public faces export it.",
    good: "Both public entry points export it.",
  },
  {
    words: "hand-?overs?",
    advice: 'write "messaging", "transfer"',
    bad: "A hand-over takes two signals.",
    good: "A transfer takes two signals; hand it over.",
  },
  {
    words: "scribbl\\w+",
    advice: 'write "concurrent writer", "overwrites"',
    bad: "A peer that scribbles finds no record.",
    good: "A concurrent writer finds no record.",
  },
].map((rule) => ({
  ...rule,
  pattern: new RegExp(`(?<![\\w.-])(?:${rule.words.replaceAll(" ", "\\s+")})(?![\\w-])`, "gi"),
}));

/** Stands for text that is not prose: no rule matches across it. */
const CODE = "\0";
const code = (text) => text.replaceAll(/\S/g, CODE);
const space = (text) => text.replaceAll(/\S/g, " ");

/** A comment's words. Its marks become spaces, so that a sentence continues on the next line; `spans` and @tags are code. */
const wordsOfComment = (comment) =>
  comment
    .replaceAll(/^[ \t]*(?:\/\/+|\/\*+|\*+\/?|#+|;;+|\(;|""")|\*+\/$|;\)$|"""$/gm, space)
    .replaceAll(/`[^`\n]*`|\{@\w+[^}\n]*\}|@param \w+ where\b|@\w+/g, code)
    .replace(comment.startsWith("/*") ? /^\s*Where\b/ : "", space); // what it is of: "Where the window begins."

/** A string's words, if it has several: a single one is a name. */
const wordsOfString = (string) =>
  /[a-z,.;:] [a-z]/i.test(string)
    ? string.replaceAll(/^["'`}]|["'`]$|\$\{$/g, (mark) => "|".repeat(mark.length)).replaceAll(/\\[nt]/g, "  ")
    : code(string);

/** JavaScript and TypeScript. */
function proseOfScript(text) {
  let prose = "";
  for (const { type, value } of jsTokens(text)) {
    if (type.endsWith("Comment")) prose += wordsOfComment(value);
    else if (type === "StringLiteral" || type.includes("Template")) prose += wordsOfString(value);
    else prose += code(value);
  }
  return prose;
}

/** A language whose comments and strings are found by a regular expression. */
function proseBy(comment) {
  const pattern = new RegExp(`(${comment})|"(?:\\\\.|[^"\\\\\\n])*"|'(?:\\\\.|[^'\\\\\\n])*'|.`, "gs");
  const words = (found, commented) =>
    commented !== undefined ? wordsOfComment(found) : found.length > 1 ? wordsOfString(found) : code(found);
  return (text) => text.replaceAll(pattern, words);
}

const proseOfC = proseBy("//[^\\n]*|/\\*.*?\\*/");
const proseOfPython = proseBy('""".*?"""|#[^\\n]*');
const proseOfWat = proseBy(";;[^\\n]*|\\(;.*?;\\)");

/** Without blocks of code, `spans`, <placeholders> and the targets of links. The marks of a line's start become spaces. */
const proseOfMarkdown = (text) =>
  text
    .replaceAll(/^ *```.*?^ *```$|`[^`\n]+`|(?<=\])\([^)\s]+\)|<[^>\n]+>|^#+ Where\b/gms, code)
    .replaceAll(/^[>#*\s-]+/gm, space);

const readers = {
  ...{ ts: proseOfScript, js: proseOfScript, cc: proseOfC, c: proseOfC, h: proseOfC },
  ...{ py: proseOfPython, gyp: proseOfPython, wat: proseOfWat, md: proseOfMarkdown },
};

/** What breaks a rule in a file's text: where that begins (an index), the words, and the rule's advice. */
export function findingsIn(file, text) {
  const prose = readers[file.slice(file.lastIndexOf(".") + 1)]?.(text) ?? "";
  const findings = rules.flatMap(({ pattern, advice }) =>
    [...prose.matchAll(pattern)].map(({ 0: words, index }) => ({ index, end: index + words.length, words, advice })),
  );
  findings.sort((left, right) => left.index - right.index);
  return findings
    .filter(({ end }, at) => end !== findings[at - 1]?.end) // two rules found one word
    .map(({ index, words, advice }) => ({ index, words: words.replaceAll(/\s+/g, " "), advice }));
}

const self = fileURLToPath(import.meta.url);

/** They hold examples of what is not plain English. */
const exempt = [self, resolve(self, "../../test/package/english.test.ts")];

function main(paths) {
  const listed = execFileSync("git", ["ls-files", "-z", "--", ...paths], { encoding: "utf8" });
  let count = 0;
  for (const file of listed.split("\0").filter((name) => !exempt.includes(resolve(name)) && existsSync(name))) {
    const text = readFileSync(file, "utf8");
    for (const { index, words, advice } of findingsIn(file, text)) {
      const lines = text.slice(0, index).split("\n");
      console.log(`${file}:${lines.length}:${lines.at(-1).length + 1}: "${words}": ${advice}`);
      count++;
    }
  }
  if (count === 0) return;
  console.log(
    `${count} ${count === 1 ? "place is" : "places are"} not plain English (docs/architecture.md, "How we write")`,
  );
  process.exitCode = 1;
}

if (resolve(process.argv[1] ?? "") === self) main(process.argv.slice(2));
