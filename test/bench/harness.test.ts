// bench/harness/measure.ts and group.ts: what is refused before anything is timed, and what becomes of the times.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";

// The bench is compiled by itself: these are the parts of it that are used here.
interface Measure {
  measure(group: object, pace: object, checkpoint: () => void, earlier?: object, planted?: number): Promise<Measured>;
}

interface Named {
  named(operation: string, size?: number, pattern?: string): object;
}

interface Measured {
  rounds: number;
  base: string;
  absent: object[];
  rivals: {
    name: string;
    path?: string;
    ratio?: { median: number; wide: boolean };
    nanoseconds: { median: number };
    goals: { figure?: string; interval?: string; holds: boolean; withinNoise?: boolean; ratios?: number[] }[];
    figures: { name: string; value: number; values?: number[] }[];
    times: number[][];
  }[];
}

const compiled = (name: string): Promise<unknown> =>
  import(new URL(`../../bench/harness/${name}.js`, import.meta.url).href);
const { measure } = (await compiled("measure")) as Measure;
const { named } = (await compiled("group")) as Named;
const pace = { rounds: 6, groupMs: 100, fewestRounds: 6, sliceMs: 1, samples: 1, warmupMs: 1 };

/** Does nothing, and states the time that it took. */
const rival = (name: string, milliseconds: number, more: object = {}) => ({
  name,
  operations: 1,
  selfTimed: true,
  run: () => milliseconds * 1e6,
  prove: () => {},
  ...more,
});

/** The message with which `measure` refuses a group. */
async function refusal(group: object): Promise<string> {
  let message = "";
  await measure(group, pace, () => {}).catch((error: Error) => {
    message = error.message;
  });
  return message;
}

/** What earlier processes measured, as `measure` takes it. */
const measuredBefore = ({ rivals }: Measured): object =>
  Object.fromEntries(rivals.map((one) => [one.name, one] as const));

const harness = suite("The bench's harness");

harness("ends at a rival with a wrong answer, before anything is timed", async () => {
  let runs = 0;
  const run = (): number => runs++;
  const wrong = (): void => {
    throw new Error("three is not four");
  };
  const right = { name: "right", operations: 1, run, prove: () => {} };
  for (const prove of [wrong, async () => wrong()])
    assert.match(
      await refusal({ name: "a case", rivals: [right, { ...right, name: "wrong", async: true, prove }] }),
      /not four/,
    );
  assert.is(runs, 0);
});

harness("ends at a rival whose answer went wrong while it was timed", async () => {
  let runs = 0;
  const prove = (): void => {
    if (runs > 0) throw new Error("wrong by now");
  };
  assert.match(
    await refusal({ name: "a case", rivals: [rival("odd", 1, { run: () => ++runs * 1e6, prove })] }),
    /by now/,
  );
});

harness("refuses a goal against a rival that is not there, and two of one name, before anything is timed", async () => {
  let runs = 0;
  const goals = [{ text: "as fast", against: ["other"], met: () => true }];
  const right = { name: "right", operations: 1, run: () => runs++, prove: () => {} };
  assert.match(await refusal({ name: "a case", rivals: [{ ...right, goals }] }), /a goal names other; there are right/);
  assert.match(await refusal({ name: "a case", rivals: [right, right] }), /two rivals are called right/);
  assert.is(runs, 0);
});

harness("judges by the rival of the least median, not by the fastest of each round", async () => {
  const turns = (...times: number[]) => {
    let calls = 0;
    return { run: () => (times[calls++ % times.length] as number) * 1e6 };
  };
  const goals = [{ text: "", against: ["one", "other"], figure: (ratio: number) => ratio.toFixed(2), met: () => true }];
  const rivals = [rival("one", 0, turns(1, 3)), rival("other", 0, turns(2.5, 1.9)), rival("judged", 2, { goals })];
  const measured = await measure({ name: "a case", cold: true, rivals }, pace, () => {});
  assert.is(measured.rivals[2]?.goals[0]?.figure, "1.33"); // 2 and 2/3, in turn; to the least of each round 2 and 1.05
});

