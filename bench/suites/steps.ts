// Create, attach, detach and destroy: each of the four by itself, in the pairs that shm-typed-array makes of them, and all
// of a segment's life.
import type { Segment } from "wasm-shm";
import { type Group, named, type Rival, type Timer } from "../harness/harness.js";
import type { Absence } from "../harness/result.js";
import { expectEqual, GiB, MiB, shmOf, type Variant } from "../harness/window.js";
import { bareCalls, spent } from "../rivals/addon.js";
import { PATH } from "../rivals/path.js";
import { createWithKey } from "../rivals/paths.js";
import { loadPeer } from "../rivals/peers.js";

const LIFE = "create, attach, detach and destroy";

type Step = "create" | "attach" | "detach" | "destroy" | "create and attach" | "detach and destroy" | typeof LIFE;

/** Nanoseconds of `count` times the step. A rival runs all that a step needs, and says what the step took of it. */
type Work = (size: number, count: number) => number;

interface Way {
  readonly name: string;
  readonly path?: string;
  /** Segments of one run. */
  readonly count: (size: number) => number;
  /** Runs before the first that is timed, which is a short one: a compiler has seen them then. */
  readonly warmup: number;
  readonly steps: Partial<Record<Step, Work>>;
  prove(size: number): void;
}

/** Of 1 GiB as many as most machines promise, and have no page of. */
const countOf = (size: number): number => (size < GiB ? 20 : 4);

const now = (): number => Number(process.hrtime.bigint());

/** Nanoseconds that it takes to do it with each. */
function timed<T>(all: readonly T[], work: (one: T) => unknown): number {
  const start = now();
  for (const one of all) work(one);
  return now() - start;
}

/** Segments that this process made, and that are there. */
const ownSegments = (variant: Variant): number =>
  shmOf(variant)
    .list()
    .filter(({ cpid }) => cpid === process.pid).length;

function bare(): Way {
  const work =
    (...parts: number[]): Work =>
    (size, count) => {
      const times = new Float64Array(4);
      spent(bareCalls().steps(size, count, times));
      return parts.reduce((sum, part) => sum + (times[part] as number), 0);
    };
  return {
    name: "system calls",
    path: PATH.native,
    count: countOf,
    warmup: 1,
    steps: {
      create: work(0),
      attach: work(1),
      detach: work(2),
      destroy: work(3),
      "create and attach": work(0, 1),
      "detach and destroy": work(2, 3),
      [LIFE]: (size, count) => spent(bareCalls().wholeLives(size, count)),
    },
    prove() {}, // a call that is refused is thrown
  };
}

function ours(variant: Variant): Way {
  const shm = shmOf(variant);
  const lives = (size: number, count: number): Record<"create" | "attach" | "detach" | "destroy", number> => {
    const segments: Segment[] = [];
    const places = Array.from({ length: count });
    try {
      const create = timed(places, () => segments.push(shm.create(size)));
      const attachments: ReturnType<Segment["attach"]>[] = [];
      const attach = timed(segments, (segment) => attachments.push(segment.attach()));
      const detach = timed(attachments, (attachment) => attachment.detach());
      const destroy = timed(segments, (segment) => segment.destroy());
      return { create, attach, detach, destroy };
    } finally {
      for (const segment of segments) segment[Symbol.dispose]();
    }
  };
  const life = (size: number): void => {
    const segment = shm.create(size);
    try {
      segment.attach().detach();
    } finally {
      segment.destroy();
    }
  };
  return {
    name: "wasm-shm",
    count: countOf,
    warmup: 20,
    steps: {
      create: (size, count) => lives(size, count).create,
      attach: (size, count) => lives(size, count).attach,
      detach: (size, count) => lives(size, count).detach,
      destroy: (size, count) => lives(size, count).destroy,
      "create and attach"(size, count) {
        const { create, attach } = lives(size, count);
        return create + attach;
      },
      "detach and destroy"(size, count) {
        const { detach, destroy } = lives(size, count);
        return detach + destroy;
      },
      [LIFE]: (size, count) => timed(Array.from({ length: count }), () => life(size)),
    },
    prove(size) {
      const segment = shm.create(size);
      try {
        const [first, second] = [segment.attach(), segment.attach()];
        first.bytes[size - 1] = 7;
        expectEqual(second.bytes[size - 1], 7, "what a second attachment shows");
        first.detach();
        expectEqual(segment.stat().nattch, 1, "the attach count after one detach of two");
        second.detach();
      } finally {
        segment[Symbol.dispose]();
      }
    },
  };
}

