// What a suite hands over to be measured: a group of rivals that do the same work.
import type { Absence, Figure } from "./result.js";
import { sizeName } from "./size.js";

export interface Goal {
  readonly text: string;
  /** The rivals that it is judged against: the one of the least median (default: the base). */
  readonly against?: readonly string[];
  /** What is judged, if no column shows it. Its arguments are those of `met`. */
  readonly figure?: (ratio: number, extra: number, own: number) => string;
  /** A ratio of this process that is judged instead of that of the times. Asked for after the rivals were timed. */
  readonly ratio?: () => number;
  /**
   * Whether the goal holds. If it holds for some arguments, it holds for smaller ones.
   *
   * @param ratio the rival's time over the other's, in the same round
   * @param extra nanoseconds of one operation that the rival takes beyond the other's, in the same round
   * @param own nanoseconds of one operation
   */
  met(ratio: number, extra: number, own: number): boolean;
}

interface Work {
  readonly name: string;
  /** The access path, under one name in all groups: "wasm core", "DataView", "native" … */
  readonly path?: string;
  /** Operations that one call of `run` makes. */
  readonly operations: number;
  /** `run` returns the nanoseconds of its timed part, because not all of it is to be timed. */
  readonly selfTimed?: boolean;
  /** Milliseconds of one call. A rival that says so has warmed up by itself, and each call of it is a sample. */
  readonly lastsMs?: number;
  readonly goals?: readonly Goal[];
  /** Further figures of this rival, asked for after it was timed. */
  readonly figures?: () => readonly Figure[];
}

/** One way to do the group's work. */
export interface Rival extends Work {
  readonly async?: false;
  /** Throws if this rival's answer is wrong. Called before any rival of the group is timed. */
  prove(): void;
  /** Does the work. The result depends on the work, so that no compiler can leave the work out. */
  run(): number;
}

/** A rival that waits for something else, such as another process. */
export interface AsyncRival extends Work {
  readonly async: true;
  prove(): void | Promise<void>;
  run(): Promise<number>;
}

export type AnyRival = Rival | AsyncRival;

/** An operation at one size, and the rivals that do it. The first rival is the base. */
export interface Group<R extends AnyRival = Rival> {
  /** Unique in its suite: the operation, its pattern and its size; see {@link named}. */
  readonly name: string;
  /** Default: the name. */
  readonly operation?: string;
  /** Bytes of the window, chunk or message that an operation is about, if size is the point. */
  readonly size?: number;
  /** How the operation goes about it: "sequential", "random", "contended" … */
  readonly pattern?: string;
  /** Bytes that an operation moves or reads, if speed is the point. */
  readonly bytes?: number;
  /** Milliseconds of each sample (default 0.5). Longer if a sample must pay for the garbage that it makes. */
  readonly sampleMs?: number;
  /**
   * Garbage is not collected between rounds. A collection ends code that V8 compiled for objects of which none is left, such as
   * messages that were read: what follows would time the compiler.
   */
  readonly keepsGarbage?: boolean;
  /** Times what another process or thread answers, in a suite of which the rest does not: the pace is `patient`. */
  readonly hasParties?: boolean;
  /** Each sample is one call, without a warm-up: for work that is slow the first time, in a process of its own. */
  readonly cold?: boolean;
  readonly rivals: readonly [R, ...R[]];
  /** Rivals that this machine cannot have, and why. */
  readonly absent?: readonly Absence[];
}

/** A group's name in words, and its parts for a reader of the results. */
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

/** No two rivals have one name, and the rivals that a goal names are in the group. */
export function checkGroup({ name, rivals }: Group<AnyRival>): void {
  const names = rivals.map((rival) => rival.name);
  const twice = names.find((other, index) => names.indexOf(other) !== index);
  if (twice !== undefined) throw new Error(`${name}: two rivals are called ${twice}`);
  for (const { goals = [] } of rivals)
    for (const other of goals.flatMap(({ against = [] }) => against))
      if (!names.includes(other)) throw new Error(`${name}: a goal names ${other}; there are ${names.join(", ")}`);
}
