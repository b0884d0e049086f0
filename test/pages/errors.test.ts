// docs/errors.md against the sources: both have the same codes, and the blocks of docs/messages.md print a message of each
// (docs.test.ts runs them).
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { errnoNumbers } from "#src/common/errors.js";
import { suite } from "../suite.js";
import { root } from "../support/child.js";
import { blocksOf, textOf } from "../support/pages.js";

const page = textOf("docs/errors.md");
const source = readFileSync(`${root}src/common/errors.ts`, "utf8");

/** Every code of this package's errors; only src/common/errors.ts makes them. */
const codes = [...Object.keys(errnoNumbers), ...new Set(source.match(/(?<=")ERR_[A-Z_]+(?=")/g))].sort();

/** The codes in the first cells of the page's tables. */
const named = [...page.matchAll(/^\|([^|]*)\|/gm)]
  .flatMap(([, cell]) => [...(cell as string).matchAll(/`(E[A-Z_]+)`/g)])
  .map(([, code]) => code as string)
  .sort();

const printed = blocksOf(page + textOf("docs/messages.md"))
  .filter(({ language }) => language === "text")
  .map(({ body }) => body)
  .join("");

const errors = suite("docs/errors.md");
errors("names every code that there is, once, and no other", () => {
  assert.ok(codes.length > 30, "the codes were read");
  assert.equal(named, codes);
});

errors("has a page that shows each with a message", () => {
  const missing = codes.filter((code) => !new RegExp(`^(?:\\w+Error )?${code}(?:: .+|\\n {2}.+)$`, "m").test(printed));
  assert.equal(missing, []);
});
errors.run();
