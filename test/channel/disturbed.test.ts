// Each call of channels and topics, while a hostile peer changes each word that matters right before each of its accesses, or
// all the time: typed errors only, no message from outside the object, no store there, and no loop without an end.
import * as assert from "uvu/assert";
import type { Channel, ChannelMode, Message, Overrun, Reader, Topic } from "wasm-shm";
import { ABANDONED, COMMITTED, DONE, PADDING, Ring, ringBytes, TAKEN } from "#src/channel/layout.js";
import { TopicWord, topicBytes } from "#src/channel/subscriptions.js";
import { domainBytes, Slot, slotWord } from "#src/host/membership.js";
import { idOf, Word } from "#src/sync/layout.js";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { type Course, everyDamage, type Ground, OUTSIDE } from "../support/disturb.js";
import type { Pair } from "../support/pairs.js";
import { hosts, withMembers } from "../sync/support.js";

const PLACE = 16384;
const FIRST = PLACE / 4;
const CAPACITY = 256;
const TIMES = { stride: campaign(23, 1), pairs: campaign(2_000, 200_000) };
const local = hosts.find(({ native }) => !native) as Pair;

const allowed = [
  "ERR_SHM_LAYOUT",
  "ERR_SHM_CLOSED",
  "ERR_SHM_NOT_OWNER",
  "ERR_SHM_PEER_DIED",
  "ERR_SHM_DEADLOCK",
  "ERR_SHM_TIMEOUT",
  "ERR_SHM_TOO_MANY_PEERS",
];
const lengths = [0, 1, 3, 8, 16, 24, 120, 248, 256, 504, 0x3fffffff, 0x7fffffff, -1, -8];
const marks = [0x7f, 0x80, COMMITTED, ABANDONED, DONE, PADDING | 3, PADDING | 8, PADDING | 16, PADDING | 248];
const lines = [Word.Kind, Word.First, Word.Second];
const ring = [Ring.Tail, Ring.Writer, Ring.Closed, Ring.Head, Ring.Reader, Ring.Readers, Ring.Writers];
const queue = [...ring, Ring.Producers, Ring.Consumers, Ring.Taken, Ring.Abandoned, Ring.WriterTable, Ring.ReaderTable];

/** Records of 24 bytes, one behind the other: their two words each. */
const recordsAt = (records: number): number[] => [0, 1, 6, 7, 12, 13].map((word) => records + word);

interface Place {
  readonly channel: (mode: ChannelMode) => Channel;
  readonly topic: (overrun: Overrun) => Topic;
  readonly words: Int32Array;
  /** The ids of a participant that lives beside this one, and of one that does not. */
  readonly other: number;
  readonly dead: number;
}

function check(message: Message | undefined, records: number): void {
  if (!message) return;
  const start = 4 * (FIRST + records);
  assert.ok(message.offset >= start && message.offset + message.length <= start + CAPACITY, `${message.length} bytes`);
  assert.ok(!message.bytes.includes(OUTSIDE), "it has bytes from outside");
}

const data = new Uint8Array(16).fill(0x11);

function read(reader: Reader, records: number, attempt: (call: () => unknown) => void): void {
  for (let round = 0; round < 5; round++)
    attempt(() => {
      const message = reader.tryRead();
      check(message, records);
      if (round % 2 === 0) message?.release();
    });
  attempt(() => reader.release());
}

const writes =
  (open: () => Channel | Topic): Course["run"] =>
  (attempt) => {
    attempt(() => {
      const object = open();
      const writer = object.writer();
      attempt(() => writer.tryWrite(data));
      attempt(() => writer.tryClaim(24)?.commit(16));
      attempt(() => writer.tryClaim(24)?.abandon());
      attempt(() => writer.tryClaim(100));
      attempt(() => writer.publish());
      attempt(() => writer.close());
    });
  };

