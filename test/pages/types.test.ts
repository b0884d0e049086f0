// Every js block of the pages is TypeScript, too: it compiles with `strict`, against the package's types.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { blocksOf, pages, textOf } from "../support/pages.js";

/** Pages whose blocks need a type that JavaScript cannot say, or one that a dependency lacks: the only errors allowed there. */
const untyped: Readonly<Record<string, readonly [why: string, ...codes: string[]]>> = {
  "docs/x11.md": ["the package x11 has no types", "TS7016", "TS7006", "TS2304", "TS2349"],
  "docs/channels.md": ["a message may be missing: the channel has ended", "TS18048", "TS2532"],
  "docs/memory-map.md": ["what a module exports is known at run time only", "TS2349"],
  "docs/interop.md": ["a message may be missing: the channel has ended", "TS2339"],
};

const compiler = `${root}node_modules/typescript/bin/tsc`;
const types = suite("Blocks of the pages as TypeScript");

types("compile, strict, unless no type can be said", () => {
  const folder = `${root}build/snippets/types-${process.pid}`; // inside the package: its imports find it
  mkdirSync(folder, { recursive: true });
  try {
    const places = new Map<string, { page: string; line: number }>();
    for (const page of pages.filter((each) => !each.startsWith("test/")))
      for (const { language, body, line } of blocksOf(textOf(page))) {
        if (language !== "js" && language !== "javascript") continue;
        const file = `${page.replaceAll(/\W/g, "-")}-${line}.mts`;
        places.set(file, { page, line });
        writeFileSync(`${folder}/${file}`, `${body}\nexport {};\n`);
      }
    assert.ok(places.size > 60);
    const options = ["--ignoreConfig", "--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"];
    const libraries = ["--types", "node", "--lib", "es2023,esnext.disposable,dom,dom.iterable,dom.asynciterable"];
    const ended = run(process.execPath, [compiler, ...options, ...libraries, "--skipLibCheck", ...places.keys()], {
      cwd: folder,
    });
    const errors = [...ended.stdout.matchAll(/^([\w-]+\.mts)\((\d+),\d+\): error (TS\d+): (.*)$/gm)].map(
      ([, file, line, code, words]) => {
        const { page, line: first } = places.get(file as string) as { page: string; line: number };
        return { page, code: code as string, text: `${page}:${first + Number(line)} ${code} ${words}` };
      },
    );
    const allowed = errors.filter(({ page, code }) => untyped[page]?.slice(1).includes(code));
    assert.equal(
      errors.filter((error) => !allowed.includes(error)).map(({ text }) => text),
      [],
    );
    for (const page of Object.keys(untyped))
      assert.ok(
        allowed.some((error) => error.page === page),
        `${page} has none`,
      );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
types.run();
