// Text that an engine's native code writes and reads: the same bytes and strings as by TextEncoder and TextDecoder, wherever
// in the window it is, and nothing beside it.
import { Worker } from "node:worker_threads";
import * as assert from "uvu/assert";
import { suite } from "../../suite.js";
import { code, nativePairs, pairs } from "../../support/pairs.js";

const SIZE = 600;
const MOST = 140; // bytes: some more than a snapshot has
const encoder = new TextEncoder();
const misfit = code("ERR_SHM_OUT_OF_BOUNDS");

const alphabets = [
  ["a", "Z", "~", " "],
  ["a", "é", "ÿ", "\x80"],
  ["a", "€", "日", "\ufeff"],
  ["a", "\u{1f600}", "\ud800", "\udc00", "\0"],
];

/** A text of `units` characters of one alphabet; the same in each run. */
function textOf(units: number, seed: number): string {
  const letters = alphabets[seed % alphabets.length] as string[];
  let text = "";
  for (let index = 0; index < units; index++) text += letters[(index * 7 + seed * 13 + (index >> 2)) % letters.length];
  return text;
}

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

for (const { name, native, withCursor, withAttachment } of pairs) {
  const short = suite(`Short text [${name}]`);

  short("is written as TextEncoder does, at each distance from the end, and nothing beside it", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (let round = 0; round < 2 * MOST; round++) {
        const text = textOf(round % (MOST / 2), round);
        const encoded = encoder.encode(text);
        for (const room of [-1, 0, 1, 2, 3 * text.length - encoded.length, 3 * text.length - encoded.length + 1, 50]) {
          const start = SIZE - encoded.length - room;
          bytes.fill(0xa5);
          cursor.seek(start);
          if (room < 0) assert.throws(() => cursor.writeString(text), misfit);
          else assert.is(cursor.writeString(text), encoded.length);
          const expected = new Uint8Array(SIZE).fill(0xa5);
          if (room >= 0) expected.set(encoded, start);
          assert.is(cursor.position, room < 0 ? start : start + encoded.length);
          assert.is(Buffer.compare(bytes, expected), 0, JSON.stringify([text, room]));
        }
      }
    });
  });

  short("with its length in front is whole or nothing, too", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (let round = 0; round < 2 * MOST; round++) {
        const text = textOf(round % (MOST / 2), round);
        const encoded = encoder.encode(text);
        const total = encoded.length + (encoded.length < 128 ? 1 : 2);
        for (const room of [-1, 0, 1, 2, 3 * text.length - encoded.length, 50]) {
          const start = SIZE - total - room;
          bytes.fill(0xa5);
          cursor.seek(start);
          if (room < 0) assert.throws(() => cursor.writeVarString(text), misfit);
          else assert.is(cursor.writeVarString(text), total);
          assert.is(cursor.position, room < 0 ? start : start + total);
          assert.ok(bytes.subarray(0, start).every((byte) => byte === 0xa5));
          assert.ok(bytes.subarray(room < 0 ? start : start + total, SIZE).every((byte) => byte === 0xa5));
          cursor.seek(start);
          if (room >= 0) assert.is(cursor.readVarString(), lenient.decode(encoded));
        }
      }
    });
  });

  short("is read as TextDecoder does, also with bad sequences and between other bytes", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (let round = 0; round < 4 * MOST; round++) {
        const text = textOf(round % MOST, round);
        const encoded = encoder.encode(text).subarray(0, round % MOST); // may cut a character
        const start = round % 3 === 0 ? SIZE - encoded.length : round % 100;
        bytes.fill(round % 2 === 0 ? 0xe9 : 0x41);
        bytes.set(encoded, start);
        cursor.seek(start);
        assert.is(cursor.readString(encoded.length), lenient.decode(encoded));
        assert.is(cursor.position, start + encoded.length);
        let expected: string | undefined;
        try {
          expected = strict.decode(encoded);
        } catch {}
        cursor.seek(start);
        if (expected === undefined) {
          assert.throws(() => cursor.readString(encoded.length, { fatal: true }), code("ERR_SHM_MALFORMED"));
          assert.is(cursor.position, start);
        } else assert.is(cursor.readString(encoded.length, { fatal: true }), expected);
        for (const encoding of ["utf8", "latin1"] as const) {
          cursor.seek(start);
          const nul = encoded.indexOf(0);
          const field = nul < 0 ? encoded : encoded.subarray(0, nul);
          const decoded = encoding === "utf8" ? lenient.decode(field) : Buffer.from(field).toString("latin1");
          assert.is(cursor.readFixedText(encoded.length, { encoding }), decoded);
        }
      }
    });
  });

  short("in a field is cut between characters, and followed by zeros alone", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (let round = 0; round < 4 * MOST; round++) {
        const text = textOf(round % (MOST / 2), round).replaceAll("\0", "b");
        const length = (round * 11) % MOST;
        const start = round % 3 === 0 ? SIZE - length : round % 100;
        const expected = new Uint8Array(SIZE).fill(0xa5).fill(0, start, start + length);
        let cut = 0;
        for (const character of text) {
          const encoded = encoder.encode(character);
          if (cut + encoded.length > length) break;
          expected.set(encoded, start + cut);
          cut += encoded.length;
        }
        bytes.fill(0xa5);
        cursor.seek(start);
        assert.is(cursor.writeFixedText(text, length), cut, JSON.stringify([text, length]));
        assert.is(cursor.position, start + length);
        assert.is(Buffer.compare(bytes, expected), 0, JSON.stringify([text, length]));
      }
    });
  });

  short("goes nowhere after a dispose or a detach, not even if it is empty", () => {
    withAttachment(SIZE, (attachment) => {
      const disposed = attachment.cursor();
      const kept = attachment.cursor();
      const { bytes } = attachment;
      for (const cursor of [disposed, kept]) cursor.writeString("prepared");
      disposed[Symbol.dispose]();
      for (const text of ["", "text"]) {
        assert.throws(() => disposed.writeString(text), code("ERR_SHM_DETACHED"));
        assert.throws(() => disposed.writeVarString(text), code("ERR_SHM_DETACHED"));
        assert.throws(() => disposed.readString(text.length), code("ERR_SHM_DETACHED"));
      }
      assert.is(Buffer.from(bytes.slice(0, 9)).toString(), "prepared\0");
      attachment.detach();
      for (const text of ["", "text"]) {
        assert.throws(() => kept.writeString(text), code("ERR_SHM_DETACHED"));
        assert.throws(() => kept.readString(text.length), code("ERR_SHM_DETACHED"));
      }
    });
  });

  if (native)
    short("is written after a grow of a plain memory", () => {
      const memory = new WebAssembly.Memory({ initial: 4, maximum: 5 });
      withAttachment(
        SIZE,
        (attachment) => {
          const cursor = attachment.cursor();
          cursor.writeString("before");
          memory.grow(1);
          assert.is(cursor.writeString(" and after"), 10);
          cursor.seek(0);
          assert.is(cursor.readString(16), "before and after");
        },
        { into: { memory, byteOffset: 131072 } },
      );
    });
  short.run();
}