/** The courses of a channel: who writes, and who reads what honest, dead and slow peers have left. */
const channelCourses = (place: Place, mode: ChannelMode, zeroCopy: boolean): Record<"writes" | "reads", Course> => ({
  writes: {
    prepare: () => {
      place.channel(mode);
    },
    run: writes(() => place.channel(mode)),
  },
  reads: {
    prepare() {
      const writer = place.channel(mode).writer();
      for (let count = 0; count < 4; count++) writer.tryWrite(data);
      writer.release();
      if (mode === "spsc") return;
      const records = FIRST + Ring.Records;
      place.words[records + 7] = place.dead; // its writer was killed
      if (mode !== "mpmc") return;
      place.words[records + 1] = TAKEN | place.dead; // its reader was killed
      place.words[FIRST + Ring.Taken] = 24;
    },
    run(attempt) {
      attempt(() => {
        const channel = place.channel(mode);
        read(channel.reader({ zeroCopy }), Ring.Records, attempt);
        attempt(() => [channel.used, channel.closed, channel.abandoned, channel.redelivered]);
      });
    },
  },
});

const topicCourses = (place: Place, overrun: Overrun, zeroCopy: boolean): Record<"writes" | "reads", Course> => {
  let reader: Reader | undefined;
  const records = TopicWord.Entries + 16 * 2;
  return {
    writes: {
      prepare: () => {
        place.topic(overrun);
      },
      run: writes(() => place.topic(overrun)),
    },
    reads: {
      prepare() {
        const topic = place.topic(overrun);
        reader = topic.subscribe({ zeroCopy });
        const writer = topic.writer();
        for (let count = 0; count < 4; count++) writer.tryWrite(data);
        writer.release();
      },
      run(attempt) {
        if (reader) read(reader, records, attempt);
        attempt(() => place.topic(overrun).subscribe({ zeroCopy }).release());
      },
    },
  };
};

const test = suite("Channels that are disturbed");

function everyCourse(
  of: (place: Place) => Record<"writes" | "reads", Course>,
  { end, targets }: { end: number; targets: readonly number[] },
): void {
  withMembers(local, 3, ({ domains: [one, two, three], words }) => {
    if (!one || !two || !three) throw new Error("three");
    const idAt = (slot: number): number => idOf(slot, words[slotWord(slot) + Slot.Generation] as number);
    const [mine, other, dead] = [one, two, three].map(({ slot }) => idAt(slot)) as [number, number, number];
    three.leave();
    const place: Place = {
      channel: (mode) => one.channel(PLACE, { mode, capacity: CAPACITY }),
      topic: (overrun) => one.topic(PLACE, { overrun, capacity: CAPACITY, subscribers: 2 }),
      words,
      other,
      dead,
    };
    const ids = [mine, other, dead, mine | 0x80, TAKEN | mine, TAKEN | other, TAKEN | dead];
    const ground: Ground = {
      words,
      domainEnd: domainBytes(4) / 4,
      first: FIRST,
      end: FIRST + end / 4,
      targets: targets.map((word) => FIRST + word),
      values: [...lengths, ...marks, ...ids],
      allowed,
    };
    for (const course of Object.values(of(place))) everyDamage(ground, course, TIMES);
  });
}

for (const zeroCopy of [false, true]) {
  const how = zeroCopy ? ", without copies" : "";
  for (const mode of ["spsc", "mpsc", "mpmc"] as const)
    test(`${mode}${how}: each word, before each access`, () =>
      everyCourse((place) => channelCourses(place, mode, zeroCopy), {
        end: ringBytes(CAPACITY),
        targets: [...lines, ...queue, ...recordsAt(Ring.Records)],
      }));
  for (const overrun of ["block", "overwrite", "drop"] as const)
    if (!zeroCopy || overrun !== "overwrite")
      test(`a topic, ${overrun}${how}: each word, before each access`, () => {
        const { Intent, Oldest, Number: number, Entries } = TopicWord;
        everyCourse((place) => topicCourses(place, overrun, zeroCopy), {
          end: topicBytes(CAPACITY, 2),
          targets: [...lines, ...ring, Intent, Oldest, number, Entries, Entries + 1, ...recordsAt(Entries + 32)],
        });
      });
}
test.run();
