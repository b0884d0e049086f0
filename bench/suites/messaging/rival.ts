// A transport as a rival: how many messages a trial has, and what is told of all its trials.
import type { AsyncRival } from "../../harness/group.js";
import type { PaceName } from "../../harness/pace.js";
import type { Figure } from "../../harness/result.js";
import { collect } from "../../harness/sampling.js";
import { MiB } from "../../harness/size.js";
import { haveSettled, median, quantile } from "../../harness/statistics.js";
import type { Touch } from "./message.js";
import type { Kind } from "./port.js";
import type { Receivers } from "./receiver.js";
import { type TransportName, transports } from "./transports.js";
import { OpenTransport, type Trial } from "./trial.js";

/** About the length of a trial. What its start and its end cost beside the messages is some 10 µs. */
const TRIAL_NS: Readonly<Record<PaceName, number>> = { full: 5e6, quick: 1e6 };

/**
 * How long a transport warms up at least, and at most if its times do not settle meanwhile. The engine compiles the loops of
 * both processes in some 30 ms, in threads beside them.
 */
const WARMUP_MS: Readonly<Record<PaceName, readonly [least: number, most: number]>> = {
  full: [50, 150],
  quick: [3, 6],
};

/**
 * Round trips with rests, before all others. In those of {@link WARMUP_MS}, which mostly rest, the engine would not come to
 * compile what a sleep and a wake run: of the first 3000, the slowest hundredth takes ten times as long as later (Node 20).
 */
const RESTED_WARMUP: Readonly<Record<PaceName, number>> = { full: 4000, quick: 1 };

/** Slopes that are compared to as many before them. */
const COMPARED_SLOPES = 2;

/** With fewer round trips the 99th percentile is merely the longest. */
const FEWEST_ROUND_TRIPS = 100;

/** Round trips that take longer in their fewest are even fewer, and have no 99th percentile: 1 MiB by JSON. */
const LONGEST_NS = 40e6;

/**
 * The fewest messages of a trial, however long it then lasts. Six trials, three samples in each of two rounds, have
 * enough round trips for a 99th percentile.
 */
const fewestOf = (kind: Kind, pace: PaceName): number =>
  kind === "one-way throughput" ? 8 : pace === "quick" ? 1 : Math.ceil(FEWEST_ROUND_TRIPS / 6);

/** Messages of a proof. For throughput they are more than a ring has slots, so that the ring wraps. */
const provenOf = (kind: Kind, bytes: number): number =>
  kind === "one-way throughput" ? Math.max(8, Math.min(1500, MiB / bytes)) : bytes < MiB ? 32 : 2;

const MOST = 1 << 20;

/** Messages of one size, and what is done with each. */
export interface Load {
  readonly bytes: number;
  readonly touch: Touch;
  /** Milliseconds between two round trips: both sides sleep meanwhile. */
  readonly restMs?: number;
  /** The fewest round trips of a trial of a full run. */
  readonly fewest?: number;
}

/**
 * Warms a transport up until its times have settled. Returns how many messages make a trial, and how long one lasts. A
 * message's time is the slope from a trial of some messages to one of twice as many, so that the fixed cost of a trial
 * does not count.
 */
async function warmUp(
  trial: (messages: number) => Promise<Trial>,
  [least, fewest]: readonly [least: number, fewest: number],
  pace: PaceName,
): Promise<{ messages: number; nanoseconds: number }> {
  const [leastMs, mostMs] = WARMUP_MS[pace];
  const start = performance.now();
  const slopes: number[] = [];
  let messages = fewest;
  for (;;) {
    let { nanoseconds: once } = await trial(messages);
    const isLong = messages === fewest && once > TRIAL_NS[pace];
    if (isLong) once = Math.min(once, (await trial(messages)).nanoseconds); // a pause of the machine may prolong one of them
    // A message that takes so long is one of few, and most of its time is spent in the kernel or on memory.
    if (isLong && once > TRIAL_NS[pace] && performance.now() - start > leastMs) {
      messages = Math.min(fewest, Math.max(least, Math.ceil(LONGEST_NS / (once / fewest))));
      return { messages, nanoseconds: (once / fewest) * messages };
    }
    const { nanoseconds: twice } = await trial(2 * messages);
    slopes.push(Math.max(twice - once, twice / 4) / messages); // a pause in the shorter one may hide the slope
    const each = median(slopes.slice(-2 * COMPARED_SLOPES));
    const spentMs = performance.now() - start;
    if (spentMs > mostMs || (spentMs > leastMs && haveSettled(slopes, COMPARED_SLOPES))) {
      messages = Math.min(MOST, Math.max(fewest, Math.ceil(TRIAL_NS[pace] / each)));
      return { messages, nanoseconds: messages * each };
    }
    const wanted = Math.ceil(TRIAL_NS[pace] / 2 / each);
    messages = Math.min(MOST, Math.max(fewest, Math.min(wanted, 8 * messages)));
  }
}

