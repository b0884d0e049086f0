// Every page does what it says. Its code blocks are run by language:
//   js       runs as a module, and prints the next text block, if that is under the same heading
//   sh       runs in bash -euo pipefail, in a new folder with wasm-shm and shm on the PATH, and prints in the same way
//   console  is a session: each line after "$ " is a command, run as sh is; the other lines are what they print
//   text     is output, or a drawing
// patternOf (pages.ts) defines the marks for what varies. Blocks in other languages, and commands that would run the tests
// again, are run by the tests that the tables below name.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import * as assert from "uvu/assert";
import { cli, environment, main, NO_NAMESPACE, ownNamespace } from "../cli/shell.js";
import { suite } from "../suite.js";
import { type Ended, root, run } from "../support/child.js";
import { anchorsOf, type Block, blocksOf, linksOf, pages, patternOf, textOf } from "../support/pages.js";
import { nativePairs } from "../support/pairs.js";

/** Which test runs the blocks of a language, by page. The test must name the page. */
const runElsewhere: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "docs/interop.md": Object.fromEntries(
    ["javascript", "c", "perl", "python", "php", "bash"].map((language) => [language, "test/pages/interop.test.ts"]),
  ),
  "docs/bundling.md": Object.fromEntries(
    ["javascript", "json", "bash"].map((language) => [language, "test/package/bundling.test.ts"]),
  ),
  "docs/coordination.md": { python: "test/sync/peers.test.ts" },
  "docs/x11.md": { javascript: "test/pages/x11.test.ts" },
};

/** Blocks of sh that are not run here, and the files that do the same, with a text that shows it. */
const commandsElsewhere: Readonly<Record<string, readonly (readonly [file: string, words: string])[]>> = {
  "npm ci && npm start\n": [
    [".ci/run", "npm ci "],
    ["test/examples/start.test.ts", "build/examples/start/main.js"],
  ],
  "npm ci && npm test\n": [
    [".ci/run", "npm ci "],
    [".ci/run", "\nnpm test"],
  ],
  "npx wasm-shm build\n": [["test/package/fallback.test.ts", '"dist/cli/main.cjs", "build"']],
  "npm run build:guests\n": [["test/sandbox/guests.test.ts", "tools/guests.js"]],
  "npm run build && node build/examples/x11/main.js --xvfb\n": [
    [".ci/run", "\nnpm test"], // which builds
    ["test/examples/x11.test.ts", "build/examples/x11/main.js"],
  ],
  "wasm-shm watch 3 --as f64 --interval 100\nwasm-shm watch 3 --plain --size 64 | head -n 5\n": [
    ["test/cli/watch.test.ts", 'suite("wasm-shm watch")'],
    ["test/cli/fold.test.ts", 'suite("wasm-shm watch --plain")'],
  ],
  "wasm-shm peers key:0x51 --follow\n": [["test/cli/coordination.test.ts", '["peers"']],
  "wasm-shm channel key:0x51 --follow --tail 10\n": [["test/cli/coordination.test.ts", '["channel"']],
  "source <(wasm-shm completion bash)\nwasm-shm completion fish | source\n": [
    ["test/cli/completion.test.ts", "source <(wasm-shm completion bash)"],
    ["test/cli/completion.test.ts", "wasm-shm completion fish | source"],
  ],
};

/** What exists before a page's commands start: the manual's examples name segments of other programs. */
const preparations: Readonly<Record<string, string>> = {
  "docs/cli.md": `head -c 5000 "$0" > file
cp file photo.raw
for number in 0 1 2 3; do wasm-shm open --size 1M < file; done
wasm-shm open --size 64K --key 0x51 < file`,
};

const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
const lifecycle = ["ci", "install", "test", "start", "rebuild", "approve-scripts"];

