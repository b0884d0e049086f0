// tools/english.js: each rule finds what it is for and nothing else, in the prose of every language, at the place it says.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { type Ended, root, run } from "../support/child.js";

interface Rule {
  readonly advice: string;
  readonly bad: string;
  readonly good: string;
}
interface English {
  readonly rules: readonly Rule[];
  findingsIn(file: string, text: string): { index: number; words: string; advice: string }[];
}

const script = `${root}tools/english.js`;
const { rules, findingsIn } = (await import(script)) as English;
const wordsIn = (file: string, text: string): string[] => findingsIn(file, text).map(({ words }) => words);

const each = suite("A rule of plain English");
for (const { advice, bad, good } of rules)
  each(`finds "${bad}"`, () => {
    const adviceFor = (sentence: string) => findingsIn("page.md", sentence).map((finding) => finding.advice);
    assert.ok(adviceFor(bad).includes(advice), adviceFor(bad).join());
    assert.equal(wordsIn("page.md", good), [], good);
  });

each('leaves "where" as a place alone', () => {
  for (const sentence of [
    "It stays where it was.",
    "It leaves the position where it was, and returns where in the window they begin.",
    "A folder where it is installed.",
    "docs/memory-map.md: where a segment lies, in a memory and in a process",
    "Start it on another machine, where no segment has the id.",
    "npm tells its children where the headers are kept.",
    "## Where the windows lie",
    "The median, and where it lies with 95 % confidence.",
  ])
    assert.equal(wordsIn("page.md", sentence), [], sentence);
});

each('finds "where" as a condition', () => {
  for (const sentence of [
    "Where nobody else takes part, a queue is simpler.",
    "Traps where they are not inside the window.",
    "It is undefined where there is none, or 0 where `fatal` is `true`.",
    "False where the file ends first.",
    "It is called where a signal had it taken back.",
  ])
    assert.ok(wordsIn("page.md", sentence).length > 0, sentence);
});
each.run();

const languages = suite("Prose in a file");

languages("is its comments, its messages and its pages, and not its code", () => {
  for (const [file, text, expected] of [
    ["a.ts", "const anew = ours; // anew\n/** ours */ let theirs = /anew/;", ["anew", "ours"]],
    ["a.ts", 'throw new Error("closed: open it anew"); const anew = import("anew");', ["anew"]],
    ["a.ts", `const text = \`views \${anew(\`made anew\`)} are ours\`;`, ["anew", "ours"]],
    ["a.js", "// `anew` is code, {@link ours} and @theirs too", []],
    ["a.ts", "/** Where it lies: a description.\n * @param output where the pixels go, row by row */", []],
    ["a.cc", '#include "anew"\n// anew\nint ours; /* ours */ Throw("made anew");', ["anew", "ours", "anew"]],
    ["a.h", "char quote = '\"'; // anew", ["anew"]],
    ["a.py", '"""Made anew."""\nanew = ours  # ours\nprint("it is theirs")', ["anew", "ours", "theirs"]],
    ["a.wat", '(; anew ;) (func $ours) ;; ours\n(export "made anew")', ["anew", "ours", "anew"]],
    ["a.md", "anew `ours`\n```sh\nanew\n```\n[ours](anew) <theirs>", ["anew", "ours"]],
    ["a.png", "anew", []],
  ] as const)
    assert.equal(wordsIn(file, text), expected, text);
});

languages("is read across the lines of a comment, and not across code", () => {
  assert.equal(wordsIn("a.ts", "/**\n * It goes\n * on.\n */"), ["goes on"]);
  assert.equal(wordsIn("a.ts", "// it goes\n  // on"), ["goes on"]);
  assert.equal(wordsIn("a.ts", "call(); // it goes\ncall(); // on"), []);
  assert.equal(wordsIn("a.md", "It goes\non."), ["goes on"]);
});
languages.run();

const command = suite("tools/english.js");

/** Runs it in a repository of its own that tracks one file, beside one that is not tracked. */
function checked(text: string): Ended {
  const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
  try {
    writeFileSync(join(folder, "tracked.ts"), text);
    writeFileSync(join(folder, "other.ts"), "// anew\n");
    execFileSync("git", ["init", "-q"], { cwd: folder });
    execFileSync("git", ["add", "tracked.ts"], { cwd: folder });
    return run(process.execPath, [script], { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

command("prints file, line, column, the words and the advice, and fails", () => {
  const ended = checked("const a = 1;\nconst b = 2; // made anew\n");
  assert.is(ended.code, 1);
  assert.match(ended.stdout, /^tracked\.ts:2:22: "anew": write "again".*\n1 place is not plain English .*\n$/);
});

command("succeeds and prints nothing if all is plain", () => {
  const ended = checked("// Made again.\n");
  assert.equal([ended.code, ended.stdout, ended.stderr], [0, "", ""]);
});
command.run();
