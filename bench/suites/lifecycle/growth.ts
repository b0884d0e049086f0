// What one more attachment costs if there are many already: time, memory and mappings. Each attachment of wasm-shm has
// a WebAssembly memory of its own. The guard regions of a memory take mappings and address space, and no RAM.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attachment, Segment } from "wasm-shm";
import { type AsyncRival, named, type Timer } from "../../harness/group.js";
import type { PaceName } from "../../harness/pace.js";
import { PATH } from "../../harness/path.js";
import { expectEqual } from "../../harness/proof.js";
import type { Figure } from "../../harness/result.js";
import { collect } from "../../harness/sampling.js";
import { KiB } from "../../harness/size.js";
import { median } from "../../harness/statistics.js";
import { shmOf, type Variant, withAttachment } from "../../harness/window.js";
import { bareCalls, spent } from "../../rivals/addon.js";

/** Bytes of the segment: few, as the number of attachments is what grows. */
const SIZE = 64 * KiB;

/** Attachments that are timed, in addition to those that exist. */
const MORE = 10;

/** Further ones, of which the memory is told: with fewer, the engine's own heap would decide. */
const WEIGHED = 100;

const countsOf = (pace: PaceName): readonly number[] => (pace === "quick" ? [1, 10, 100] : [1, 10, 100, 1000]);

/** This process in all: KiB of memory and of page tables, and lines of its map. */
interface Footprint {
  readonly resident: number;
  readonly tables: number;
  readonly lines: number;
}

function footprint(): Footprint {
  const status = readFileSync("/proc/self/status", "latin1");
  const kibibytes = (label: string): number => {
    const found = new RegExp(`^${label}:\\s*(\\d+) kB$`, "m").exec(status)?.[1];
    if (found === undefined) throw new Error(`/proc/self/status has no ${label}`);
    return Number(found);
  };
  return {
    resident: kibibytes("RssAnon") + kibibytes("RssShmem"),
    tables: kibibytes("VmPTE"),
    lines: readFileSync("/proc/self/maps", "latin1").split("\n").length - 1,
  };
}

/** The footprint without garbage. */
async function cleanFootprint(): Promise<Footprint> {
  collect();
  await sleep(1); // the engine frees memories in the background
  return footprint();
}

/** With so many collections a run begins at most. */
const MOST_COLLECTIONS = 8;

/**
 * Waits until the memories of the run before are freed. Those that another object held are freed only by the next
 * collection: after two or three no line of the map goes away any more.
 */
async function settle(): Promise<void> {
  let { lines } = await cleanFootprint();
  for (let count = 1; count < MOST_COLLECTIONS; count++) {
    const { lines: now } = await cleanFootprint();
    if (now >= lines) return;
    lines = now;
  }
}

/** One way to attach many times. */
interface Way {
  readonly name: string;
  readonly path?: string;
  /** Attaches `count` times more. Returns nanoseconds. */
  attach(count: number): number;
  /** Detaches all. Returns nanoseconds. */
  detach(): number;
}

const bare = (segment: Segment): Way => ({
  name: "shmat(2)",
  path: PATH.native,
  attach: (count) => spent(bareCalls().attach(segment.id, count)),
  detach: () => spent(bareCalls().detachAll()),
});

function byPackage(segment: Segment, name: string, first: (attachment: Attachment) => void): Way {
  let attachments: Attachment[] = [];
  return {
    name,
    attach(count) {
      const start = process.hrtime.bigint();
      for (let made = 0; made < count; made++) {
        const attachment = segment.attach();
        first(attachment);
        attachments.push(attachment);
      }
      return Number(process.hrtime.bigint() - start);
    },
    detach() {
      const start = process.hrtime.bigint();
      for (const attachment of attachments) attachment.detach();
      const time = Number(process.hrtime.bigint() - start);
      attachments = []; // the garbage collector frees their memories
      return time;
    },
  };
}

/** The cost of one more, under the kernel's names, and the mean of the detach of all: a value for each run. */
type Costs = Record<"RSS" | "VmPTE" | "maps" | "detach", number[]>;

const units: Record<keyof Costs, string> = {
  RSS: "KiB each",
  VmPTE: "KiB each",
  maps: "lines each",
  detach: "µs each",
};

function rivalOf(segment: Segment, way: Way, count: number): AsyncRival {
  const costs: Costs = { RSS: [], VmPTE: [], maps: [], detach: [] };
  const run = async (): Promise<number> => {
    await settle();
    let time: number;
    let before: Footprint;
    let after: Footprint;
    let detach: number;
    try {
      way.attach(count);
      time = way.attach(MORE);
      before = await cleanFootprint();
      way.attach(WEIGHED);
      after = await cleanFootprint();
    } finally {
      detach = way.detach();
    }
    costs.RSS.push((after.resident - before.resident) / WEIGHED);
    costs.VmPTE.push((after.tables - before.tables) / WEIGHED);
    costs.maps.push((after.lines - before.lines) / WEIGHED);
    costs.detach.push(detach / (count + MORE + WEIGHED) / 1e3);
    return time;
  };
  return {
    name: way.name,
    ...(way.path === undefined ? {} : { path: way.path }),
    operations: MORE,
    async: true,
    selfTimed: true,
    run,
    prove() {
      const { nattch } = segment.stat();
      try {
        way.attach(MORE);
        expectEqual(segment.stat().nattch, nattch + MORE, "the attach count");
      } finally {
        way.detach();
      }
      expectEqual(segment.stat().nattch, nattch, "the attach count afterwards");
    },
    figures: () =>
      (Object.keys(units) as (keyof Costs)[]).map(
        (name): Figure => ({ name, value: median(costs[name]), unit: units[name] }),
      ),
  };
}

export async function growth(variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  const shm = shmOf(variant);
  await withAttachment(variant, SIZE, async (attachment, { id }) => {
    attachment.cursor().writeUint32(1);
    const segment = shm.open(id); // destroyed, alive by its attachment: shmat(2) still takes the id
    const withCursor = (attachment: Attachment): void =>
      expectEqual(attachment.cursor().readUint32(), 1, "what it reads");
    for (const count of countsOf(pace))
      await time({
        ...named("attach one more", undefined, `${count.toLocaleString("en")} attached`),
        cold: true,
        rivals: [
          rivalOf(segment, bare(segment), count),
          rivalOf(
            segment,
            byPackage(segment, "wasm-shm", () => {}),
            count,
          ),
          rivalOf(segment, byPackage(segment, "wasm-shm, and a first cursor", withCursor), count),
        ],
        absent: [
          {
            name: PATH.shmTypedArray,
            reason: "of several attachments of one segment in one process it can detach the first only",
          },
        ],
      });
  });
}
