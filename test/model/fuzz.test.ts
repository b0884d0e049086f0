// Random commands, every core against the model: 10,000, or 100,000 with WASM_SHM_LONG=1. WASM_SHM_SEED=n repeats a run;
// npm run test:fuzz runs for as long as asked.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { root, run } from "../support/child.js";
import { cursorOperations, rangeOperations } from "../support/operations.js";
import { type Counts, runBatch } from "./property.js";

const script = `${root}build/test/model/fuzz.js`;
const COMMANDS = campaign(10_000, 100_000);
const seed = Number(process.env["WASM_SHM_SEED"] ?? Date.now() % 2 ** 31);

const fuzz = suite("Random commands");

fuzz(`agree on every core and with the model: ${COMMANDS} of them from seed ${seed}`, () => {
  const counts: Counts = new Map();
  let ran = 0;
  for (let batch = 0; ran < COMMANDS; batch++) ran += runBatch(seed + batch, counts);
  console.log(`${ran} commands of ${counts.size} kinds ran, from seed ${seed}`);
  for (const [name, count] of counts) assert.ok(count >= COMMANDS / 1000, `${name} ran ${count} times`);
  const names = [...counts.keys()];
  const methods = [...cursorOperations, ...rangeOperations];
  const isScalar = (method: string): boolean =>
    /^(read|write)(Big)?(Ui|I)nt\d+$|^(read|write)Float(32|64)$/.test(method);
  for (const method of methods.filter((name) => !isScalar(name) && name !== "position" && name !== "checksum"))
    assert.ok(
      names.some((name) => name.split(",")[0] === method),
      `no command runs ${method}`,
    );
  for (const name of ["read scalar", "write scalar", "crc32", "crc32c", "adler32", "xxh64", "xxh3"])
    assert.ok(counts.has(name), name);
});

fuzz("run for a number of minutes, by npm run test:fuzz", () => {
  const ended = run(process.execPath, [script, "--minutes", "0.01", "--seed", "7"]);
  assert.is(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /^from seed 7, for 0.01 minutes$/m);
  assert.match(ended.stdout, /^\d+ commands of \d+ kinds agree, from seed 7$/m);
});

fuzz("are refused by it if an argument is invalid, with its usage", () => {
  for (const wrong of [["--minutes", "0"], ["--seed", "-1"], ["--seed", ""], ["--bogus"]]) {
    const ended = run(process.execPath, [script, ...wrong]);
    assert.is(ended.code, 2, `${wrong}: ${ended.stdout}`);
    assert.match(ended.stderr, /Usage: npm run test:fuzz/);
  }
  assert.match(run(process.execPath, [script, "--help"]).stdout, /Usage: npm run test:fuzz/);
});
fuzz.run();