harness("states the interval of what it judges, and marks a goal whose threshold lies in it", async () => {
  const judge = async (most: number, times: number[]): Promise<object | undefined> => {
    const goals = [{ text: "", figure: (ratio: number) => ratio.toFixed(1), met: (ratio: number) => ratio <= most }];
    let calls = 0;
    const run = (): number => (times[calls++] as number) * 1e6;
    const rivals = [rival("base", 1), rival("judged", 0, { run, goals })];
    return (await measure({ name: "a case", cold: true, rivals }, pace, () => {})).rivals[1]?.goals[0];
  };
  const times = [1, 2, 2, 2, 2, 3];
  const judged = { text: "", figure: "2.0", interval: "1.0..3.0" };
  assert.equal(await judge(2.5, times), { ...judged, holds: true, withinNoise: true });
  assert.equal(await judge(1.5, times), { ...judged, holds: false, withinNoise: true });
  assert.equal(await judge(3, times), { ...judged, holds: true });
  assert.equal(await judge(0.5, times), { ...judged, holds: false });
});

harness("states the median of the processes' figures, and judges by that of their ratios", async () => {
  const processOf = (value: number, before: object) => {
    const goals = [
      { text: "", ratio: () => value, figure: (ratio: number) => ratio.toFixed(1), met: (ratio: number) => ratio <= 2 },
    ];
    const figures = () => [{ name: "p99", value, unit: "µs" }];
    return measure({ name: "a case", rivals: [rival("base", 1, { figures, goals })] }, pace, () => {}, before);
  };
  let before = {};
  let last: Measured["rivals"][number] | undefined;
  for (const value of [1, 5, 2, 1.5, 9]) {
    const measured = await processOf(value, before);
    before = measuredBefore(measured);
    last = measured.rivals[0];
  }
  assert.equal(last?.figures, [{ name: "p99", value: 2, unit: "µs", values: [1, 5, 2, 1.5, 9] }]);
  const ratios = [1, 5, 2, 1.5, 9];
  assert.equal(last?.goals, [
    { text: "", figure: "2.0", interval: "1.0..9.0", holds: true, withinNoise: true, ratios },
  ]);
  const lacking = await processOf(Number.NaN, before); // too few trials in that process
  assert.equal(lacking.rivals[0]?.figures, last?.figures);
  assert.equal(lacking.rivals[0]?.goals, last?.goals);
});

harness("plants exactly the tenths that it is asked for, however many calls make a sample", async () => {
  for (const milliseconds of [1, 0.03, 0.007])
    for (const percent of [0, 10, 20, 100]) {
      const rivals = [rival("base", milliseconds), rival("planted", milliseconds)];
      const { rivals: measured } = await measure({ name: "a case", rivals }, pace, () => {}, {}, percent);
      const ratio = measured[1]?.ratio?.median ?? Number.NaN;
      assert.ok(Math.abs(ratio - (1 + percent / 100)) < 1e-9, `${percent} % of ${milliseconds} ms: ${ratio}`);
    }
});

harness("judges by the fastest of the rivals that a goal names", async () => {
  const against = ["slow", "fast"];
  const goals = [{ text: "", against, figure: (ratio: number) => ratio.toFixed(2), met: () => true }];
  const rivals = [rival("slow", 4), rival("fast", 1), rival("judged", 2, { goals })];
  const measured = await measure({ name: "a case", rivals }, pace, () => {});
  assert.equal(measured.rivals[2]?.goals, [{ text: "", figure: "2.00", interval: "2.00..2.00", holds: true }]);
  assert.is(measured.rivals[2]?.ratio?.median, 0.5); // to the base, the first
  assert.is(measured.rivals[0]?.ratio, undefined);
});

