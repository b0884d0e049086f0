// What bench/suites/messaging is built on: the ring, the messages and their checks, and messages on a socket. Not
// tested: that the counters of a ring wrap at 2^32, which takes minutes to reach.
import { Duplex } from "node:stream";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { nativePairs, randomBytes } from "../support/pairs.js";

// The bench is compiled by itself: these are the parts of it that are used here.
interface Side {
  readonly words: Int32Array;
  sleeps(): boolean;
}

interface Writer extends Side {
  claim(): number;
  push(): void;
  publish(): boolean;
  readonly unpublished: number;
}

interface Reader extends Side {
  next(): number;
  release(): boolean;
  giveBack(): boolean;
}

interface Ring {
  RingWriter: new (bytes: Uint8Array, messageBytes: number, slots: number) => Writer;
  RingReader: new (bytes: Uint8Array, messageBytes: number, slots: number) => Reader;
  ringBytes(messageBytes: number, slots: number): number;
}

interface Payload {
  readonly words: number;
  put(words: Int32Array, at: number, number: number): void;
  check(words: Int32Array, at: number, number: number): void;
}

interface Message {
  Payload: new (bytes: number, touch: string) => Payload;
}

interface Port {
  send(): boolean;
  flush(): void;
  listen(heard: () => void, failed: (error: unknown) => void): void;
}

interface SocketPorts {
  SocketPort: new (payload: Payload, socket: Duplex) => Port;
}

const compiled = async (name: string): Promise<unknown> =>
  import(new URL(`../../bench/${name}.js`, import.meta.url).href);
const { RingWriter, RingReader, ringBytes } = (await compiled("suites/messaging/ring")) as Ring;
const { Payload } = (await compiled("suites/messaging/message")) as Message;
const { SocketPort } = (await compiled("suites/messaging/socketport")) as SocketPorts;

const SLOTS = 4;
const BYTES = 100; // not whole cache lines

/** Both ends of a ring in the same bytes. */
function ends(): { writer: Writer; reader: Reader } {
  const bytes = new Uint8Array(ringBytes(BYTES, SLOTS));
  return { writer: new RingWriter(bytes, BYTES, SLOTS), reader: new RingReader(bytes, BYTES, SLOTS) };
}

/** Fills the next message; there must be room for it. */
function write(writer: Writer, value: number): void {
  const at = writer.claim();
  assert.ok(at >= 0, "the ring is full");
  writer.words.fill(value, at, at + BYTES / 4);
  writer.push();
}

/** The next message, which must be there. It is not released. */
function read(reader: Reader): Int32Array {
  const at = reader.next();
  assert.ok(at >= 0, "the ring is empty");
  return reader.words.slice(at, at + BYTES / 4);
}

const ring = suite("bench/suites/messaging/ring.ts");

ring("carries messages whole and in order, round and round", () => {
  const { writer, reader } = ends();
  let written = 0;
  let taken = 0;
  for (const step of randomBytes(10_000)) {
    if (step % 2 === 0 && writer.claim() >= 0) write(writer, written++);
    if (step % 3 === 0) writer.publish();
    if (step % 5 < 3 && reader.next() >= 0) {
      assert.equal([...read(reader)], Array<number>(BYTES / 4).fill(taken++));
      reader.release();
    }
  }
  assert.ok(taken > 1000 && written - taken <= SLOTS, `${written} written, ${taken} taken`);
});

ring("shows what was published, and no more", () => {
  const { writer, reader } = ends();
  write(writer, 1);
  assert.is(writer.unpublished, 1);
  assert.is(reader.next(), -1);
  writer.publish();
  assert.is(writer.unpublished, 0);
  assert.is(read(reader)[0], 1);
});

ring("has room for as many messages as slots, and again for those that were given back", () => {
  const { writer, reader } = ends();
  for (let value = 0; value < SLOTS; value++) write(writer, value);
  assert.is(writer.claim(), -1);
  writer.publish();
  assert.ok(reader.next() >= 0);
  reader.release();
  assert.is(writer.claim(), -1); // half of the ring at once, unless giveBack is called
  reader.giveBack();
  write(writer, SLOTS);
  assert.is(writer.claim(), -1);
  for (let value = 1; value <= 2; value++) {
    assert.is(read(reader)[0], value);
    reader.release();
  }
  assert.ok(writer.claim() >= 0); // that was half
});

ring("each counter has a line of the cache, and each message whole ones", () => {
  const { writer } = ends();
  assert.is(ringBytes(BYTES, SLOTS), 4 * 64 + SLOTS * 128);
  const places = Array.from({ length: SLOTS }, () => {
    const at = writer.claim();
    writer.push();
    return 4 * at;
  });
  assert.equal(places, [256, 384, 512, 640]);
  writer.publish();
  assert.equal(
    [...writer.words.keys()].filter((index) => writer.words[index] !== 0),
    [0],
  );
});

ring("a side that sleeps is woken once; a side that has something to do does not sleep", () => {
  const { writer, reader } = ends();
  write(writer, 0);
  assert.is(writer.publish(), false);
  assert.is(reader.sleeps(), false);
  reader.next();
  reader.release();
  assert.is(reader.sleeps(), true);
  write(writer, 1);
  assert.is(writer.publish(), true);
  write(writer, 2);
  assert.is(writer.publish(), false);
  assert.is(writer.sleeps(), false);
  while (writer.claim() >= 0) write(writer, 3);
  assert.is(writer.sleeps(), true);
  reader.next();
  assert.is(reader.release(), true); // the second of four: half is given back
  assert.is(reader.giveBack(), false);
});

