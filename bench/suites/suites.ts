// What can be run: each suite with what it is about, and on which cores.

import type { Timer } from "../harness/harness.js";
import type { PaceName } from "../harness/sweep.js";
import type { Variant } from "../harness/window.js";
import { access } from "./access.js";
import { array } from "./array.js";
import { atomics } from "./atomics.js";
import { bytes } from "./bytes.js";
import { checksum } from "./checksum.js";
import { compare } from "./compare.js";
import { cursor } from "./cursor.js";
import { fill } from "./fill.js";
import { first } from "./first.js";
import { lifecycle } from "./lifecycle.js";
import { handover } from "./messaging.js";
import { numeric } from "./numeric.js";
import { sandbox } from "./sandbox.js";
import { search } from "./search.js";
import { swap } from "./swap.js";
import { text } from "./text.js";
import { utf8 } from "./utf8.js";
import { varint } from "./varint.js";
import { x11 } from "./x11.js";

export interface Suite {
  readonly about: string;
  readonly variants: readonly Variant[];
  /**
   * Hands its groups to `time`, one after the other.
   *
   * @param sizes bytes of a window, for those that work on a whole one
   * @param pace for those that have a sweep of their own: bench/harness/sweep.ts
   */
  run(variant: Variant, time: Timer, sizes: readonly number[], pace: PaceName): Promise<void>;
  /** What must be built first: bench/native, or the native peers of bench/package.json. */
  readonly needs?: readonly ("addon" | "peers")[];
}

const cores: readonly Variant[] = ["wasm", "js"];
const builds: readonly Variant[] = ["wasm", "auto", "js"];

export const suites = {
  access: {
    about: "single numbers and records by every access path, from L1 to RAM",
    variants: cores,
    run: access,
    needs: ["addon", "peers"],
  },
  atomics: {
    about: "atomic add and compare-exchange, alone and against another process",
    variants: ["js"],
    run: atomics,
    needs: ["addon", "peers"],
  },
  cursor: { about: "numbers at the cursor, against DataView and Buffer", variants: cores, run: cursor },
  bytes: {
    about: "read and write of 8 B to 256 MiB by every access path",
    variants: cores,
    run: bytes,
    needs: ["addon", "peers"],
  },
  lifecycle: {
    about: "create, attach, detach and destroy, against system calls and shm-typed-array",
    variants: ["wasm"],
    run: lifecycle,
    needs: ["addon", "peers"],
  },
  first: { about: "time to the first call, in new processes", variants: ["wasm", "auto"], run: first },
  varint: { about: "arrays of varints, against a loop and the other core", variants: cores, run: varint },
  text: { about: "strings, against TextDecoder, TextEncoder and Buffer", variants: cores, run: text },
  array: { about: "arrays of the other byte order, against DataView", variants: builds, run: array },
  checksum: {
    about: "crc32, crc32c, adler32, xxh64, xxh3, against hash-wasm and zlib",
    variants: builds,
    run: checksum,
  },
  search: { about: "indexOf and lastIndexOf, against Buffer", variants: builds, run: search },
  compare: { about: "equals and compare, against Buffer", variants: builds, run: compare },
  fill: { about: "fill and copyWithin, against Buffer", variants: builds, run: fill },
  swap: { about: "swap16, swap32 and swap64, against Buffer", variants: builds, run: swap },
  utf8: { about: "isUtf8, against node:buffer and a loop", variants: builds, run: utf8 },
  sandbox: { about: "a guest in place against copies, its calls, the write guard", variants: ["wasm"], run: sandbox },
  x11: { about: "frames to an X server, against the package x11's own ways", variants: ["wasm"], run: x11 },
  handover: {
    about: "messages to another process, against process.send, a socket and postMessage",
    variants: ["js"],
    run: handover,
  },
  numeric: { about: "sum, min and max, against a loop", variants: builds, run: numeric },
} as const satisfies Record<string, Suite>;
