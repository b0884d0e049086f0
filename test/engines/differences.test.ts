// A test that is named as a difference must fail: the list says nothing that is no more.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { differences, mustDiffer, unmet } from "./differences.js";

const tests = suite("Differences of engines");

tests("a body that fails is one, at once or later; one that passes is an error", async () => {
  await mustDiffer(() => {
    throw new Error("differs");
  });
  await mustDiffer(() => Promise.reject(new Error("differs")));
  for (const passes of [() => undefined, () => Promise.resolve()])
    try {
      await mustDiffer(passes);
      assert.unreachable();
    } catch (error) {
      assert.match((error as Error).message, /take it out/);
    }
});

tests("a name that no test has is told", () => {
  const count = differences.filter(({ engines }) => engines.includes("deno")).flatMap((one) => one.tests).length;
  assert.is(unmet("deno", []).length, count);
  assert.is(unmet("deno", ["An endless loop in a call"]).length, count - 1);
  assert.equal(unmet("node22", []), []);
});
tests.run();