ring("refuses impossible counters of the other side", () => {
  for (const tail of [SLOTS + 1, -1, 0x7fffffff, -0x80000000]) {
    const { reader } = ends();
    reader.words[0] = tail;
    assert.throws(() => reader.next(), /counters/, `${tail}`);
  }
  for (const head of [SLOTS + 1, -1, 0x7fffffff, -0x80000000]) {
    const { writer } = ends();
    for (let value = 0; value < SLOTS; value++) write(writer, value);
    writer.words[16] = head;
    assert.throws(() => writer.claim(), /counters/, `${head}`);
  }
});

ring("refuses too few or unaligned bytes, and slots that are not a power of two", () => {
  const bytes = new Uint8Array(ringBytes(BYTES, SLOTS) + 64);
  assert.throws(() => new RingWriter(bytes.subarray(4), BYTES, SLOTS), /multiple of 64/);
  assert.throws(() => new RingReader(bytes.subarray(128), BYTES, SLOTS), /needs 768 bytes/);
  for (const slots of [0, 3, 12, -4]) assert.throws(() => new RingWriter(bytes, BYTES, slots), /power of two/);
});

for (const { name, withSegment } of nativePairs)
  ring(`goes from one attachment to another [${name}]`, () =>
    withSegment(ringBytes(BYTES, SLOTS), (segment) => {
      const writer = new RingWriter(segment.attach().bytes, BYTES, SLOTS);
      const reader = new RingReader(segment.attach().bytes, BYTES, SLOTS);
      write(writer, 42);
      writer.publish();
      assert.is(read(reader)[0], 42);
    }),
  );

ring.run();

const message = suite("bench/suites/messaging/message.ts");

const filled = (payload: Payload, number: number): Int32Array => {
  const words = new Int32Array(payload.words + 2);
  payload.put(words, 1, number);
  return words;
};

message("is right in its place, and changes nothing beside it", () => {
  for (const touch of ["untouched", "touched", "proved"])
    for (const number of [0, 1, 1000, 0x7fffffff]) {
      const payload = new Payload(4096, touch);
      const words = filled(payload, number);
      payload.check(words, 1, number);
      assert.equal([words[0], words.at(-1)], [0, 0]);
      assert.throws(() => payload.check(words, 1, number + 1), /came instead of/);
    }
});

message("a changed word is found if it is touched; only the number is checked if it is untouched", () => {
  for (const index of [2, 500, 1024]) {
    const words = filled(new Payload(4096, "touched"), 7);
    words[index] = (words[index] as number) ^ 0x100;
    assert.throws(() => new Payload(4096, "touched").check(words, 1, 7), /wrong sum/);
    assert.throws(
      () => new Payload(4096, "proved").check(words, 1, 7),
      new RegExp(`message 7 is wrong at byte ${4 * (index - 1)}$`),
    );
    new Payload(4096, "untouched").check(words, 1, 7);
  }
});

message("a proof finds exchanged words, which a sum does not", () => {
  const words = filled(new Payload(4096, "touched"), 7);
  [words[10], words[20]] = [words[20] as number, words[10] as number];
  new Payload(4096, "touched").check(words, 1, 7);
  assert.throws(() => new Payload(4096, "proved").check(words, 1, 7), /wrong at byte 36/);
});

message.run();

const socket = suite("bench/suites/messaging/socketport.ts");

/** A stream on which all that is written comes back, changed by `damage`, in pieces of these lengths. */
function loop(lengths: readonly number[], damage = (_: Buffer): void => {}): Duplex {
  let piece = 0;
  return new Duplex({
    read() {},
    write(chunk: Buffer, _, done) {
      const bytes = Buffer.from(chunk);
      damage(bytes);
      for (let from = 0; from < bytes.length; ) {
        const length = lengths[piece++ % lengths.length] as number;
        this.push(bytes.subarray(from, from + length));
        from += length;
      }
      done();
    },
  });
}

/**
 * Sends `count` messages through the stream. Resolves with the number of messages heard, or with the error's message.
 */
const sent = (touch: string, count: number, duplex: Duplex): Promise<number | string> =>
  new Promise((resolve) => {
    const port = new SocketPort(new Payload(256, touch), duplex);
    let heard = 0;
    port.listen(
      () => ++heard === count && resolve(heard),
      (error) => resolve((error as Error).message),
    );
    for (let number = 0; number < count; number++) {
      port.send();
      port.flush();
    }
  });

for (const touch of ["untouched", "touched", "proved"])
  socket(`puts messages together from pieces of any length [${touch}]`, async () => {
    for (const lengths of [[256], [1], [3, 250, 7], [255, 2], [1000]])
      assert.is(await sent(touch, 20, loop(lengths)), 20, `${lengths}`);
  });

socket("names the message that is torn, and stops listening", async () => {
  let bytes = 0;
  const damage = (chunk: Buffer): void => {
    if (bytes >= 5 * 256) chunk[100] = (chunk[100] as number) ^ 1;
    bytes += chunk.length;
  };
  assert.is(await sent("proved", 20, loop([256], damage)), "message 5 is wrong at byte 100");
});

socket.run();
