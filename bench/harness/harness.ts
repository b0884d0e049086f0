// Times rivals side by side. tinybench takes the samples. The rounds are ours: it would run one rival to its end
// before the next, and a machine that slows down in between would decide the race. A sample is a whole batch of
// calls, as the clock costs more than the shortest operations here.
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Bench, type Task } from "tinybench";
import { pathOf } from "../rivals/path.js";
import type { Absence, Case, Figure, GoalResult, RivalResult } from "./result.js";
import { FEWEST_ROUNDS, median, summarize } from "./statistics.js";
import { sizeName } from "./window.js";

export interface Goal {
  readonly text: string;
  /** The rivals it is judged by: in each round the fastest of them (default: the base). */
  readonly against?: readonly string[];
  /** What is judged, where no column shows it; arguments as those of `met`. */
  readonly figure?: (ratio: number, extra: number) => string;
  /** @param ratio time over theirs; @param extra nanoseconds more than theirs, an operation; both of the same round */
  met(ratio: number, extra: number): boolean;
}

interface Work {
  readonly name: string;
  /** The access path that it takes, by one name in all groups: "wasm core", "DataView", "native" … */
  readonly path?: string;
  /** Operations that a call of `run` makes. */
  readonly operations: number;
  /** `run` returns the nanoseconds of its timed part, where not all of it is to be timed. */
  readonly selfTimed?: boolean;
  readonly goals?: readonly Goal[];
  /** What else is to be told of it, once it was timed. */
  readonly figures?: () => readonly Figure[];
}

/** One way to do a group's work. */
export interface Rival extends Work {
  readonly async?: false;
  /** Throws where this rival's answer is wrong. Runs before any rival of the group is timed. */
  prove(): void;
  /** Does the work; what it returns depends on it, so that no compiler leaves it out. */
  run(): number;
}

/** One that waits for others, such as another process. */
export interface AsyncRival extends Work {
  readonly async: true;
  prove(): void | Promise<void>;
  run(): Promise<number>;
}

export type AnyRival = Rival | AsyncRival;

/** Operation and size, and who does it; the first rival is the base. */
export interface Group<R extends AnyRival = Rival> {
  /** Of its own in its suite: the operation, its pattern and its size; see {@link named}. */
  readonly name: string;
  /** Default: the name. */
  readonly operation?: string;
  /** Bytes of the window, chunk or message that an operation is about, where size is the point. */
  readonly size?: number;
  /** How the operation goes about it: "sequential", "random", "contended" … */
  readonly pattern?: string;
  /** Bytes that an operation moves or reads, where that is the point. */
  readonly bytes?: number;
  /** Each sample lasts this long (default 0.5); longer where it must pay for the garbage it makes. */
  readonly sampleMs?: number;
  /** Each sample is one call, and none is made beforehand: for what is slow the first time, in a process of its own. */
  readonly cold?: boolean;
  readonly rivals: readonly [R, ...R[]];
  /** Rivals that cannot be had here, and why. */
  readonly absent?: readonly Absence[];
}

/** What a group is called, in words and for a reader of the results. */
export function named(operation: string, size?: number, pattern?: string) {
  const words = pattern === undefined ? operation : `${operation}, ${pattern}`;
  return {
    name: size === undefined ? words : `${words} (${sizeName(size)})`,
    operation,
    ...(size === undefined ? {} : { size }),
    ...(pattern === undefined ? {} : { pattern }),
  };
}

/** Measures a group and reports it. */
export type Timer = (group: Group<AnyRival>) => Promise<void>;

/** A case, but for where it belongs. */
export type Measured = Omit<Case, "suite" | "core">;

/** What earlier processes measured of the same group: for each rival, for each of them, the times of its rounds. */
export type Earlier = Readonly<Record<string, readonly (readonly number[])[]>>;

/** Rounds and times are those of all processes together. */
export interface Pace {
  readonly rounds: number;
  /** A group whose rounds take longer in all gets fewer of them. */
  readonly groupMs: number;
  readonly fewestRounds: number;
  /** Of one rival in one round. */
  readonly sliceMs: number;
  /** In a slice at least, however long they take. */
  readonly samples: number;
  /** Of one rival in one process. */
  readonly warmupMs: number;
}

