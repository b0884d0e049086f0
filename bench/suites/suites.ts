// The list of all suites: what each is about, the cores that it measures, and what must be built for it. A new suite is
// a file in this folder and an entry here. A suite of several files is a folder. A file that another one starts, as a
// process or as a thread, lies beside it: first.child.ts is started by first.ts.
import type { Timer } from "../harness/group.js";
import type { PaceName } from "../harness/pace.js";
import type { Variant } from "../harness/window.js";
import { access } from "./access/access.js";
import { array } from "./array.js";
import { atomics } from "./atomics/atomics.js";
import { bytes } from "./bytes/bytes.js";
import { checksum } from "./checksum.js";
import { compare } from "./compare.js";
import { cursor } from "./cursor/cursor.js";
import { fill } from "./fill.js";
import { first } from "./first/first.js";
import { goals } from "./goals/goals.js";
import { lifecycle } from "./lifecycle/lifecycle.js";
import { locks } from "./locks/locks.js";
import { messaging } from "./messaging/messaging.js";
import { numeric } from "./numeric.js";
import { sandbox } from "./sandbox/sandbox.js";
import { search } from "./search.js";
import { swap } from "./swap.js";
import { text } from "./text.js";
import { utf8 } from "./utf8.js";
import { varint } from "./varint.js";
import { x11 } from "./x11/x11.js";

export interface Suite {
  readonly about: string;
  readonly variants: readonly Variant[];
  /** Hands its groups to `time`, one after the other. `pace` decides the sizes of windows: bench/harness/pace.ts. */
  run(variant: Variant, time: Timer, pace: PaceName): Promise<void>;
  /** What must be built first: the addon of bench/native, or the native packages of bench/package.json. */
  readonly needs?: readonly ("addon" | "packages")[];
  /** Runs only if it is named, and ends with one table instead of one for each group. */
  readonly isTable?: boolean;
  /** Each of its groups times what another process or thread answers: the pace is `patient`. */
  readonly hasParties?: boolean;
}

/** For suites of cursors. */
const allCores: readonly Variant[] = ["wasm", "auto", "js"];

/** For suites of ranges, which "auto" has of the wasm core, and of single numbers and bytes, which it has of the js core. */
const bothCores: readonly Variant[] = ["wasm", "js"];

export const suites = {
  access: {
    about: "single numbers and records by every access path, from L1 to RAM",
    variants: bothCores,
    run: access,
    needs: ["addon", "packages"],
  },
  atomics: {
    about: "atomic add and compare-exchange, alone and against another process",
    variants: ["js"],
    run: atomics,
    needs: ["addon", "packages"],
  },
  cursor: { about: "numbers at the cursor, against DataView and Buffer", variants: allCores, run: cursor },
  bytes: {
    about: "read and write of 8 B to 64 MiB by every access path",
    variants: bothCores,
    run: bytes,
    needs: ["addon", "packages"],
  },
  lifecycle: {
    about: "create, attach, detach and destroy, against system calls and shm-typed-array",
    variants: ["wasm"],
    run: lifecycle,
    needs: ["addon", "packages"],
  },
  first: {
    about: "the import and the time to the first call, in new processes",
    variants: ["wasm", "auto"],
    run: first,
  },
  varint: { about: "arrays of varints, against a loop and the js core", variants: allCores, run: varint },
  text: { about: "strings, against TextDecoder, TextEncoder and Buffer", variants: allCores, run: text },
  array: { about: "arrays in big-endian order, against DataView", variants: allCores, run: array },
  checksum: {
    about: "crc32, crc32c, adler32, xxh64, xxh3, against hash-wasm and zlib",
    variants: bothCores,
    run: checksum,
  },
  search: { about: "indexOf and lastIndexOf, against Buffer", variants: bothCores, run: search },
  compare: { about: "equals and compare, against Buffer", variants: bothCores, run: compare },
  fill: { about: "fill and copyWithin, against Buffer", variants: bothCores, run: fill },
  swap: { about: "swap16, swap32 and swap64, against Buffer", variants: bothCores, run: swap },
  utf8: { about: "isUtf8, against node:buffer and a loop", variants: bothCores, run: utf8 },
  sandbox: {
    about: "a guest in place against copies, calls of a guest, and the write guard",
    variants: ["wasm"],
    run: sandbox,
  },
  x11: { about: "frames to an X server, against the package x11's own providers", variants: ["wasm"], run: x11 },
  locks: {
    about: "mutexes and read-write locks, alone and against another party, beside glibc's",
    variants: ["js"],
    run: locks,
    hasParties: true,
    needs: ["addon"],
  },
  messaging: {
    about: "messages to another process, against process.send, a socket and postMessage; the goals of channels",
    variants: ["js"],
    run: messaging,
    hasParties: true,
    needs: ["addon", "packages"],
  },
  goals: {
    about: "each operation against the best alternative, in one table; not among all",
    variants: ["auto"],
    run: goals,
    isTable: true,
  },
  numeric: { about: "sum, min and max, against a loop", variants: bothCores, run: numeric },
} as const satisfies Record<string, Suite>;
