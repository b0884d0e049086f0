// The first touch of each page. It is a page fault, in which the kernel finds the page, or makes one and fills it with
// zeros.
import { type Group, named, type Rival, type Timer } from "../../harness/group.js";
import { PATH } from "../../harness/path.js";
import { expectEqual } from "../../harness/proof.js";
import type { Absence } from "../../harness/result.js";
import { MiB } from "../../harness/size.js";
import { shmOf, type Variant, withAttachment } from "../../harness/window.js";
import { bareCalls, spent } from "../../rivals/addon.js";

/** More than the 32 MiB that malloc(3) may keep for the next array. */
const SIZE = 64 * MiB;

/** One store for each 4 KiB, also if a segment has larger pages: the stores are the same everywhere. */
const STEP = 4096;
const PAGES = SIZE / STEP;

/** Minor faults of this process so far, those without disk access. */
const faults = (): number => process.resourceUsage().minorPageFault;

/** The faults of a rival's last run. */
interface Counted {
  faults: number;
}

/** Nanoseconds of a store to each page. */
function touchAll(bytes: Uint8Array, counted: Counted): number {
  const before = faults();
  const start = process.hrtime.bigint();
  for (let offset = 0; offset < bytes.length; offset += STEP) bytes[offset] = 1;
  const time = Number(process.hrtime.bigint() - start);
  counted.faults = faults() - before;
  return time;
}

/** @param least the fewest faults for each page */
function rivalOf(name: string, path: string | undefined, run: (counted: Counted) => number, least: number): Rival {
  const counted = { faults: 0 };
  return {
    name,
    ...(path === undefined ? {} : { path }),
    operations: PAGES,
    selfTimed: true,
    run: () => run(counted),
    prove() {
      run(counted);
      if (counted.faults < least * PAGES) throw new Error(`${name}: only ${counted.faults} faults of ${PAGES} pages`);
    },
    figures: () => [{ name: "faults", value: counted.faults / PAGES, unit: "a page" }],
  };
}

/** Calls `touch` for an attachment of a new segment, and checks that it reached the last page. */
function fresh(variant: Variant, hugePages: boolean, touch: (id: number, bytes: Uint8Array) => number): number {
  const segment = shmOf(variant).create(SIZE, { hugePages });
  try {
    const { bytes } = segment.attach();
    segment.destroy(); // it lives by its attachment
    const time = touch(segment.id, bytes);
    expectEqual(bytes[SIZE - STEP], 1, "the last page");
    return time;
  } finally {
    segment[Symbol.dispose]();
  }
}

function native(id: number, counted: Counted): number {
  const before = faults();
  const time = spent(bareCalls().touch(id, SIZE, STEP));
  counted.faults = faults() - before;
  return time;
}

/** Why there are no segments of huge pages here; undefined if there are. */
function hugeAbsence(variant: Variant, name: string): Absence | undefined {
  try {
    shmOf(variant).create(SIZE, { hugePages: true }).destroy();
    return undefined;
  } catch (error) {
    return { name, reason: (error as Error).message };
  }
}

/** Pages that no process has used: the kernel makes them. */
function newPages(variant: Variant): Group {
  const huge = "wasm-shm, huge pages";
  const absence = hugeAbsence(variant, huge);
  const byView = (hugePages: boolean) => (counted: Counted) =>
    fresh(variant, hugePages, (_, bytes) => touchAll(bytes, counted));
  const byAddon = (counted: Counted): number => fresh(variant, false, (id) => native(id, counted));
  return {
    ...named("first touch of a page", SIZE, "new segment"),
    cold: true,
    rivals: [
      rivalOf("native loop", PATH.native, byAddon, 1),
      rivalOf("wasm-shm", undefined, byView(false), 1),
      ...(absence === undefined ? [rivalOf(huge, undefined, byView(true), 0)] : []),
      // With transparent huge pages, the kernel chooses how many pages an ordinary allocation gets at once.
      rivalOf("new ArrayBuffer", PATH.array, (counted) => touchAll(new Uint8Array(SIZE), counted), 0),
    ],
    absent: absence === undefined ? [] : [absence],
  };
}

/** Pages that another attachment has touched: the kernel finds them. */
const oldPages = (variant: Variant, time: Timer): Promise<void> =>
  withAttachment(variant, SIZE, async ({ bytes }, { id }) => {
    bytes.fill(1);
    const segment = shmOf(variant).open(id); // destroyed, alive by its attachment: shmat(2) still takes the id
    const again = (counted: Counted): number => {
      const attachment = segment.attach();
      try {
        const spent = touchAll(attachment.bytes, counted);
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
        rivalOf("native loop", PATH.native, (counted) => native(id, counted), 1),
        rivalOf("wasm-shm", undefined, again, 1),
      ],
    });
  });

export async function touch(variant: Variant, time: Timer): Promise<void> {
  await time(newPages(variant));
  await oldPages(variant, time);
}
