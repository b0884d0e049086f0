// A message from one process to another, by a segment and by what Node has for it. A trip is a message there and one of the
// same size back; in a flow messages go one way, as many at once as the route takes. Untouched, only a message's number is
// written and read; touched, the sender fills all of it and the receiver sums all of it, which is what a payload is for.
//
// Where both sides spin they keep two cores busy, and a table says so beside the times: a trip of a tenth of a
// microsecond is bought with them. On one core whoever waits would use up its whole time slice, milliseconds, before the
// other could so much as begin to answer; a table of that would be about the scheduler. So there such routes are absent.
import { availableParallelism } from "node:os";
import { type AsyncRival, named, paces, type Timer } from "../harness/harness.js";
import type { Absence, Figure } from "../harness/result.js";
import { quantile } from "../harness/statistics.js";
import type { PaceName } from "../harness/sweep.js";
import { KiB, MiB, type Variant, withAttachment } from "../harness/window.js";
import { Payload, type Touch } from "../messaging/message.js";
import type { Kind } from "../messaging/port.js";
import { type Receivers, withReceivers } from "../messaging/receiver.js";
import { type RouteName, routes, segmentBytes } from "../messaging/transports.js";
import { type Course, runCourse } from "../messaging/trial.js";

/** A course lasts about so long: what it costs to ask the other end for it, a tenth of that, is not timed anyway. */
const COURSE_NS = 1e6;

/** Of fewer trips the 99th percentile is merely the longest. */
const FEWEST_TRIPS = 100;

/**
 * Messages of a course, however long it then lasts. Of trips so many that the fewest samples that there are, three in each
 * of two rounds, make enough for a 99th percentile; of a flow enough to be one.
 */
const fewestOf = (kind: Kind, pace: PaceName): number =>
  kind === "flow" ? 8 : pace === "quick" ? 1 : Math.ceil(FEWEST_TRIPS / 6);

/** Messages of a proof; in a flow more than a ring has slots, so that it is gone round. */
const provenOf = (kind: Kind, bytes: number): number =>
  kind === "flow" ? Math.max(8, Math.min(1500, MiB / bytes)) : bytes < MiB ? 32 : 2;

const MOST = 1 << 20;

/** How many messages make a course. A pause of the machine may make any one of them long, hardly three. */
async function calibrate(course: (messages: number) => Promise<Course>, fewest: number): Promise<number> {
  for (let messages = fewest; ; ) {
    let shortest = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < 3 && shortest >= COURSE_NS; turn++)
      shortest = Math.min(shortest, (await course(messages)).nanoseconds);
    if (shortest >= COURSE_NS || messages === MOST) return messages;
    messages = Math.min(MOST, Math.ceil(messages * Math.min(8, (1.2 * COURSE_NS) / shortest)));
  }
}

/** What courses say beside their time: all of one rival, but for those that it warms up with. */
class Seen {
  #warmupNs: number;
  readonly #trips: number[] = [];
  #messages = 0;
  #nanoseconds = 0;
  #cpu = 0;
  #wall = 0;

  constructor(pace: PaceName) {
    this.#warmupNs = paces[pace].warmupMs * 1e6;
  }

  add({ each, nanoseconds, cpu, wall }: Course, messages: number): void {
    if (this.#warmupNs > 0) {
      this.#warmupNs -= nanoseconds;
      return;
    }
    for (const time of each) this.#trips.push(time);
    this.#messages += messages;
    this.#nanoseconds += nanoseconds;
    this.#cpu += cpu;
    this.#wall += wall;
  }

  figures(kind: Kind): Figure[] {
    const busy = { name: "busy", value: this.#cpu / this.#wall, unit: "cores" };
    if (kind === "flow")
      return [busy, { name: "messages", value: this.#messages / (this.#nanoseconds / 1e6), unit: "k/s" }];
    const trips = (part: number): number => quantile(this.#trips, part) / 1e3;
    const p50 = { name: "p50", value: trips(0.5), unit: "µs" };
    if (this.#trips.length < FEWEST_TRIPS) return [busy, p50];
    return [busy, p50, { name: "p99", value: trips(0.99), unit: "µs" }];
  }
}

async function rivalOf(
  receivers: Receivers,
  route: RouteName,
  kind: Kind,
  bytes: number,
  touch: Touch,
  pace: PaceName,
): Promise<AsyncRival> {
  const { name, end } = routes[route];
  const payload = new Payload(bytes, touch);
  const course = (messages: number) => runCourse(receivers[end], route, kind, payload, messages);
  const messages = await calibrate(course, fewestOf(kind, pace));
  const seen = new Seen(pace);
  return {
    name,
    path: name,
    operations: messages,
    async: true,
    selfTimed: true,
    async prove() {
      await runCourse(receivers[end], route, kind, new Payload(bytes, "proved"), provenOf(kind, bytes));
    },
    async run() {
      const made = await course(messages);
      seen.add(made, messages);
      return made.nanoseconds;
    },
    figures: () => seen.figures(kind),
  };
}

/** Routes that this machine can have, the one that all others are compared to first; and those that it cannot. */
function available(): { base: RouteName; others: RouteName[]; absent: Absence[] } {
  const [base, ...others] = Object.keys(routes) as [RouteName, ...RouteName[]];
  const spins = (name: RouteName): boolean => availableParallelism() < 2 && "spins" in routes[name];
  const reason = "both sides spin, and this process may use but one core";
  return {
    base,
    others: others.filter((name) => !spins(name)),
    absent: others.filter(spins).map((name) => ({ name: routes[name].name, reason })),
  };
}

const operations: Record<Kind, string> = { trips: "round trip", flow: "one-way flow" };

/** What is handed over; in a quick look either way of doing it once. */
const loadsOf = (pace: PaceName): { touch: Touch; bytes: number }[] =>
  pace === "quick"
    ? [
        { touch: "untouched", bytes: 64 },
        { touch: "touched", bytes: 64 * KiB },
      ]
    : (["untouched", "touched"] as const).flatMap((touch) => [64, 4 * KiB, MiB].map((bytes) => ({ touch, bytes })));

export async function handover(
  _variant: Variant,
  time: Timer,
  _sizes: readonly number[],
  pace: PaceName,
): Promise<void> {
  const { base, others, absent } = available();
  await withAttachment("js", segmentBytes, ({ bytes: window }, { id }) =>
    withReceivers(id, window, async (receivers) => {
      for (const kind of ["trips", "flow"] as const)
        for (const { touch, bytes } of loadsOf(pace)) {
          const rival = (name: RouteName) => rivalOf(receivers, name, kind, bytes, touch, pace);
          const rivals: [AsyncRival, ...AsyncRival[]] = [await rival(base)];
          for (const name of others) rivals.push(await rival(name));
          const group = { ...named(operations[kind], bytes, touch), rivals, absent };
          await time(kind === "flow" ? { ...group, bytes } : group);
        }
    }),
  );
}