interface ShmTypedArray {
  create(length: number, type: "Uint8Array"): Uint8Array & { readonly key: number };
  get(key: number, type: "Uint8Array"): Uint8Array | null;
  /** 0 where that destroyed the segment, as it does with the last attachment; else how many are left. */
  detach(key: number): number;
}

/**
 * It makes a segment and attaches it in one call, and destroys it with its last detach. It looks segments up in a list
 * that keeps all that it ever had: so it gets few runs, and short ones, or its time would be that list's.
 */
function shmTypedArray(variant: Variant): Way | Absence {
  const loaded = loadPeer("shm-typed-array");
  if (!("module" in loaded)) return loaded;
  const peer = loaded.module as ShmTypedArray;

  const detach = (key: number, left: number): void => expectEqual(peer.detach(key), left, "what a detach leaves");

  /** Segments that it makes. */
  const lives = (size: number, count: number) => {
    const keys: number[] = [];
    const create = timed(Array.from({ length: count }), () => keys.push(peer.create(size, "Uint8Array").key));
    return { create, detach: timed(keys, (key) => detach(key, 0)) };
  };

  /** Segments that are there already, and stay attached elsewhere. */
  const visits = (size: number, count: number) => {
    const segments: Segment[] = [];
    const keys: number[] = [];
    try {
      while (keys.length < count) {
        const { segment, key } = createWithKey(variant, size);
        segments.push(segment);
        keys.push(key);
        segment.attach();
      }
      const attach = timed(keys, (key) => expectEqual(peer.get(key, "Uint8Array")?.length, size, "its length"));
      return { attach, detach: timed(keys, (key) => detach(key, 1)) };
    } finally {
      for (const segment of segments) segment[Symbol.dispose]();
    }
  };

  return {
    name: "shm-typed-array",
    path: PATH.shmTypedArray,
    count: (size) => Math.min(10, countOf(size)),
    warmup: 1,
    steps: {
      attach: (size, count) => visits(size, count).attach,
      detach: (size, count) => visits(size, count).detach,
      "create and attach": (size, count) => lives(size, count).create,
      "detach and destroy": (size, count) => lives(size, count).detach,
      [LIFE]: (size, count) =>
        timed(Array.from({ length: count }), () => detach(peer.create(size, "Uint8Array").key, 0)),
    },
    prove(size) {
      const bytes = peer.create(size, "Uint8Array");
      try {
        bytes[size - 1] = 7;
        const attachment = shmOf(variant).open({ key: bytes.key }).attach({ access: "read-only" });
        expectEqual(attachment.bytes[size - 1], 7, "what an attachment shows of shm-typed-array's segment");
        attachment.detach();
      } finally {
        peer.detach(bytes.key);
      }
    },
  };
}

function rivalOf(variant: Variant, way: Way, step: Step, work: Work, size: number): Rival {
  const count = way.count(size);
  const run = (): number => work(size, count);
  return {
    name: way.name,
    ...(way.path === undefined ? {} : { path: way.path }),
    operations: count,
    selfTimed: true,
    run,
    prove() {
      const before = ownSegments(variant);
      way.prove(size);
      for (let turn = 0; turn < way.warmup; turn++)
        if (run() <= 0) throw new Error(`${way.name}: ${step} took no time`);
      expectEqual(ownSegments(variant), before, `the segments that ${way.name} leaves`);
    },
  };
}

function group(variant: Variant, step: Step, size: number): Group {
  const peer = shmTypedArray(variant);
  const system = bare();
  const rival = (way: Way): Rival => rivalOf(variant, way, step, way.steps[step] as Work, size);
  const absent: Absence[] = [];
  const rivals: [Rival, ...Rival[]] = [rival(system), rival(ours(variant))];
  if ("reason" in peer) absent.push(peer);
  else if (step in peer.steps) rivals.push(rival(peer));
  else absent.push({ name: peer.name, reason: `it has no call that only does this: ${step}` });
  return { ...named(step, size), cold: true, rivals, absent };
}

export async function steps(variant: Variant, time: Timer): Promise<void> {
  for (const step of ["create", "attach", "detach", "destroy", "create and attach", "detach and destroy"] as const)
    await time(group(variant, step, MiB));
  await time(group(variant, LIFE, MiB));
  // V8 counts each GiB as garbage to come, and collects: an attach in JavaScript takes milliseconds, by whichever package.
  for (const step of ["attach", "detach"] as const) await time(group(variant, step, GiB));
}