export const paces: Readonly<Record<"full" | "quick", Pace>> = {
  full: { rounds: 30, groupMs: 3000, fewestRounds: 10, sliceMs: 20, samples: 3, warmupMs: 120 },
  quick: { rounds: FEWEST_ROUNDS, groupMs: 100, fewestRounds: FEWEST_ROUNDS, sliceMs: 1, samples: 3, warmupMs: 10 },
};

/** Rounds of a process, where time allows: of fewer the median is one outlier's prey. */
const FEWEST_OF_PROCESS = 5;

/** One process's share. */
export function shared(pace: Pace, processes: number): Pace {
  return {
    ...pace,
    rounds: Math.max(FEWEST_OF_PROCESS, Math.ceil(pace.rounds / processes)),
    groupMs: pace.groupMs / processes,
    fewestRounds: Math.ceil(pace.fewestRounds / processes),
  };
}

/** Where results go so that they count as used. */
let sink = 0;

setFlagsFromString("--expose-gc");

/** A full garbage collection. */
export const collect = runInNewContext("gc") as () => void;

const now = (): number => Number(process.hrtime.bigint());

/** Nanoseconds of `calls` calls. */
function batch(rival: Rival, calls: number): number {
  const start = now();
  let timed = 0;
  for (let call = 0; call < calls; call++) timed += rival.run();
  if (rival.selfTimed) return timed;
  sink += timed;
  return now() - start;
}

async function asyncBatch(rival: AsyncRival, calls: number): Promise<number> {
  const start = now();
  let timed = 0;
  for (let call = 0; call < calls; call++) timed += await rival.run();
  if (rival.selfTimed) return timed;
  sink += timed;
  return now() - start;
}

/** Runs it until the engine has compiled what it will; returns how many calls make a sample, and what one takes. */
async function warmUp(
  rival: AnyRival,
  warmupMs: number,
  sampleMs: number,
): Promise<{ calls: number; lastsMs: number }> {
  let calls = 1;
  let spent = 0;
  for (;;) {
    const time = rival.async ? await asyncBatch(rival, calls) : batch(rival, calls);
    spent += time;
    const enough = Math.max(1, Math.ceil((sampleMs * 1e6 * calls) / Math.max(time, 1)));
    if (spent >= warmupMs * 1e6) return { calls: enough, lastsMs: (time / calls / 1e6) * enough };
    calls = Math.min(enough, 2 * calls);
    await setImmediate();
  }
}

function addTask(bench: Bench, rival: AnyRival, calls: number): Task {
  const milliseconds = (nanoseconds: number) => ({ overriddenDuration: nanoseconds / 1e6 });
  if (rival.async) bench.add(rival.name, async () => milliseconds(await asyncBatch(rival, calls)), { async: true });
  else bench.add(rival.name, () => milliseconds(batch(rival, calls)), { async: false });
  return bench.getTask(rival.name) as Task;
}

