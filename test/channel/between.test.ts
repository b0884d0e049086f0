// Both sides in processes of their own, in every pair of languages, and killed at random moments: messages arrive whole and in
// order, at positions that wrap, and what is left continues.
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import type { Domain } from "wasm-shm";
import { Ring } from "#src/channel/layout.js";
import { TopicWord } from "#src/channel/subscriptions.js";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { end } from "../support/child.js";
import { absent } from "../support/peers.js";
import type { Language } from "../sync/kills.js";
import { kernelHosts, wordsOf } from "../sync/support.js";
import { lacking, languages, start } from "./parties.js";
import { BYTES, PLACE, RESULTS, Result } from "./work.js";

const CAPACITY = 8192;
/** On a machine with ten times as much to do, 30 s were not enough. */
const HANG_MS = 120_000;
/** Positions and numbers begin shortly before they wrap. */
const NEAR = -16 * CAPACITY;

interface Kind {
  /** Who writes and who reads, and how many of each. */
  readonly roles: readonly [string, string];
  readonly counts: readonly [number, number];
  make(domain: Domain): unknown;
  /** Words that hold positions or numbers at the beginning. */
  readonly positions: readonly number[];
}

const queue = [Ring.Tail, Ring.Head];
const topic = [Ring.Tail, TopicWord.Intent, TopicWord.Oldest, TopicWord.Number];
const kinds: Record<string, Kind> = {
  spsc: {
    roles: ["write", "check"],
    counts: [1, 1],
    make: (domain) => domain.channel(PLACE, { mode: "spsc", capacity: CAPACITY }),
    positions: queue,
  },
  mpsc: {
    roles: ["write", "check"],
    counts: [2, 1],
    make: (domain) => domain.channel(PLACE, { mode: "mpsc", capacity: CAPACITY }),
    positions: queue,
  },
  mpmc: {
    roles: ["write", "check"],
    counts: [2, 2],
    make: (domain) => domain.channel(PLACE, { mode: "mpmc", capacity: CAPACITY }),
    positions: [...queue, Ring.Taken],
  },
  "topic that blocks": {
    roles: ["publish", "follow"],
    counts: [1, 2],
    make: (domain) => domain.topic(PLACE, { overrun: "block", capacity: CAPACITY, subscribers: 6 }),
    positions: topic,
  },
  "topic that overwrites": {
    roles: ["publish", "follow"],
    counts: [1, 2],
    make: (domain) => domain.topic(PLACE, { overrun: "overwrite", capacity: CAPACITY, subscribers: 6 }),
    positions: topic,
  },
  service: {
    roles: ["serve", "ask"],
    counts: [2, 2],
    make: (domain) => domain.service(PLACE, { capacity: 4096, answerCapacity: 4096, clients: 8 }),
    positions: [],
  },
};

/** Starts and kills until the first position has wrapped; which pair of languages is at work changes with each round. */
async function play(kind: Kind, segment: number, words: Int32Array, rounds: number): Promise<void> {
  const progress = (): number => Atomics.load(words, RESULTS / 4 + Result.Progress);
  const sides: ChildProcess[][] = [[], []];
  const begun = [0, 0];
  const begin = async (side: 0 | 1, index: number): Promise<void> => {
    const language = languages[(begun[side] as number) % languages.length] as Language;
    begun[side] = (begun[side] as number) + 1;
    (sides[side] as ChildProcess[])[index] = await start(kind.roles[side], segment, language);
  };
  try {
    for (const side of [0, 1] as const)
      for (let index = 0; index < kind.counts[side]; index++) await begin(side, index);
    for (let round = 0; round < rounds; round++) {
      const before = progress();
      for (const limit = Date.now() + HANG_MS; progress() === before; await sleep(1))
        assert.ok(Date.now() < limit, `round ${round}: nothing arrives`);
      await sleep(Math.random() * 20);
      // Of five kills two are of the first side, so that every pair of languages meets.
      const side = round % 5 < 2 ? 0 : 1;
      const index = round % kind.counts[side];
      const victim = sides[side]?.[index] as ChildProcess;
      await end(victim, "SIGKILL");
      assert.is(victim.signalCode, "SIGKILL", `round ${round}: a party had ended`);
      assert.is(Atomics.load(words, RESULTS / 4 + Result.Violations), 0, `round ${round}`);
      await begin(side, index);
    }
    const [position] = kind.positions;
    const hasWrapped = (): boolean => position === undefined || (words[PLACE / 4 + position] as number) >= 0;
    for (const limit = Date.now() + HANG_MS; !hasWrapped(); await sleep(1))
      assert.ok(Date.now() < limit, "its position does not wrap");
    assert.is(Atomics.load(words, RESULTS / 4 + Result.Violations), 0, "after the wrap");
  } finally {
    for (const child of sides.flat()) await end(child, "SIGKILL");
  }
}

const tests = suite("Messages between languages");
const [host] = kernelHosts;
const missing = Object.values(lacking).find((reason) => reason !== undefined);
if (!host) tests.skip("arrive", "this platform has no sysv host");
else
  for (const [title, kind] of Object.entries(kinds)) {
    if (missing !== undefined) absent(tests, title, missing);
    else
      tests(title, () =>
        host.withSegment(BYTES, async (segment) => {
          const attachment = segment.attach();
          const words = wordsOf(attachment);
          const domain = attachment.join({ slots: 16 });
          const begins = kind.positions.map((word) => (word === TopicWord.Number ? -300 : NEAR));
          for (const [index, word] of kind.positions.entries()) words[PLACE / 4 + word] = begins[index] as number;
          kind.make(domain);
          assert.equal(
            kind.positions.map((word) => words[PLACE / 4 + word]),
            begins,
          );
          await play(kind, segment.id, words, campaign(6, 300));
        }),
      );
  }
tests.run();
