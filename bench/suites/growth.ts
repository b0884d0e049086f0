// What one more attachment costs where there are many: time, memory and mappings. Each of wasm-shm's has a WebAssembly
// memory of its own, whose guard regions are a part of the map, and of the address space, though not of the RAM.
import { readFileSync } from "node:fs";
import type { Attachment, Segment } from "wasm-shm";
import { collect, named, type Rival, type Timer } from "../harness/harness.js";
import type { Figure } from "../harness/result.js";
import { median } from "../harness/statistics.js";
import type { PaceName } from "../harness/sweep.js";
import { expectEqual, KiB, shmOf, type Variant, withAttachment } from "../harness/window.js";
import { bareCalls, spent } from "../rivals/addon.js";
import { PATH } from "../rivals/path.js";

/** Small, as it is not bytes that grow here. */
const SIZE = 64 * KiB;

/** Attachments that are timed, beside those that are there. */
const MORE = 10;

const countsOf = (pace: PaceName): readonly number[] => (pace === "quick" ? [1, 10, 100] : [1, 10, 100, 1000, 4000]);

/** What this process has, in all: kibibytes, and lines of its map. */
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

/** One way to attach again and again. */
interface Way {
  readonly name: string;
  readonly path?: string;
  /** Attaches so many times more: nanoseconds. */
  attach(count: number): number;
  /** Detaches all: nanoseconds. */
  detach(): number;
}

const bare = (segment: Segment): Way => ({
  name: "shmat(2)",
  path: PATH.native,
  attach: (count) => spent(bareCalls().attach(segment.id, count)),
  detach: () => spent(bareCalls().detachAll()),
});

function ours(segment: Segment, name: string, first: (attachment: Attachment) => void): Way {
  let attachments: Attachment[] = [];
  return {
    name,
    attach(count) {
      const start = process.hrtime.bigint();
      for (let turn = 0; turn < count; turn++) {
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
      attachments = []; // their memories go with the garbage collector
      return time;
    },
  };
}

/** What was seen of each attachment, in the kernel's words: a value for each run. */
type Seen = Record<"RSS" | "VmPTE" | "maps" | "detach", number[]>;

const units: Record<keyof Seen, string> = {
  RSS: "KiB each",
  VmPTE: "KiB each",
  maps: "lines each",
  detach: "µs each",
};

function rivalOf(segment: Segment, way: Way, count: number): Rival {
  const seen: Seen = { RSS: [], VmPTE: [], maps: [], detach: [] };
  const run = (): number => {
    collect(); // memories of the run before are given back in the background; this waits for it
    const before = footprint();
    let time: number;
    let after: Footprint;
    let detach: number;
    try {
      way.attach(count);
      time = way.attach(MORE);
      after = footprint();
    } finally {
      detach = way.detach();
    }
    const all = count + MORE;
    seen.RSS.push((after.resident - before.resident) / all);
    seen.VmPTE.push((after.tables - before.tables) / all);
    seen.maps.push((after.lines - before.lines) / all);
    seen.detach.push(detach / all / 1e3);
    return time;
  };
  return {
    name: way.name,
    ...(way.path === undefined ? {} : { path: way.path }),
    operations: MORE,
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
      (Object.keys(units) as (keyof Seen)[]).map(
        (name): Figure => ({ name, value: median(seen[name]), unit: units[name] }),
      ),
  };
}

export async function growth(variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  const shm = shmOf(variant);
  await withAttachment(variant, SIZE, async (attachment, { id }) => {
    attachment.cursor().writeUint32(1);
    const segment = shm.open(id); // removed by name, alive by its attachment: shmat(2) still takes the id
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
            ours(segment, "wasm-shm", () => {}),
            count,
          ),
          rivalOf(segment, ours(segment, "wasm-shm, and a first cursor", withCursor), count),
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
