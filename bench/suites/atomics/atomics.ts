// Atomic add and compare-exchange on one word of a segment: alone, and while another process adds to the same word. The
// package has no atomics of its own: those of JavaScript and of WebAssembly work on an attachment as they are.
import { type Group, named, type Rival, type Timer } from "../../harness/group.js";
import { PATH } from "../../harness/path.js";
import { expectEqual } from "../../harness/proof.js";
import type { Figure } from "../../harness/result.js";
import { KiB } from "../../harness/size.js";
import type { Variant } from "../../harness/window.js";
import { loopsOn } from "../../rivals/loops.js";
import { type Paths, withPaths } from "../../rivals/paths.js";
import { Place, withConcurrentWriter } from "./writer.js";

const SIZE = 4 * KiB;
const COUNT = 1024; // operations of one call
const WORD = 64; // the word's offset; nothing else is on its cache line

interface Way {
  readonly name: string;
  readonly path: string;
  /** Both add 1 to the word, COUNT times. */
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
        for (let index = 0; index < COUNT; index++) last = Atomics.add(words, at, 1);
        return last;
      },
      exchange() {
        let seen = Atomics.load(words, at);
        for (let index = 0; index < COUNT; index++)
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
        for (let index = 0; index < COUNT; index++) last = native.add(WORD);
        return last;
      },
      exchange() {
        let seen = words[at] as number;
        for (let index = 0; index < COUNT; index++)
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

/** Calls `look` while no other process adds to the word. */
type Quiet = <T>(look: () => T) => T;

/** How fast the other process has added since this call. If it had no core of its own, nothing was contended. */
function writerSpeed(words: Int32Array): () => Figure[] {
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
      const ownAdditions = () => Atomics.load(words, WORD / 4) - Atomics.load(words, Place.count);
      const before = quiet(ownAdditions);
      run();
      expectEqual((quiet(ownAdditions) - before) | 0, COUNT, `the additions of ${name}`);
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
    await withConcurrentWriter(paths.segment.id, words, WORD / 4, async (quiet) => {
      for (const group of groups(ways, words, "contended", quiet)) {
        const [base, ...others] = group.rivals;
        await time({ ...group, rivals: [{ ...base, figures: writerSpeed(words) }, ...others] });
      }
    });
  });
}
