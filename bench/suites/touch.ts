// The first touch of each page: a fault, in which the kernel finds the page or makes it, and fills it with zeros.

import { type Group, named, type Rival, type Timer } from "../harness/harness.js";
import type { Absence } from "../harness/result.js";
import { expectEqual, MiB, shmOf, type Variant, withAttachment } from "../harness/window.js";
import { bareCalls, spent } from "../rivals/addon.js";
import { PATH } from "../rivals/path.js";

/** More than malloc(3) ever keeps for the next array: 32 MiB. */
const SIZE = 64 * MiB;

/** Of 4 KiB, whatever pages a segment has: the same stores everywhere. */
const STEP = 4096;
const PAGES = SIZE / STEP;

/** Faults of this process so far that needed no disk. */
const faults = (): number => process.resourceUsage().minorPageFault;

/** What one rival's last run saw. */
interface Seen {
  faults: number;
}

/** Nanoseconds of a store to each page. */
function touchAll(bytes: Uint8Array, seen: Seen): number {
  const before = faults();
  const start = process.hrtime.bigint();
  for (let offset = 0; offset < bytes.length; offset += STEP) bytes[offset] = 1;
  const time = Number(process.hrtime.bigint() - start);
  seen.faults = faults() - before;
  return time;
}

/** @param least faults a page that it has at least */
function rivalOf(name: string, path: string | undefined, run: (seen: Seen) => number, least: number): Rival {
  const seen = { faults: 0 };
  return {
    name,
    ...(path === undefined ? {} : { path }),
    operations: PAGES,
    selfTimed: true,
    run: () => run(seen),
    prove() {
      run(seen);
      if (seen.faults < least * PAGES) throw new Error(`${name}: only ${seen.faults} faults of ${PAGES} pages`);
    },
    figures: () => [{ name: "faults", value: seen.faults / PAGES, unit: "a page" }],
  };
}

/** A store to each page of an attachment of its own, by `touch`, of a segment that nobody else has. */
function fresh(variant: Variant, hugePages: boolean, touch: (id: number, bytes: Uint8Array) => number): number {
  const segment = shmOf(variant).create(SIZE, { hugePages });
  try {
    const { bytes } = segment.attach();
    segment.destroy(); // alive by its attachment
    const time = touch(segment.id, bytes);
    expectEqual(bytes[SIZE - STEP], 1, "the last page");
    return time;
  } finally {
    segment[Symbol.dispose]();
  }
}

function native(id: number, seen: Seen): number {
  const before = faults();
  const time = spent(bareCalls().touch(id, SIZE, STEP));
  seen.faults = faults() - before;
  return time;
}

/** Why there are no segments of large pages; undefined where there are. */
function hugeAbsence(variant: Variant, name: string): Absence | undefined {
  try {
    shmOf(variant).create(SIZE, { hugePages: true }).destroy();
    return undefined;
  } catch (error) {
    return { name, reason: (error as Error).message };
  }
}

/** Pages that nobody has had: the kernel makes them. */
function newPages(variant: Variant): Group {
  const huge = "wasm-shm, huge pages";
  const absence = hugeAbsence(variant, huge);
  const byView = (hugePages: boolean) => (seen: Seen) => fresh(variant, hugePages, (_, bytes) => touchAll(bytes, seen));
  const byAddon = (seen: Seen): number => fresh(variant, false, (id) => native(id, seen));
  return {
    ...named("first touch of a page", SIZE, "new segment"),
    cold: true,
    rivals: [
      rivalOf("native loop", PATH.native, byAddon, 1),
      rivalOf("wasm-shm", undefined, byView(false), 1),
      ...(absence === undefined ? [rivalOf(huge, undefined, byView(true), 0)] : []),
      // How many pages an ordinary allocation has at once is the kernel's choice: transparent huge pages.
      rivalOf("new ArrayBuffer", PATH.array, (seen) => touchAll(new Uint8Array(SIZE), seen), 0),
    ],
    absent: absence === undefined ? [] : [absence],
  };
}

/** Pages that another attachment has: the kernel finds them. */
const oldPages = (variant: Variant, time: Timer): Promise<void> =>
  withAttachment(variant, SIZE, async ({ bytes }, { id }) => {
    bytes.fill(1);
    const segment = shmOf(variant).open(id); // removed by name, alive by its attachment: shmat(2) still takes the id
    const again = (seen: Seen): number => {
      const attachment = segment.attach();
      try {
        const spent = touchAll(attachment.bytes, seen);
        expectEqual(attachment.bytes[SIZE - 1], 1, "the last byte");
        return spent;
      } finally {
        attachment.detach();
      }
    };
    await time({
      ...named("first touch of a page", SIZE, "by a second attachment"),
      cold: true,
      rivals: [
        rivalOf("native loop", PATH.native, (seen) => native(id, seen), 1),
        rivalOf("wasm-shm", undefined, again, 1),
      ],
    });
  });

export async function touch(variant: Variant, time: Timer): Promise<void> {
  await time(newPages(variant));
  await oldPages(variant, time);
}
