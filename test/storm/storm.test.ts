// A storm: five threads that do everything at once and are terminated, beside a peer that rewrites the bytes. Four seconds in
// `npm test`, ten minutes in `npm run test:long`; npm run test:storm runs for as long as asked. WASM_SHM_SEED=n repeats one.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { run } from "../support/child.js";
import { isBun } from "../support/engine.js";
import { nativePairs } from "../support/pairs.js";
import { programPath } from "../support/program.js";
import { seedAfter, seedOfClock } from "../support/timed.js";
import { runStorm } from "./storm.js";

const SECONDS = campaign(4, 30);
const STORMS = campaign(1, 20);
const seed = Number(process.env["WASM_SHM_SEED"] ?? seedOfClock());

const storm = suite("A storm");
if (nativePairs.length === 0) storm.skip("ends well", "there is no sysv host on this platform");
else {
  for (let n = 0; n < STORMS; n++)
    storm(`of ${SECONDS} s from seed ${seedAfter(seed, n)} ends well`, async () => {
      const { terminations, left } = await runStorm(SECONDS, seedAfter(seed, n));
      assert.ok(terminations > 0, "no thread was terminated");
      if (!isBun) assert.equal(left, [0, 0, 0, 0], "attachments are left");
    });
  if (isBun) storm.skip("leaves no attachment", "Bun keeps attachments that were dropped");

  storm("runs for a number of minutes, by npm run test:storm", () => {
    const ended = run(process.execPath, [programPath("storm/command"), "--minutes", "0.02", "--seed", "7"]);
    assert.is(ended.code, 0, ended.stderr);
    assert.match(ended.stdout, /^from seed 7, for 0.02 minutes\n1 storms passed on Node \d+\.\d+\.\d+: \d+ actions, /);
  });
}
storm.run();
