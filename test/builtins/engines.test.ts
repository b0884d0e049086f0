// The same built-ins on the engines of test/engines, for a short time each: a crash that is not known ends the test, and no
// call of this package crashes. npm run test:builtins -- --engine PATH takes longer.
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { calls } from "./calls.js";
import { engineOf } from "./engines.js";
import { knownCrash } from "./known.js";
import { race } from "./race.js";
import { isCrash } from "./results.js";

/** All calls take some 4 seconds then. */
const MILLISECONDS = 20;

const installed = join(root, "test/engines/node_modules");
const programs: Record<string, string> = {
  ...Object.fromEntries(["node22", "node24", "node26"].map((name) => [name, `${name}/bin/node`])),
  bun: "bun/bin/bun",
  deno: "deno/deno",
};

const engines = suite("Built-ins on bytes that a peer rewrites, on other engines");
for (const [name, file] of Object.entries(programs)) {
  const path = join(installed, file);
  if (nativePairs.length === 0) engines.skip(name, "there is no sysv host on this platform");
  else if (!existsSync(path)) absent(engines, name, "the engines are not installed: npm ci --prefix test/engines");
  else
    engines(
      `${name}: none ends the process but those that are known to, and the package's calls are right`,
      async () => {
        const engine = engineOf(path);
        const outcomes = await race({ engine, kind: "shared", milliseconds: MILLISECONDS, told: () => undefined });
        assert.equal(Object.keys(outcomes).sort(), calls.map((call) => call.name).sort());
        const surprises = Object.entries(outcomes).filter(
          ([call, outcome]) => isCrash(outcome) && knownCrash(engine.name, "shared", call) === undefined,
        );
        assert.equal(surprises, []);
        const wrong = calls.filter((call) => call.own && outcomes[call.name]?.result !== "ok");
        assert.equal(
          wrong.map((call) => [call.name, outcomes[call.name]]),
          [],
        );
      },
    );
}
engines.run();
