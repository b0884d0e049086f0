// A transport as a rival of a group: how many messages a trial has, and what is told of all its trials.
import type { AsyncRival } from "../../harness/group.js";
import { type PaceName, paces, patient } from "../../harness/pace.js";
import type { Figure } from "../../harness/result.js";
import { MiB } from "../../harness/size.js";
import { quantile } from "../../harness/statistics.js";
import { Payload, type Touch } from "./message.js";
import type { Kind } from "./port.js";
import type { Receivers } from "./receiver.js";
import { type TransportName, transports } from "./transports.js";
import { runTrial, type Trial } from "./trial.js";

/** About the length of a trial. The order to the receiver takes a tenth of it, and is not timed. */
const TRIAL_NS = 1e6;

/** With fewer round trips the 99th percentile is merely the longest. */
const FEWEST_ROUND_TRIPS = 100;

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

/** How many messages make a trial of that length. A pause of the machine may prolong one trial, but hardly three. */
async function calibrate(trial: (messages: number) => Promise<Trial>, fewest: number): Promise<number> {
  for (let messages = fewest; ; ) {
    let shortest = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 3 && shortest >= TRIAL_NS; tries++)
      shortest = Math.min(shortest, (await trial(messages)).nanoseconds);
    if (shortest >= TRIAL_NS || messages === MOST) return messages;
    messages = Math.min(MOST, Math.ceil(messages * Math.min(8, (1.2 * TRIAL_NS) / shortest)));
  }
}

/** The further figures of all trials of one rival, without those of its warm-up. */
class Totals {
  #warmupNs: number;
  readonly #roundTrips: number[] = [];
  #messages = 0;
  #nanoseconds = 0;
  #cpu = 0;
  #wall = 0;

  constructor(pace: PaceName) {
    this.#warmupNs = patient(paces[pace]).warmupMs * 1e6;
  }

  add({ each, nanoseconds, cpu, wall }: Trial, messages: number): void {
    if (this.#warmupNs > 0) {
      this.#warmupNs -= nanoseconds;
      return;
    }
    for (const time of each) this.#roundTrips.push(time);
    this.#messages += messages;
    this.#nanoseconds += nanoseconds;
    this.#cpu += cpu;
    this.#wall += wall;
  }

  figures(kind: Kind): Figure[] {
    const busy = { name: "busy", value: this.#cpu / this.#wall, unit: "cores" };
    if (kind === "one-way throughput")
      return [busy, { name: "messages", value: this.#messages / (this.#nanoseconds / 1e6), unit: "k/s" }];
    if (this.#roundTrips.length === 0) return [busy];
    const p50 = { name: "p50", value: this.roundTrip(0.5) / 1e3, unit: "µs" };
    if (this.#roundTrips.length < FEWEST_ROUND_TRIPS) return [busy, p50];
    return [busy, p50, { name: "p99", value: this.roundTrip(0.99) / 1e3, unit: "µs" }];
  }

  /** Nanoseconds of a round trip: that part of all were no longer. */
  roundTrip(part: number): number {
    return quantile(this.#roundTrips, part);
  }
}

/** A transport as a rival. */
export interface MessagingRival extends AsyncRival {
  /** Nanoseconds of a round trip so far: that part of all were no longer. */
  roundTrip(part: number): number;
}

export async function rivalOf(
  receivers: Receivers,
  transport: TransportName,
  kind: Kind,
  { bytes, touch, restMs, fewest = 1 }: Load,
  pace: PaceName,
): Promise<MessagingRival> {
  const { name, end } = transports[transport];
  const payload = new Payload(bytes, touch);
  const trial = (messages: number) => runTrial(receivers[end], transport, kind, payload, messages, restMs);
  const messages = await calibrate(trial, Math.max(pace === "quick" ? 1 : fewest, fewestOf(kind, pace)));
  const totals = new Totals(pace);
  return {
    name,
    path: name,
    operations: messages,
    async: true,
    selfTimed: true,
    async prove() {
      await runTrial(receivers[end], transport, kind, new Payload(bytes, "proved"), provenOf(kind, bytes));
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