/** Writes `bytes` over the first ones of a memory, for ever: one time ASCII, the other time no text at all. */
const WRITER = `
  const { workerData } = require("node:worker_threads");
  const bytes = new Uint8Array(workerData.memory.buffer, workerData.byteOffset, 64);
  for (let round = 0; ; round++) bytes.fill(round % 2 === 0 ? 0x41 : 0xe9);
`;

for (const { name, withAttachment } of nativePairs) {
  const racing = suite(`Short text beside a writer [${name}]`);
  racing("is never other than what its bytes are", async () => {
    await withAttachment(4096, async (attachment) => {
      const { memory, byteOffset } = attachment;
      const worker = new Worker(WRITER, { eval: true, workerData: { memory, byteOffset } });
      try {
        const cursor = attachment.cursor();
        const seen = new Set<string>();
        const begun = Date.now();
        const isEnough = () => Date.now() > begun + (seen.has("A") && seen.has("\ufffd") ? 300 : 10_000);
        for (let round = 0; !isEnough(); round++) {
          cursor.seek(round % 8);
          for (const character of cursor.readString(40 + (round % 13))) seen.add(character);
        }
        // A decoder that looked twice would have U+00E9 among them.
        assert.ok(
          [...seen].every((character) => "A\ufffd\0".includes(character)),
          JSON.stringify([...seen]),
        );
        assert.ok(seen.has("A") && seen.has("\ufffd"), "both were seen");
      } finally {
        await worker.terminate();
      }
    });
  });
  racing.run();
}