/** Nanoseconds of one operation in this round: the median of its samples. */
async function slice(task: Task, { async, operations }: { async: boolean; operations: number }): Promise<number> {
  task.reset();
  const { result } = async ? await task.run() : task.runSync();
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

/** No two rivals of one name; the rivals of each goal must be in the group. */
function check({ name, rivals }: Group<AnyRival>): void {
  const names = rivals.map((rival) => rival.name);
  const twice = names.find((other, index) => names.indexOf(other) !== index);
  if (twice !== undefined) throw new Error(`${name}: two rivals are called ${twice}`);
  for (const { goals = [] } of rivals)
    for (const other of goals.flatMap(({ against = [] }) => against))
      if (!names.includes(other)) throw new Error(`${name}: a goal names ${other}; there are ${names.join(", ")}`);
}

type Times = readonly (readonly number[])[];

/** In each round of each process: the fastest of them. */
const fastest = (all: readonly Times[]): Times =>
  (all[0] as Times).map((rounds, process) =>
    rounds.map((_, round) => Math.min(...all.map((times) => (times[process] as readonly number[])[round] as number))),
  );

/** `times` and `others` of the same round. */
const pairwise = (times: Times, others: Times, of: (time: number, other: number) => number): number[][] =>
  times.map((rounds, process) => rounds.map((time, round) => of(time, (others[process] as number[])[round] as number)));

function judge(goals: readonly Goal[], times: Times, timesOf: (name: string) => Times, base: string): GoalResult[] {
  return goals.map(({ text, against = [base], figure, met }) => {
    const others = fastest(against.map(timesOf));
    const ratio = median(pairwise(times, others, (time, other) => time / other).flat());
    const extra = median(pairwise(times, others, (time, other) => time - other).flat());
    return { text, ...(figure ? { figure: figure(ratio, extra) } : {}), holds: met(ratio, extra) };
  });
}

/** What all processes so far say of a group. */
function conclude(group: Group<AnyRival>, timesOf: (name: string) => Times): Measured {
  const { name, operation = name, size, pattern, bytes, absent = [], rivals } = group;
  const base = rivals[0].name;
  const results = rivals.map((rival): RivalResult => {
    const times = timesOf(rival.name);
    const { path = pathOf(rival.name) } = rival;
    const ratios = pairwise(times, timesOf(base), (time, other) => time / other);
    return {
      name: rival.name,
      ...(path === undefined ? {} : { path }),
      nanoseconds: summarize(times),
      ...(rival.name === base ? {} : { ratio: summarize(ratios) }),
      goals: judge(rival.goals ?? [], times, timesOf, base),
      figures: rival.figures?.() ?? [],
      times,
    };
  });
  return {
    name,
    operation,
    ...(size === undefined ? {} : { size }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(bytes === undefined ? {} : { bytes }),
    base,
    rounds: timesOf(base).flat().length,
    rivals: results,
    absent,
  };
}

/**
 * Proves every rival's answer, then times all of them in rounds, each round in another order, and proves them again: as
 * the engine has optimised them by then.
 *
 * @param pace of this process: its share
 * @param checkpoint called between slices; it may throw to end the run
 */
export async function measure(
  group: Group<AnyRival>,
  pace: Pace,
  checkpoint: () => void,
  earlier: Earlier = {},
): Promise<Measured> {
  const { cold = false, sampleMs = 0.5, rivals } = group;
  check(group);
  for (const rival of rivals) await rival.prove();
  const sliceMs = cold ? 0 : Math.max(pace.sliceMs, 2 * sampleMs);
  const samples = cold ? 1 : pace.samples;
  const bench = new Bench({ time: sliceMs, iterations: samples, warmup: false, throws: true });
  const runners: { task: Task; async: boolean; operations: number; times: number[] }[] = [];
  let roundMs = 0;
  for (const rival of rivals) {
    const { calls, lastsMs } = cold ? { calls: 1, lastsMs: 0 } : await warmUp(rival, pace.warmupMs, sampleMs);
    const { async = false } = rival;
    runners.push({ task: addTask(bench, rival, calls), async, operations: calls * rival.operations, times: [] });
    roundMs += Math.max(sliceMs, samples * lastsMs);
    checkpoint();
  }
  const rounds = Math.min(pace.rounds, Math.max(pace.fewestRounds, Math.floor(pace.groupMs / Math.max(roundMs, 1))));
  const seed = (earlier[rivals[0].name] ?? []).flat().length; // other orders than those of earlier processes
  for (let round = 0; round < rounds; round++) {
    for (const place of shuffled(runners.length, seed + round)) {
      const runner = runners[place] as (typeof runners)[number];
      // Work comes in turns of the event loop, as in any program: an engine keeps what has a new WeakRef for that long.
      await setImmediate();
      collect(); // a rival pays for its own garbage, not for the one's before it
      runner.times.push(await slice(runner.task, runner));
      checkpoint();
    }
  }
  for (const rival of rivals) await rival.prove();
  const timesOf = (name: string): Times => [
    ...(earlier[name] ?? []),
    runners.find(({ task }) => task.name === name)?.times ?? [],
  ];
  return conclude(group, timesOf);
}

/** The results of all work so far, for whoever must be sure that it was done. */
export function consumed(): number {
  return sink;
}
