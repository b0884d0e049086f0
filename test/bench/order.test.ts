// bench/harness/order.ts: no rival is first, last or behind the same one more often than the others.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";

// The bench is compiled by itself: these are the parts of it that are used here.
interface Harness {
  orderOf(count: number, round: number): number[];
  measure(
    group: object,
    pace: object,
    checkpoint: () => void,
    earlier?: object,
  ): Promise<{ rivals: { name: string }[] }>;
}

const compiled = (name: string): Promise<object> =>
  import(new URL(`../../bench/harness/${name}.js`, import.meta.url).href) as Promise<object>;
const { orderOf, measure } = { ...(await compiled("order")), ...(await compiled("measure")) } as Harness;

const rival = (name: string, run: () => number) => ({ name, operations: 1, selfTimed: true, run, prove: () => {} });

const orders = suite("The order of the rivals");

orders("each rival is first and last in its share of rounds, and follows each other one equally often", () => {
  for (const count of [1, 2, 3, 4, 5, 9, 10]) {
    const rounds = 30 * count;
    const first = new Uint32Array(count);
    const last = new Uint32Array(count);
    const followed = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      const order = orderOf(count, round);
      assert.is(new Set(order).size, count);
      const [head, tail] = [order[0], order[count - 1]] as [number, number];
      first[head] = (first[head] ?? 0) + 1;
      last[tail] = (last[tail] ?? 0) + 1;
      for (let index = 1; index < count; index++) {
        const pair = order.slice(index - 1, index + 1).join();
        followed.set(pair, (followed.get(pair) ?? 0) + 1);
      }
    }
    assert.equal(first, new Uint32Array(count).fill(30), `${count} rivals`);
    assert.equal(last, new Uint32Array(count).fill(30), `${count} rivals`);
    assert.is(followed.size, count * (count - 1));
    for (const [pair, times] of followed) assert.is(times, 30, `${pair} of ${count} rivals`);
  }
});

orders("the rounds of 2, 3 and 4 rivals begin and end with each of them about as often", async () => {
  for (const count of [2, 3, 4]) {
    const calls: number[] = [];
    const rivals = Array.from({ length: count }, (_, place) => rival(`rival ${place}`, () => calls.push(place) && 1e6));
    const rounds = 30;
    const pace = { rounds, groupMs: 100, fewestRounds: rounds, sliceMs: 1, samples: 1, warmupMs: 1 };
    await measure({ name: "a case", cold: true, rivals }, pace, () => {});
    assert.is(calls.length, rounds * count);
    for (const at of [0, count - 1])
      for (let place = 0; place < count; place++) {
        const times = calls.filter((one, index) => index % count === at && one === place).length;
        assert.ok(Math.abs(times - rounds / count) <= 1, `${place} of ${count} rivals: ${times} times`);
      }
  }
});

orders("the rounds of the next process continue the order", async () => {
  const calls: number[] = [];
  const rivals = [0, 1, 2].map((place) => rival(`rival ${place}`, () => calls.push(place) && 1e6));
  const pace = { rounds: 4, groupMs: 100, fewestRounds: 4, sliceMs: 1, samples: 1, warmupMs: 1 };
  const group = { name: "a case", cold: true, rivals };
  const first = await measure(group, pace, () => {});
  await measure(group, pace, () => {}, Object.fromEntries(first.rivals.map((one) => [one.name, one])));
  assert.equal(calls, Array.from({ length: 8 }, (_, round) => orderOf(3, round)).flat());
});

orders.run();
