// npm run bench -- goals: that every operation and each of its alternatives do the same work, and the table.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { nativePairs } from "../support/pairs.js";

// The bench is compiled by itself: these are the parts of it that are used here.
interface Rival {
  name: string;
  goals?: { against?: string[] }[];
  prove(): void;
  run(): number;
}
interface Group {
  name: string;
  rivals: Rival[];
}
const compiled = async (name: string): Promise<unknown> =>
  import(new URL(`../../bench/${name}.js`, import.meta.url).href);
const { goals } = (await compiled("suites/goals/goals")) as {
  goals(variant: string, time: (group: Group) => Promise<void>, pace: string): Promise<void>;
};
const { goalsTable } = (await compiled("report/goals")) as { goalsTable(runs: object[]): string };

const bench = suite("npm run bench -- goals");

if (nativePairs.length > 0)
  bench(
    "has an operation of the package in each group, judged against all others, and all prove their answers",
    async () => {
      const names = new Set<string>();
      await goals(
        "auto",
        async ({ name, rivals }) => {
          assert.not.ok(names.has(name), name);
          names.add(name);
          const others = rivals.filter((rival) => rival.name !== "wasm-shm").map((rival) => rival.name);
          const own = rivals.filter((rival) => rival.name === "wasm-shm");
          assert.equal(
            own.flatMap((rival) => rival.goals?.map(({ against }) => against)),
            [others],
            name,
          );
          for (const rival of rivals) {
            rival.prove();
            assert.ok(Number.isFinite(rival.run()), `${rival.name} of ${name}`);
          }
        },
        "quick",
      );
      assert.ok(names.size > 100);
    },
  );

const rival = (name: string, median: number, goal?: object) => ({
  name,
  nanoseconds: { median },
  goals: goal === undefined ? [] : [goal],
});
const runOf = (node: string, ratio: string, holds: boolean) => ({
  conditions: { node },
  cases: [
    { name: "swap", rivals: [rival("loop", 9), rival("Buffer", 3), rival("wasm-shm", 2, { figure: ratio, holds })] },
  ],
});

bench("prints the best alternative, the ratio by each Node, and whether all hold", () => {
  const lines = goalsTable([runOf("v20.20.2", "1.50", true), runOf("v26.10.0", "0.75", false)]).split("\n");
  assert.match(lines[0] as string, /^operation +best alternative +20\.20 +26\.10$/);
  assert.match(lines[1] as string, /^swap +Buffer +1\.50 +0\.75 +falls short$/);
  assert.match(lines.at(-2) as string, /^0 of 1 hold/);
  assert.match(goalsTable([runOf("v20.20.2", "1.50", true)]), /swap +Buffer +1\.50 +holds\n\n1 of 1 hold/);
});

const caseOf = (name: string, goal: object, best = "Buffer") => ({
  name,
  rivals: [rival("loop", 9), rival(best, 3), rival("wasm-shm", 2, goal)],
});

bench("has a row for each operation of any Node; one that a Node lacks is not a shortfall", () => {
  const goal = { figure: "1.50", holds: true };
  const old = { conditions: { node: "v20.20.2" }, cases: [caseOf("swap", goal)] };
  const fresh = { conditions: { node: "v26.10.0" }, cases: [caseOf("swap", goal, "zlib"), caseOf("hex", goal)] };
  const lines = goalsTable([old, fresh]).split("\n");
  assert.match(lines[1] as string, /^swap +Buffer or zlib +1\.50 +1\.50 +holds$/);
  assert.match(lines[2] as string, /^hex +Buffer +- +1\.50 +holds$/);
  assert.match(lines.at(-2) as string, /^2 of 2 hold/);
});

bench("prints the interval of a ratio, and marks a verdict that depends on where in it the truth lies", () => {
  const line = (...goals: { holds: boolean; withinNoise?: boolean }[]): string => {
    const runs = goals.map((goal) => ({
      conditions: { node: "v20.20.2" },
      cases: [caseOf("swap", { figure: "0.96", interval: "0.93..0.99", ...goal })],
    }));
    return goalsTable(runs).split("\n")[1] as string;
  };
  assert.match(line({ holds: true }), /^swap +Buffer +0\.96 \(0\.93\.\.0\.99\) +holds$/);
  assert.match(line({ holds: true }, { holds: true, withinNoise: true }), / holds ~$/);
  assert.match(line({ holds: true }, { holds: false, withinNoise: true }), / falls short ~$/);
  assert.match(line({ holds: false }, { holds: false, withinNoise: true }), / falls short$/);
  assert.match(line({ holds: true, withinNoise: true }, { holds: false }), / falls short$/);
});

bench.run();
