// Times rivals side by side. tinybench takes the samples. The rounds are ours: it would run one rival to its end
// before the next, and a machine that slows down in between would decide the race. A sample is a whole batch of
// calls, as the clock costs more than the shortest operations here.
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Bench, type Task } from "tinybench";

export interface Goal {
  readonly text: string;
  /** The rivals it is judged by: in each round the fastest of them (default: the base). */
  readonly against?: readonly string[];
  /** What is judged, where no column shows it; arguments as those of `met`. */
  readonly figure?: (ratio: number, extra: number) => string;
  /** @param ratio time over theirs; @param extra nanoseconds more than theirs, an operation; both of the same round */
  met(ratio: number, extra: number): boolean;
}

/** One way to do a group's work. */
export interface Rival {
  readonly name: string;
  /** Operations that a call of {@link run} makes. */
  readonly operations: number;
  /** Throws where this rival's answer is wrong. Runs before any rival of the group is timed. */
  prove(): void;
  /** Does the work; what it returns depends on it, so that no compiler leaves it out. */
  run(): number;
  /** {@link run} returns the nanoseconds of its timed part, where not all of it is to be timed. */
  readonly selfTimed?: boolean;
  readonly goals?: readonly Goal[];
}

/** Operation and size, and who does it; the first rival is the base. */
export interface Group {
  readonly name: string;
  /** Bytes that an operation moves or reads, where that is the point. */
  readonly bytes?: number;
  /** Each sample lasts this long (default 0.5); longer where it must pay for the garbage it makes. */
  readonly sampleMs?: number;
  readonly rivals: readonly [Rival, ...Rival[]];
}

/** First quartile, median, third quartile. */
export type Quartiles = readonly [low: number, median: number, high: number];

/** Measures a group and reports it. */
export type Timer = (group: Group) => Promise<void>;

export interface GoalResult {
  readonly text: string;
  readonly figure: string | undefined;
  readonly holds: boolean;
}

export interface RivalResult {
  readonly name: string;
  /** An operation. */
  readonly nanoseconds: Quartiles;
  /** Time over the base's time in the same round. */
  readonly ratio: Quartiles;
  /** Nanoseconds an operation takes more than the base's in the same round: the median. */
  readonly extra: number;
  readonly goals: readonly GoalResult[];
}

export interface GroupResult {
  readonly name: string;
  readonly bytes: number | undefined;
  readonly rounds: number;
  readonly rivals: readonly RivalResult[];
}

export interface Pace {
  readonly rounds: number;
  /** A group whose rounds take longer in all gets fewer of them. */
  readonly groupMs: number;
  readonly fewestRounds: number;
  /** Of one rival in one round. */
  readonly sliceMs: number;
  /** In a slice at least, however long they take. */
  readonly samples: number;
  readonly warmupMs: number;
}

export const paces: Readonly<Record<"full" | "quick", Pace>> = {
  full: { rounds: 21, groupMs: 3000, fewestRounds: 7, sliceMs: 20, samples: 3, warmupMs: 150 },
  quick: { rounds: 3, groupMs: 300, fewestRounds: 2, sliceMs: 6, samples: 1, warmupMs: 40 },
};

/** Where results go so that they count as used. */
let sink = 0;

setFlagsFromString("--expose-gc");

/** A full garbage collection. */
export const collect = runInNewContext("gc") as () => void;

const now = (): number => Number(process.hrtime.bigint());

/** Linear between neighbours. */
function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}

function quartiles(values: readonly number[]): Quartiles {
  const sorted = [...values].sort((a, b) => a - b);
  return [quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)];
}

/** Nanoseconds of `calls` calls. */
function batch(rival: Rival, calls: number): number {
  const start = now();
  let timed = 0;
  for (let call = 0; call < calls; call++) timed += rival.run();
  if (rival.selfTimed) return timed;
  sink += timed;
  return now() - start;
}

/** Runs it until the engine has compiled what it will; returns how many calls make a sample, and what one takes. */
async function warmUp(rival: Rival, warmupMs: number, sampleMs: number): Promise<{ calls: number; lastsMs: number }> {
  let calls = 1;
  let spent = 0;
  for (;;) {
    const time = batch(rival, calls);
    spent += time;
    const enough = Math.max(1, Math.ceil((sampleMs * 1e6 * calls) / Math.max(time, 1)));
    if (spent >= warmupMs * 1e6) return { calls: enough, lastsMs: (time / calls / 1e6) * enough };
    calls = Math.min(enough, 2 * calls);
    await setImmediate();
  }
}

