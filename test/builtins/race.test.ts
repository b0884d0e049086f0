// Built-ins that take a view, on bytes that a peer rewrites. 0.4 s each in the running Node, on the memory that `attach`
// makes; npm run test:builtins runs them longer, on other engines and on plain memories, and makes the page's table.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { nativePairs } from "../support/pairs.js";
import { calls } from "./calls.js";
import { engineOf } from "./engines.js";
import { knownCalls, knownCrash } from "./known.js";
import { kinds } from "./outcome.js";
import { type Outcomes, race } from "./race.js";
import { isBetter, isCrash, merge, type Results, readResults } from "./results.js";
import { pageWith, readPage, tableOf } from "./table.js";

const builtIns = suite("Built-ins on bytes that a peer rewrites");
if (nativePairs.length === 0) builtIns.skip("do not end the process", "there is no sysv host on this platform");
else
  builtIns("do not end the process, except those that are known to; and no call of this package does", async () => {
    const engine = engineOf(process.execPath);
    const outcomes = await race({ engine, kind: "shared", milliseconds: 400, told: () => undefined });
    assert.is(Object.keys(outcomes).length, calls.length);
    const surprises = Object.entries(outcomes).filter(
      ([name, outcome]) => isCrash(outcome) && knownCrash(engine.name, "shared", name) === undefined,
    );
    assert.equal(surprises, []);
    const own = calls.filter((call) => call.own).map(({ name }) => [name, outcomes[name]?.result]);
    assert.equal(
      own.filter(([, result]) => result !== "ok"),
      [],
    );
    const uncalled = Object.entries(outcomes).filter(([, { result, count }]) => result === "ok" && !count);
    assert.equal(uncalled, []);
  });

const known = "crash if they are known to: the test sees what it is for";
if (nativePairs.length === 0) builtIns.skip(known, "there is no sysv host on this platform");
else
  builtIns(known, async () => {
    const engine = engineOf(process.execPath);
    const chosen = calls.filter(({ name }) => name === 'Buffer.toString("utf8")' || name === "Float32Array.sort");
    const outcomes = await race({ engine, kind: "plain", milliseconds: 20_000, told: () => undefined }, chosen);
    assert.equal(
      chosen.map(({ name }) => outcomes[name]?.result),
      ["crash", "crash"],
    );
  });
builtIns.run();

const results = suite("The results of built-ins");
const file = readResults();

results("have every call, on both kinds, of each engine", () => {
  for (const [engine, { kinds: found }] of Object.entries(file.engines))
    for (const kind of kinds)
      assert.equal(
        Object.keys(found[kind] ?? {}),
        calls.map(({ name }) => name),
        `${engine}, ${kind}`,
      );
});

results("have no crash that is not known, and each that is known on some engine", () => {
  const crashes = Object.entries(file.engines).flatMap(([engine, { kinds: found }]) =>
    kinds.flatMap((kind) =>
      Object.entries(found[kind] ?? {}).flatMap(([name, outcome]) =>
        isCrash(outcome) ? [{ engine, kind, name }] : [],
      ),
    ),
  );
  assert.equal(
    crashes.filter(({ engine, kind, name }) => knownCrash(engine, kind, name) === undefined),
    [],
  );
  for (const name of knownCalls)
    assert.ok(
      crashes.some((crash) => crash.name === name),
      name,
    );
});

results("are what docs/shared-bytes.md shows (npm run test:builtins -- --docs writes it)", () => {
  const page = readPage();
  assert.is(page, pageWith(page, tableOf(file)));
});

results("keep a crash until a long run does not see it, and of the others the longest run", () => {
  for (const [now, before, better] of [
    [{ result: "ok", seconds: 1 }, undefined, true],
    [{ result: "ok", seconds: 1 }, { result: "ok", seconds: 2 }, false],
    [{ result: "wrong", seconds: 2 }, { result: "ok", seconds: 2 }, true],
    [{ result: "crash", seconds: 0.1 }, { result: "ok", seconds: 600 }, true],
    [{ result: "ok", seconds: 30 }, { result: "crash", seconds: 0.1 }, false],
    [{ result: "ok", seconds: 60 }, { result: "hang", seconds: 0.1 }, true],
  ] as const)
    assert.is(isBetter(now, before), better);

  const name = calls[0]?.name as string;
  const made: Results = { engines: {} };
  const engine = { name: "Node 99", version: "99.0.0", path: "", args: [] };
  for (const found of [
    { [name]: { result: "ok", seconds: 1.26 } },
    { gone: { result: "ok", seconds: 1 } },
  ] as Outcomes[])
    merge(made, engine, "plain", found);
  assert.equal(made.engines["Node 99"], {
    version: "99.0.0",
    kinds: { plain: { [name]: { result: "ok", seconds: 1.3 } } },
  });
});
results.run();
