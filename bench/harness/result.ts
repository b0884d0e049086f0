// The result file that `npm run bench -- --json FILE` writes: what was measured, and under which conditions.
// bench/harness/schema.json says the same to a validator; a test checks that the two agree.

/** Raised if a reader of older files would misread a newer one. */
export const FORMAT = 1;

export interface ResultFile {
  readonly format: typeof FORMAT;
  /** One run for each Node that was asked for. */
  readonly runs: readonly Run[];
}

/** Everything that one Node measured. */
export interface Run {
  readonly conditions: Conditions;
  readonly cases: readonly Case[];
  /** What is not there in whole, and why: suites that failed, or that an interrupted run did not come to. */
  readonly incomplete?: readonly string[];
}

/** Without these a figure means nothing. What the machine does not say is left out. */
export interface Conditions {
  /** Twelve digits of the commit's id, or "unknown" outside a checkout. */
  readonly commit: string;
  /** The measured code differs from that commit. */
  readonly dirty: boolean;
  readonly cpu: string;
  /** Logical cores that this process may use. */
  readonly cores: number;
  readonly architecture: string;
  /** Frequency governor of the first core: /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor. */
  readonly governor?: string;
  /** Whether two logical cores share one physical core: /sys/devices/system/cpu/smt/active. */
  readonly smt?: boolean;
  readonly kernel: string;
  readonly node: string;
  readonly v8: string;
  /** When the run began, ISO 8601 in UTC. */
  readonly date: string;
  readonly pace: "full" | "quick";
  /** Fresh processes over which the rounds of every case are spread. */
  readonly processes: number;
  /** Per cent that the last rival of each group did more, for a test of `--compare`. Left out in a record. */
  readonly planted?: number;
  /** Load of the last minute when the run began. */
  readonly loadAverage: number;
  /** Versions of the packages that are measured against. */
  readonly rivals: Readonly<Record<string, string>>;
}

/** One operation at one size, done by all its rivals. Suite, core and name together are unique in a run. */
export interface Case {
  readonly suite: string;
  /** "wasm", "auto" or "js". An older record may have a core that has been removed since. */
  readonly core: string;
  /** Operation, pattern and size, as the terminal shows them. */
  readonly name: string;
  readonly operation: string;
  /** Bytes of the window, chunk or message that an operation is about; left out if size is not the point. */
  readonly size?: number;
  /** How the operation goes about it: "sequential", "random", "contended", "first call" … */
  readonly pattern?: string;
  /** Bytes that an operation moves or reads: bytes over nanoseconds is GB/s. Left out if speed is not the point. */
  readonly bytes?: number;
  /** The rival that the others are compared to; the first. */
  readonly base: string;
  /** Rounds of all processes together. */
  readonly rounds: number;
  readonly rivals: readonly RivalResult[];
  /** Rivals that this machine or this Node could not have, and why. */
  readonly absent: readonly Absence[];
}

export interface Absence {
  readonly name: string;
  readonly reason: string;
}

/** Each as bench/harness/statistics.ts computes it. */
export interface Summary {
  readonly median: number;
  /** The first and the third quartile. */
  readonly quartiles: readonly [low: number, high: number];
  /** The 95 % confidence interval of all rounds' median, and that of the processes' medians: of fewer than six their range. */
  readonly interval: readonly [low: number, high: number];
  /** The interval is too wide for the median to be stated as a figure. */
  readonly wide: boolean;
}

export interface RivalResult {
  readonly name: string;
  /** The access path, under one name in all cases: "wasm core", "DataView", "native" … */
  readonly path?: string;
  /** Time of one operation. */
  readonly nanoseconds: Summary;
  /** Time over the base's time in the same round; the base has none. */
  readonly ratio?: Summary;
  readonly goals: readonly GoalResult[];
  /** Further figures, such as a 99th percentile or resident bytes: the medians of the processes. */
  readonly figures: readonly Figure[];
  /** Nanoseconds of one operation in each round, a list for each process. All rivals of a case have the same rounds. */
  readonly times: readonly (readonly number[])[];
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The value of each process, if more than one has it. */
  readonly values?: readonly number[];
}

export interface GoalResult {
  readonly text: string;
  /** What was judged, if no column shows it. */
  readonly figure?: string;
  /** The ends of the figure's interval: "1.42..1.58". */
  readonly interval?: string;
  readonly holds: boolean;
  /** The goal holds at one end of the interval and not at the other: the next run may say otherwise. */
  readonly withinNoise?: boolean;
  /** The ratio of each process, if the goal is not about the times. */
  readonly ratios?: readonly number[];
}