harness(
  "warms a rival up for half of its time if its times have settled, else for all; one that says how long it lasts, not at all",
  async () => {
    const warmUp = { ...pace, warmupMs: 100, rounds: 1, fewestRounds: 1 };
    const callsOf = async (timeOf: (call: number) => number, more: object = {}): Promise<number> => {
      let calls = 0;
      const run = (): number => timeOf(++calls) * 1e6;
      await measure({ name: "a case", rivals: [rival("steady", 1, { run, ...more })] }, warmUp, () => {});
      return calls;
    };
    const settled = await callsOf(() => 1);
    const falling = await callsOf((call) => 100 / (10 + call)); // milliseconds
    const known = await callsOf(() => 1, { lastsMs: 1 });
    assert.is(settled - known, 50);
    assert.is(known, 1);
    let spent = 0;
    let calls = 0;
    while (spent < 100) spent += 100 / (10 + ++calls);
    assert.ok(falling > calls, `${falling} calls, ${calls} of them to warm up`);
  },
);

harness("puts the rounds of earlier processes before its own, and concludes from all", async () => {
  const before = (time: number) => ({ times: [[time, time, time]], figures: [], goals: [] });
  const earlier = { base: before(1e6), other: before(4e6) };
  const group = { name: "a case", rivals: [rival("base", 1), rival("other", 2)] };
  const { rivals, rounds } = await measure(group, pace, () => {}, earlier);
  assert.is(rounds, 9);
  assert.equal(
    rivals[1]?.times.map(({ length }) => length),
    [3, 6],
  );
  assert.is(rivals[1]?.ratio?.median, 2);
  assert.is(rivals[1]?.ratio?.wide, true); // the processes disagree: 4 and 2
});

harness("times a rival that waits beside one that does not", async () => {
  const asynchronous = {
    name: "waits",
    operations: 1,
    async: true,
    prove: async () => {},
    run: () => new Promise((resolve) => setTimeout(() => resolve(1), 2)),
  };
  const group = { name: "a case", rivals: [rival("base", 1), asynchronous] };
  const { rivals } = await measure(group, { ...pace, rounds: 6 }, () => {});
  const median = rivals[1]?.nanoseconds.median ?? 0;
  assert.ok(median > 1.5e6, `${median} ns for a wait of 2 ms`);
});

harness("a cold group is called once a round, and never before", async () => {
  let runs = 0;
  const cold = rival("cold", 1, {
    run() {
      runs++;
      return 1e6;
    },
  });
  const { rounds } = await measure({ name: "a case", cold: true, rivals: [cold] }, { ...pace, samples: 3 }, () => {});
  assert.is(rounds, 6);
  assert.is(runs, 6);
});

harness("a group's absences and a rival's figures and path are in the result", async () => {
  const figures = () => [{ name: "p99", value: 3, unit: "ms" }];
  const absent = [{ name: "shm-typed-array", reason: "not installed" }];
  const rivals = [rival("DataView", 1, { figures }), rival("cursor, js core", 2), rival("own", 2, { path: "mine" })];
  const measured = await measure({ ...named("read", 4096, "random"), rivals, absent }, pace, () => {});
  assert.equal(measured.absent, absent);
  assert.equal(measured.rivals[0]?.figures, figures());
  assert.equal(
    measured.rivals.map(({ path }) => path),
    ["DataView", "js core", "mine"],
  );
});

harness("a group is named by operation, pattern and size", () => {
  assert.equal(named("read"), { name: "read", operation: "read" });
  assert.equal(named("read", 2048), { name: "read (2 KiB)", operation: "read", size: 2048 });
  const all = { name: "read, random (8 B)", operation: "read", size: 8, pattern: "random" };
  assert.equal(named("read", 8, "random"), all);
});

harness("a checkpoint that throws ends it", async () => {
  let looks = 0;
  const stop = (): void => {
    if (++looks === 3) throw new Error("stopped");
  };
  let message = "";
  await measure({ name: "a case", rivals: [rival("base", 1)] }, pace, stop).catch((error: Error) => {
    message = error.message;
  });
  assert.is(message, "stopped");
  assert.is(looks, 3);
});

harness.run();
