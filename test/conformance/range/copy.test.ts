// Attachment.text and toBuffer: copies of a range, as bytes and as text.
import * as assert from "uvu/assert";
import type { RangeTextOptions } from "wasm-shm";
import { suite } from "../../suite.js";
import { code, pairs, pairsWithoutEngine, randomBytes, shmWith } from "../../support/pairs.js";
import { invalidSequences, moreInvalid, nearlyUtf8 } from "../../support/sequences.js";

const SIZE = 3333;
const ENCODINGS = ["utf8", "utf16le", "latin1"] as const;

const labels = { utf8: "utf-8", utf16le: "utf-16le" } as const;
/** What the WHATWG's decoders, and for Latin-1 Node's, say of a private copy. */
function oracle(bytes: Uint8Array, encoding: (typeof ENCODINGS)[number], fatal = false): string | "refused" {
  if (encoding === "latin1") return Buffer.from(bytes).toString("latin1");
  try {
    return new TextDecoder(labels[encoding], { fatal, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return "refused";
  }
}

const samples: Uint8Array[] = [
  new Uint8Array(0),
  Buffer.from("a\0b grüße 日本語 \u{1f600}\u{10ffff}"),
  Buffer.from("\ufeffafter a byte order mark"),
  Buffer.from("grüße \u{1f600}", "utf16le"),
  Buffer.from("\ufeffmark", "utf16le"),
  Uint8Array.of(0x61, 0, 0x00, 0xd8, 0x62, 0), // a lone surrogate of UTF-16
  Uint8Array.of(0x61, 0, 0x62), // half a unit
  Uint8Array.from({ length: 256 }, (_, byte) => byte),
  nearlyUtf8(randomBytes(500)),
  randomBytes(700),
  ...[...invalidSequences, ...moreInvalid].map(([, bytes]) => Uint8Array.from(bytes)),
];

for (const { name, native, withAttachment, withSegment } of [...pairs, ...pairsWithoutEngine]) {
  const hasEngine = !name.includes("no engine");
  const text = suite(`Attachment.text [${name}]`);

  text("is the range in each encoding, with and without fatal, at any place", () => {
    withAttachment(SIZE, (attachment) => {
      for (const bytes of samples)
        for (const start of [0, 1, 1000, SIZE - bytes.length])
          for (const encoding of ENCODINGS) {
            attachment.bytes.fill(0x80);
            attachment.bytes.set(bytes, start);
            const end = start + bytes.length;
            assert.is(attachment.text({ start, end, encoding }), oracle(bytes, encoding));
            const expected = oracle(bytes, encoding, true);
            const fatal = (): string => attachment.text({ start, end, encoding, fatal: true });
            if (expected === "refused")
              assert.throws(
                fatal,
                code(
                  "ERR_SHM_MALFORMED",
                  new RegExp(`^text at ${start} found ${bytes.length} bytes that are not UTF-`),
                ),
              );
            else assert.is(fatal(), expected);
          }
    });
  });

  text("is the whole window as UTF-8 by default", () => {
    withAttachment(9, (attachment) => {
      attachment.bytes.set(Buffer.from("grüße\0\0"));
      for (const options of [undefined, {}, { start: 0 }, { end: 9 }, { encoding: "utf8", fatal: false } as const])
        assert.is(attachment.text(options), "grüße\0\0");
    });
  });

  for (const [title, options, expected, words] of [
    ["a start past the end", { start: 5, end: 4 }, "ERR_OUT_OF_RANGE", /"options\.start"/],
    ["an end past the window", { end: SIZE + 1 }, "ERR_OUT_OF_RANGE", /"options\.end"/],
    ["half a byte", { start: 0.5 }, "ERR_OUT_OF_RANGE", /"options\.start"/],
    ["a start that is not a number", { start: "1" }, "ERR_INVALID_ARG_TYPE", /"options\.start"/],
    ["an encoding that it does not know", { encoding: "ucs3" }, "ERR_INVALID_ARG_TYPE", /'utf8', 'utf16le', 'latin1'/],
    ["a fatal that is not a boolean", { fatal: 1 }, "ERR_INVALID_ARG_TYPE", /"options\.fatal"/],
    ["an option that does not exist", { ending: 5 }, "ERR_INVALID_ARG_VALUE", /options\.ending/],
    ["an encoding instead of options", "utf8", "ERR_INVALID_ARG_TYPE", /"options"/],
  ] as const)
    text(`refuses ${title}`, () => {
      withAttachment(SIZE, (attachment) => {
        assert.throws(() => attachment.text(options as RangeTextOptions), code(expected, words));
      });
    });

  text("and toBuffer work in every access and kind of memory, and end with the detach", () => {
    withSegment(SIZE, (segment) => {
      segment.write(Buffer.from("text"));
      const kinds = native ? (["shared", "plain"] as const) : (["plain"] as const);
      for (const memory of kinds)
        for (const access of ["read-write", "read-only", "copy-on-write"] as const) {
          const attachment = segment.attach({ access, memory });
          assert.is(attachment.text({ end: 4 }), "text");
          assert.is(Buffer.from(attachment.toBuffer(0, 4)).toString(), "text");
          attachment.detach();
          for (const call of [() => attachment.text(), () => attachment.toBuffer()])
            assert.throws(call, code("ERR_SHM_DETACHED", /^(?:text|toBuffer): this attachment/));
        }
    });
  });
  text.run();

  const buffer = suite(`Attachment.toBuffer [${name}]`);

  buffer(`is a ${hasEngine ? "Buffer" : "Uint8Array"} of a memory of its own, which no later store changes`, () => {
    withAttachment(SIZE, (attachment) => {
      const random = randomBytes(SIZE);
      attachment.bytes.set(random);
      for (const [start, end] of [
        [0, SIZE],
        [17, 1000],
        [0, 0],
        [SIZE, SIZE],
      ] as const) {
        const copy = attachment.toBuffer(start, end);
        assert.is(copy.constructor, hasEngine ? Buffer : Uint8Array);
        assert.is(Object.prototype.toString.call(copy.buffer), "[object ArrayBuffer]");
        assert.equal([copy.byteOffset, copy.buffer.byteLength], [0, end - start]); // not of Node's pool
        attachment.bytes.fill(0);
        assert.is(Buffer.compare(copy, random.subarray(start, end)), 0);
        attachment.bytes.set(random);
        copy.fill(7);
        assert.is(Buffer.compare(attachment.toBuffer(), random), 0);
        structuredClone(copy, { transfer: [copy.buffer] });
      }
    });
  });

  buffer("refuses a range that is not inside the window", () => {
    withAttachment(SIZE, (attachment) => {
      for (const [range, expected] of [
        [[0, SIZE + 1], "ERR_OUT_OF_RANGE"],
        [[-1], "ERR_OUT_OF_RANGE"],
        [[5, 4], "ERR_OUT_OF_RANGE"],
        [["0"], "ERR_INVALID_ARG_TYPE"],
      ] as [[number, number], string][])
        assert.throws(() => attachment.toBuffer(...range), code(expected));
    });
  });
  buffer.run();
}

const long = suite("Text that no string can hold");
const LONGEST = 2 ** 29 - 24; // units, of V8's strings

long("is ENOMEM, with what to do; the same bytes in parts are text", () => {
  const segment = shmWith({}, { host: "local" }).create(LONGEST + 8);
  const attachment = segment.attach();
  for (const options of [{}, { fatal: true }])
    assert.throws(() => attachment.text(options), code("ENOMEM", /text at 0 of 536870896 bytes.*read it in parts$/));
  assert.throws(
    () => attachment.cursor().readString(LONGEST + 8),
    code("ENOMEM", /readString at 0 of 536870896 bytes.*read it in parts$/),
  );
  const withLatin1 = shmWith({ latin1: (copy) => Buffer.from(copy.buffer).toString("latin1") }, { host: "local" });
  const other = withLatin1.create(LONGEST + 8);
  assert.throws(() => other.attach().text({ encoding: "latin1" }), code("ENOMEM", /read it in parts$/));
  assert.is(attachment.text({ start: LONGEST, end: LONGEST + 8 }), "\0".repeat(8));
  for (const each of [segment, other]) each[Symbol.dispose]();
});
long.run();
