// The ways to create, attach, detach and destroy segments: the bare system calls, and wasm-shm.
import type { Segment } from "wasm-shm";
import { PATH } from "../../harness/path.js";
import { expectEqual } from "../../harness/proof.js";
import { GiB } from "../../harness/size.js";
import { shmOf, type Variant } from "../../harness/window.js";
import { bareCalls, spent } from "../../rivals/addon.js";

const WASM_PAGE = 65536;

/** All four steps, one segment after the other. */
export const LIFE = "create, attach, detach and destroy";

export type Step =
  | "create"
  | "attach"
  | "detach"
  | "destroy"
  | "create and attach"
  | "detach and destroy"
  | typeof LIFE;

/** Runs all that a step needs, `count` times. Returns the nanoseconds of the step alone. */
export type Work = (size: number, count: number) => number;

/** One way to make segments and attach them. */
export interface Way {
  readonly name: string;
  readonly path?: string;
  /** Segments of one run. */
  readonly count: (size: number) => number;
  /** Untimed runs before the first timed one. A timed run is short, so the compiler must have seen the code before. */
  readonly warmup: number;
  readonly steps: Partial<Record<Step, Work>>;
  prove(size: number): void;
}

/** Segments of one run. Of 1 GiB only so many as most machines promise; no page of them is touched. */
export const countOf = (size: number): number => (size < GiB ? 20 : 4);

const now = (): number => Number(process.hrtime.bigint());

/** Nanoseconds of `work` on all of them. */
export function timed<T>(all: readonly T[], work: (one: T) => unknown): number {
  const start = now();
  for (const one of all) work(one);
  return now() - start;
}

export function systemCalls(): Way {
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
    prove() {}, // `spent` throws if a call was refused
  };
}

/** The goal of a life: twice the time of its system calls, and that of the one Memory that it needs. */
export function allowance(): Way {
  const memories = (size: number, count: number): number => {
    const limits = { initial: size / WASM_PAGE + 1, maximum: size / WASM_PAGE + 1, shared: true };
    return timed(Array.from({ length: count }), () => new WebAssembly.Memory(limits).buffer);
  };
  return {
    ...systemCalls(),
    name: "twice the calls, and a Memory",
    warmup: 20,
    steps: { [LIFE]: (size, count) => 2 * spent(bareCalls().wholeLives(size, count)) + memories(size, count) },
  };
}

export function wasmShm(variant: Variant): Way {
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
