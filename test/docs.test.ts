// Every snippet of the README and docs/: a js block runs, and prints the text block that follows it.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { root, run } from "./child.js";
import { nativePairs } from "./pairs.js";
import { suite } from "./suite.js";

const scratch = `${root}build/snippets/`; // inside the package, so that a snippet's own `import "wasm-shm"` finds it
const pages = ["README.md", ...readdirSync(`${root}docs`).map((file) => `docs/${file}`)].filter((file) =>
  file.endsWith(".md"),
);
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { scripts: Record<string, string> };
const lifecycle = ["ci", "test", "start", "rebuild"];

for (const page of pages) {
  const docs = suite(page);
  const text = readFileSync(root + page, "utf8");
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, body]) => ({
    language,
    body: body as string,
  }));

  blocks.forEach(({ language, body }, index) => {
    if (language !== "js") return;
    const next = blocks[index + 1];
    const title = `snippet ${index + 1} runs${next?.language === "text" ? ", and prints what stands below it" : ""}`;
    if (nativePairs.length === 0) {
      docs.skip(title, "it shows the native host");
      return;
    }
    docs(title, () => {
      mkdirSync(scratch, { recursive: true });
      const file = `${scratch}${page.replaceAll(/\W/g, "-")}-${index}.mjs`;
      writeFileSync(file, body);
      try {
        const ended = run(process.execPath, [file]);
        assert.is(ended.code, 0, ended.stderr);
        assert.is(ended.stderr, "");
        if (next?.language === "text") assert.is(ended.stdout, next.body);
      } finally {
        rmSync(file);
      }
    });
  });

  docs("names only npm commands that there are", () => {
    for (const [, word, script] of text.matchAll(/\bnpm (\w+)(?: ([\w:]+))?/g))
      if (word === "run") assert.ok(scripts[script as string], `npm run ${script}`);
      else assert.ok(lifecycle.includes(word as string), `npm ${word}`);
  });

  docs("links only to files that there are", () => {
    for (const [, target] of text.matchAll(/\]\(([^)#]+)\)/g)) {
      if (/^https?:/.test(target as string)) continue;
      readFileSync(new URL(target as string, `file://${root}${page}`));
    }
  });
  docs.run();
}