/** Of less wall clock the CPU time is not told: the kernel counts that of a thread that runs by ticks of up to 10 ms. */
const SHORTEST_BUSY_NS = 50e6;

/** The further figures of all timed trials of one rival. */
class Totals {
  readonly #roundTrips: number[] = [];
  #messages = 0;
  #nanoseconds = 0;
  #cpu = 0;
  #wall = 0;

  add({ each, nanoseconds, cpu, wall }: Trial, messages: number): void {
    for (const time of each) this.#roundTrips.push(time);
    this.#messages += messages;
    this.#nanoseconds += nanoseconds;
    this.#cpu += cpu;
    this.#wall += wall;
  }

  figures(kind: Kind): Figure[] {
    const isLong = this.#wall >= SHORTEST_BUSY_NS;
    const busy = isLong ? [{ name: "busy", value: this.#cpu / this.#wall, unit: "cores" }] : [];
    if (kind === "one-way throughput")
      return [...busy, { name: "messages", value: this.#messages / (this.#nanoseconds / 1e6), unit: "k/s" }];
    if (this.#roundTrips.length === 0) return busy;
    const p50 = { name: "p50", value: this.roundTrip(0.5) / 1e3, unit: "µs" };
    if (this.#roundTrips.length < FEWEST_ROUND_TRIPS) return [...busy, p50];
    return [...busy, p50, { name: "p99", value: this.roundTrip(0.99) / 1e3, unit: "µs" }];
  }

  /** Nanoseconds of a round trip: that part of all were no longer. */
  roundTrip(part: number): number {
    return quantile(this.#roundTrips, part);
  }
}

/** A transport as a rival. Its ports are open. */
export interface MessagingRival extends AsyncRival {
  /** Nanoseconds of a round trip so far: that part of all were no longer. */
  roundTrip(part: number): number;
}

async function rivalOf(
  transport: OpenTransport,
  name: string,
  kind: Kind,
  { bytes, restMs = 0, fewest = 1 }: Load,
  pace: PaceName,
): Promise<MessagingRival> {
  const trial = (messages: number) => transport.trial(messages, { restMs });
  if (restMs > 0) await trial(RESTED_WARMUP[pace]);
  const most = Math.max(pace === "quick" ? 1 : fewest, fewestOf(kind, pace));
  const { messages, nanoseconds } = await warmUp(trial, [kind === "round trip" ? 1 : most, most], pace);
  const totals = new Totals();
  return {
    name,
    path: name,
    operations: messages,
    async: true,
    selfTimed: true,
    lastsMs: nanoseconds / 1e6,
    async prove() {
      await transport.trial(provenOf(kind, bytes), { proves: true });
    },
    async run() {
      const result = await trial(messages);
      totals.add(result, messages);
      return result.nanoseconds;
    },
    figures: () => totals.figures(kind),
    roundTrip: (part) => totals.roundTrip(part),
  };
}

/** Calls `work` with the transports as rivals, in that order. Their ports are open in both processes until it ends. */
export async function withRivals(
  receivers: Receivers,
  names: readonly [TransportName, ...TransportName[]],
  kind: Kind,
  load: Load,
  pace: PaceName,
  work: (rivals: readonly [MessagingRival, ...MessagingRival[]]) => Promise<void>,
): Promise<void> {
  const open: OpenTransport[] = [];
  collect(); // the garbage of the group before
  const rival = async (transport: TransportName): Promise<MessagingRival> => {
    const { name, end } = transports[transport];
    const opened = await OpenTransport.open(receivers[end], transport, kind, load);
    open.push(opened);
    return rivalOf(opened, name, kind, load, pace);
  };
  try {
    const rivals: [MessagingRival, ...MessagingRival[]] = [await rival(names[0])];
    for (const name of names.slice(1)) rivals.push(await rival(name));
    await work(rivals);
  } finally {
    for (const one of open) await one.close();
  }
}