/** Snippets run inside the package's folder, so that their `import "wasm-shm"` finds it. */
function runSnippet(body: string): Ended {
  mkdirSync(`${root}build/snippets`, { recursive: true });
  const folder = mkdtempSync(`${root}build/snippets/`);
  try {
    writeFileSync(join(folder, "snippet.mjs"), body);
    return run(process.execPath, [join(folder, "snippet.mjs")], { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Runs in a new IPC namespace, so that `ls` shows only what the page made, and nothing is left behind. The folder contains
 * the clone's `build`, and nothing else.
 */
function runShell(commands: string, preparation = ""): Ended {
  const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
  try {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    symlinkSync(`${root}build`, join(folder, "build"));
    for (const name of ["wasm-shm", "shm"]) {
      writeFileSync(join(bin, name), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
      chmodSync(join(bin, name), 0o755);
    }
    const script = `{ ${preparation || ":"}\n} > preparation 2>&1\nexec 2>&1\n${commands}`;
    const [command = "", ...args] = [...(ownNamespace ?? []), "bash", "-euo", "pipefail", "-c", script, main];
    const env = { ...environment, PATH: `${bin}:${process.env["PATH"]}` };
    return run(command, args, { cwd: folder, env, input: "" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A session's commands, each of which prints itself before it runs, so that the output equals the block. */
function commandsOf(session: string): string {
  return session
    .split("\n")
    .filter((line) => line.startsWith("$ "))
    .map((line) => `printf '%s\\n' '${line.replaceAll("'", "'\\''")}'\n${line.slice(2)}\n`)
    .join("");
}

function assertPrinted(printed: string, shown: string): void {
  if (!patternOf(shown).test(printed)) assert.is(printed, shown);
}

/** Runs a block, and compares its output with the text block after it, or with the session. */
function check(page: string, { language, body, section }: Block, next: Block | undefined): void {
  const shown = next?.language === "text" && next.section === section ? next.body : undefined;
  if (language === "js") {
    const ended = runSnippet(body);
    assert.equal([ended.code, ended.stderr], [0, ""]);
    if (shown !== undefined) assertPrinted(ended.stdout, shown);
    return;
  }
  const isSession = language === "console";
  const ended = runShell(isSession ? commandsOf(body) : body, preparations[page]);
  assert.is(ended.code, 0, ended.stdout);
  if (isSession) assertPrinted(ended.stdout, body);
  else if (shown !== undefined) assertPrinted(ended.stdout, shown);
}

for (const page of pages) {
  const docs = suite(page);
  const text = textOf(page);
  const blocks = blocksOf(text);

  blocks.forEach((block, index) => {
    const { language, body, line } = block;
    const title = `line ${line}: the ${language || "unnamed"} block`;
    const elsewhere = runElsewhere[page]?.[language];
    if (language === "text") return;
    if (elsewhere !== undefined)
      docs(`${title} is run by ${elsewhere}`, () => assert.ok(textOf(elsewhere).includes(page)));
    else if (!["js", "sh", "console"].includes(language))
      docs(`${title} is run by a test`, () =>
        assert.unreachable(`no test runs ${language || "a block without a word"}`),
      );
    else if (language === "sh" && body in commandsElsewhere)
      docs(`${title} is what other files do`, () => {
        for (const [file, words] of commandsElsewhere[body] ?? []) assert.ok(textOf(file).includes(words), file);
      });
    else if (nativePairs.length === 0) docs.skip(title, "it shows the sysv host");
    else if (language !== "js" && !ownNamespace) docs.skip(title, NO_NAMESPACE);
    else docs(`${title} runs, and prints what the page says`, () => check(page, block, blocks[index + 1]));
  });

  docs("names only npm commands that exist", () => {
    for (const [, word, script] of text.matchAll(/\bnpm ([\w-]+)(?: ([\w:]+))?/g))
      if (word === "run") assert.ok(scripts[script as string], `npm run ${script}`);
      else assert.ok(lifecycle.includes(word as string), `npm ${word}`);
  });

  docs("names only commands of wasm-shm that exist", () => {
    const known = cli(["--help"]).stdout;
    for (const [command, word] of text.matchAll(/(?:`|\$ )(?:wasm-)?shm ([a-z]+)\b/g))
      assert.match(known, new RegExp(`^  ${word} `, "m"), command);
  });

  docs("names only examples that exist, each with a test", () => {
    for (const [, name] of text.matchAll(/\bbuild\/examples\/(\w+)\/main\.js/g)) {
      assert.ok(existsSync(`${root}examples/${name}/main.ts`), name);
      const tests = readdirSync(`${root}test/examples`).map((test) => textOf(`test/examples/${test}`));
      assert.ok(
        existsSync(`${root}test/examples/${name}.test.ts`) || tests.some((test) => test.includes(`("${name}"`)),
        name,
      );
    }
  });

  docs("links only to files and headings that exist", () => {
    for (const link of linksOf(text)) {
      if (/^https?:/.test(link)) continue;
      const [path, anchor] = link.split("#") as [string, string | undefined];
      const target = path === "" ? page : relative(root, resolve(root, dirname(page), path));
      assert.ok(existsSync(root + target), link);
      if (anchor !== undefined) assert.ok(anchorsOf(textOf(target)).has(anchor), link);
    }
  });
  docs.run();
}

const tables = suite("What other tests run");
tables("is named for pages and commands that there are", () => {
  const everything = pages.flatMap((page) => blocksOf(textOf(page)).map((block) => ({ ...block, page })));
  for (const body of Object.keys(commandsElsewhere))
    assert.ok(
      everything.some((block) => block.body === body),
      body,
    );
  for (const [page, languages] of Object.entries(runElsewhere))
    for (const language of Object.keys(languages))
      assert.ok(
        everything.some((block) => block.page === page && block.language === language),
        `${page} ${language}`,
      );
});
tables.run();

const marks = suite("Marks of what varies");
marks("stand for what they say, and for nothing more", () => {
  for (const [shown, printed, same] of [
    ["a.b\n", "a.b\n", true],
    ["a.b\n", "acb\n", false],
    ["id <id>, again <id>\n", "id 7, again 7\n", true],
    ["id <id>, again <id>\n", "id 7, again 8\n", false],
    ["id <id>\n", "id 7 8\n", false],
    ["took … ms\n", "took 3.5 ms\n", true],
    ["took … ms\n", "took 3.5 s\n", false],
    ["a\n…\nz\n", "a\nb\nc\nz\n", true],
    ["a\n…\nz\n", "a\nz\n", true],
    ["a\n…\nz\n", "a\nb\n", false],
    ["pid   <pid>  x\n", "pid 12345 x\n", true],
    ["KEY     ID\n0x51  <id>\n", "KEY   ID\n0x51   7\n", true],
    ["one  two\n", "one two\n", false],
  ] as const)
    assert.is(patternOf(shown).test(printed), same, `${shown} of ${printed}`);
});
marks("of a session: its commands show themselves", () => {
  const ended = runShell(commandsOf("$ echo \"it's\"\nit's\n$ x=1\n$ echo $x\n1\n"));
  assert.is(ended.stdout, "$ echo \"it's\"\nit's\n$ x=1\n$ echo $x\n1\n");
});
marks.run();
