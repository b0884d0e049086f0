// docs/engines.md and the README say what ran.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { testFiles } from "../runner/files.js";
import { suite } from "../suite.js";
import { root } from "../support/child.js";
import { ENGINE_ROOMS, OTHER_ROOMS } from "./files.js";
import { pagesOf } from "./page.js";

const page = suite("The engines' tables");

page("are made from the results: npm run build:engines", () => {
  for (const [file, text] of pagesOf()) assert.is(readFileSync(file, "utf8"), text, file);
});

page("show no run that failed", () => {
  assert.not.match(readFileSync(`${root}test/engines/results.json`, "utf8"), /"failed": [1-9]/);
});

page("each room of tests runs on other engines, or has a reason why not", () => {
  const rooms = new Set(testFiles().map((file) => file.split("/")[0] as string));
  const named = [...ENGINE_ROOMS.map((room) => room.slice(0, -1)), ...Object.keys(OTHER_ROOMS)];
  assert.equal([...rooms].sort(), named.sort());
});
page.run();
