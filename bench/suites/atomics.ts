// Atomic add and compare-exchange on one word of a segment: alone, and while another process adds to the same word. The
// package has no atomics of its own: JavaScript's and WebAssembly's work on an attachment as they are.

import { type Group, named, type Rival, type Timer } from "../harness/harness.js";
import type { Figure } from "../harness/result.js";
import { expectEqual, KiB, type Variant } from "../harness/window.js";
import { Place, withContender } from "../rivals/contender.js";
import { loopsOn } from "../rivals/loops.js";
import { PATH } from "../rivals/path.js";
import { type Paths, withPaths } from "../rivals/paths.js";

const SIZE = 4 * KiB;
const COUNT = 1024; // operations of a call
const WORD = 64; // the word's offset: a cache line that nothing else is on

interface Way {
  readonly name: string;
  readonly path: string;
  /** Each adds 1 to the word, COUNT times. */
  readonly add: () => number;
  readonly exchange: () => number;
}

async function waysOf({ attachment, native }: Paths): Promise<Way[]> {
  const { bytes, byteOffset } = attachment;
  const words = new Int32Array(bytes.buffer, byteOffset, SIZE / 4);
  const at = WORD / 4;
  const loops = await loopsOn(attachment);
  const address = byteOffset + WORD;
  return [
    {
      name: "Atomics",
      path: PATH.array,
      add() {
        let last = 0;
        for (let turn = 0; turn < COUNT; turn++) last = Atomics.add(words, at, 1);
        return last;
      },
      exchange() {
        let seen = Atomics.load(words, at);
        for (let turn = 0; turn < COUNT; turn++)
          for (;;) {
            const was = Atomics.compareExchange(words, at, seen, (seen + 1) | 0);
            const won = was === seen;
            seen = won ? (seen + 1) | 0 : was;
            if (won) break;
          }
        return seen;
      },
    },
    {
      name: "N-API call for each",
      path: PATH.call,
      add() {
        let last = 0;
        for (let turn = 0; turn < COUNT; turn++) last = native.add(WORD);
        return last;
      },
      exchange() {
        let seen = words[at] as number;
        for (let turn = 0; turn < COUNT; turn++)
          for (;;) {
            const was = native.compareExchange(WORD, seen, (seen + 1) | 0);
            const won = was === seen;
            seen = won ? (seen + 1) | 0 : was;
            if (won) break;
          }
        return seen;
      },
    },
    {
      name: PATH.wasm,
      path: PATH.wasm,
      add() {
        loops.addMany(address, COUNT);
        return 1;
      },
      exchange() {
        loops.exchangeMany(address, COUNT);
        return 1;
      },
    },
    {
      name: "native loop",
      path: PATH.native,
      add() {
        native.addMany(WORD, COUNT);
        return 1;
      },
      exchange() {
        native.exchangeMany(WORD, COUNT);
        return 1;
      },
    },
  ];
}

/** While no other process adds to the word, if one does. */
type Quiet = <T>(look: () => T) => T;

/** How fast the other process added since this call: where it had no processor of its own, nothing was contended. */
function othersPace(words: Int32Array): () => Figure[] {
  const start = { count: Atomics.load(words, Place.count), time: performance.now() };
  return () => {
    const count = (Atomics.load(words, Place.count) - start.count) >>> 0; // the word wraps, after half a minute
    const value = count / (performance.now() - start.time) / 1000;
    return [{ name: "meanwhile the other process added", value, unit: "million a second" }];
  };
}

function groups(ways: readonly Way[], words: Int32Array, pattern: string, quiet: Quiet = (look) => look()): Group[] {
  const rival = ({ name, path }: Way, run: () => number): Rival => ({
    name,
    path,
    operations: COUNT,
    run,
    prove() {
      const ours = () => Atomics.load(words, WORD / 4) - Atomics.load(words, Place.count);
      const before = quiet(ours);
      run();
      expectEqual((quiet(ours) - before) | 0, COUNT, `what ${name} added, and no other`);
    },
  });
  const all = (of: (way: Way) => () => number) => ways.map((way) => rival(way, of(way))) as [Rival, ...Rival[]];
  return [
    { ...named("atomic add", undefined, pattern), rivals: all(({ add }) => add) },
    { ...named("atomic compare-exchange", undefined, pattern), rivals: all(({ exchange }) => exchange) },
  ];
}

export async function atomics(variant: Variant, time: Timer): Promise<void> {
  await withPaths(variant, SIZE, async (paths) => {
    const { bytes } = paths.attachment;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, SIZE / 4);
    const ways = await waysOf(paths);
    for (const group of groups(ways, words, "alone")) await time(group);
    await withContender(paths.segment.id, words, WORD / 4, async (quiet) => {
      for (const group of groups(ways, words, "contended", quiet)) {
        const [base, ...others] = group.rivals;
        await time({ ...group, rivals: [{ ...base, figures: othersPace(words) }, ...others] });
      }
    });
  });
}