function addTask(bench: Bench, rival: Rival, calls: number): Task {
  const sample = () => {
    const milliseconds = batch(rival, calls) / 1e6;
    return rival.selfTimed ? { overriddenDuration: milliseconds } : milliseconds;
  };
  bench.add(rival.name, sample, { async: false });
  return bench.getTask(rival.name) as Task;
}

/** Nanoseconds of one operation in this round: the median of its samples. */
function slice(task: Task, operations: number): number {
  task.reset();
  const { result } = task.runSync();
  if (result.state !== "completed") throw new Error(`${task.name} did not complete: ${result.state}`);
  return (result.latency.p50 * 1e6) / operations;
}

/** The places 0 to count - 1 in an order that no rival can have for itself; the same orders every run. */
function shuffled(count: number, seed: number): number[] {
  const places = Array.from({ length: count }, (_, place) => place);
  let state = seed + 1;
  for (let last = count - 1; last > 0; last--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator
    const other = Math.floor((state / 2 ** 32) * (last + 1));
    [places[last], places[other]] = [places[other] as number, places[last] as number];
  }
  return places;
}

/** The rivals of each goal must be in the group. */
function checkGoals({ name, rivals }: Group): void {
  const names = rivals.map((rival) => rival.name);
  for (const { goals = [] } of rivals)
    for (const other of goals.flatMap(({ against = [] }) => against))
      if (!names.includes(other)) throw new Error(`${name}: a goal names ${other}; there are ${names.join(", ")}`);
}

/** A rival's times beside those of others, the fastest of them in each round. */
function compare(times: readonly number[], others: readonly (readonly number[])[]) {
  const fastest = times.map((_, round) => Math.min(...others.map((other) => other[round] as number)));
  const [, extra] = quartiles(times.map((time, round) => time - (fastest[round] as number)));
  return { ratio: quartiles(times.map((time, round) => time / (fastest[round] as number))), extra };
}

/**
 * Proves every rival's answer, then times all of them in rounds, each round in another order, and proves them again: as
 * the engine has optimised them by then.
 *
 * @param checkpoint called between slices; it may throw to end the run
 */
export async function measure(group: Group, pace: Pace, checkpoint: () => void): Promise<GroupResult> {
  const { name, bytes, sampleMs = 0.5, rivals } = group;
  checkGoals(group);
  for (const rival of rivals) rival.prove();
  const sliceMs = Math.max(pace.sliceMs, 2 * sampleMs);
  const bench = new Bench({ time: sliceMs, iterations: pace.samples, warmup: false, throws: true });
  const runners: { task: Task; operations: number; times: number[] }[] = [];
  let roundMs = 0;
  for (const rival of rivals) {
    const { calls, lastsMs } = await warmUp(rival, pace.warmupMs, sampleMs);
    runners.push({ task: addTask(bench, rival, calls), operations: calls * rival.operations, times: [] });
    roundMs += Math.max(sliceMs, pace.samples * lastsMs);
    checkpoint();
  }
  const rounds = Math.min(pace.rounds, Math.max(pace.fewestRounds, Math.floor(pace.groupMs / roundMs)));
  for (let round = 0; round < rounds; round++) {
    for (const place of shuffled(runners.length, round)) {
      const runner = runners[place] as (typeof runners)[number];
      // Work comes in turns of the event loop, as in any program: an engine keeps what has a new WeakRef for that long.
      await setImmediate();
      collect(); // a rival pays for its own garbage, not for the one's before it
      runner.times.push(slice(runner.task, runner.operations));
      checkpoint();
    }
  }
  for (const rival of rivals) rival.prove();
  const timesOf = (names: readonly string[]): number[][] =>
    runners.filter(({ task }) => names.includes(task.name)).map(({ times }) => times);
  const base = [rivals[0].name];
  const results = rivals.map((rival, index) => {
    const times = runners[index]?.times as number[];
    const goals = (rival.goals ?? []).map(({ text, against = base, figure, met }) => {
      const { ratio, extra } = compare(times, timesOf(against));
      return { text, figure: figure?.(ratio[1], extra), holds: met(ratio[1], extra) };
    });
    return { name: rival.name, nanoseconds: quartiles(times), ...compare(times, timesOf(base)), goals };
  });
  return { name, bytes, rounds, rivals: results };
}

/** The results of all work so far, for whoever must be sure that it was done. */
export function consumed(): number {
  return sink;
}
