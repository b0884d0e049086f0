// Random calls at the addon's exports: some seconds in `npm test`, half an hour in `npm run test:long`; npm run
// test:fuzz:addon runs for as long as asked. WASM_SHM_SEED=n repeats a run.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { run } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { programPath } from "../support/program.js";
import { seedAfter, seedOfClock } from "../support/timed.js";
import { fuzzAddon } from "./fuzz.js";

const SECONDS = campaign(3, 10);
const CHILDREN = campaign(3, 180); // three seeds that follow each other have one with a second thread
const seed = Number(process.env["WASM_SHM_SEED"] ?? seedOfClock());

const fuzz = suite("Random calls at the addon");
if (nativePairs.length === 0) fuzz.skip("never crash", "there is no addon on this platform");
else {
  for (let n = 0; n < CHILDREN; n++)
    fuzz(`for ${SECONDS} s from seed ${seedAfter(seed, n)} never crash, and work`, async () => {
      const { calls, mapped } = await fuzzAddon(SECONDS, seedAfter(seed, n));
      assert.ok(calls > 50 && mapped > 0, `${calls} calls, ${mapped} mapped`);
    });

  fuzz("run for a number of minutes, by npm run test:fuzz:addon", () => {
    const ended = run(process.execPath, [programPath("fuzz/command"), "--minutes", "0.02", "--seed", "7"]);
    assert.is(ended.code, 0, ended.stderr);
    assert.match(
      ended.stdout,
      /^from seed 7, for 0.02 minutes\n\d+ calls in 1 processes, \d+ of which mapped a window: none crashed, from seed 7$/m,
    );
  });
}
fuzz.run();
