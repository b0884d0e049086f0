import * as assert from "uvu/assert";
import type { Attachment } from "wasm-shm";
import { adler32, CRC32, CRC32C, crc } from "../../model/naive.js";
import { suite } from "../../suite.js";
import { adlerOracle, crc32cOracle, crc32Oracle, hashOracle, sanityBytes, seeds } from "../../support/oracle.js";
import { code, enginePairs, randomBytes } from "../../support/pairs.js";

const SIZE = 3333;
const ascii = (text: string): Uint8Array => Buffer.from(text, "latin1");
const counting = Uint8Array.from({ length: 32 }, (_, index) => index);

/** RFC 3720, appendix B.4, and the check value of the catalogue of CRCs. */
const crc32cVectors: [title: string, bytes: Uint8Array, sum: number][] = [
  ["nothing", new Uint8Array(0), 0],
  ["32 zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["32 counting up", counting, 0x46dd794e],
  ["32 counting down", counting.slice().reverse(), 0x113fdb5c],
  [
    "an iSCSI SCSI Read (10) command",
    Buffer.from(
      "01c00000000000000000000000000000140000000000040000000014000000182800000000000000020000000000" + "0000",
      "hex",
    ),
    0xd9963a56,
  ],
  ["123456789", ascii("123456789"), 0xe3069283],
];

/** zlib's manual for no bytes, the catalogue of CRCs, and a well-known pangram. */
const crc32Vectors: [title: string, bytes: Uint8Array, sum: number][] = [
  ["nothing", new Uint8Array(0), 0],
  ["123456789", ascii("123456789"), 0xcbf43926],
  ["The quick brown fox", ascii("The quick brown fox jumps over the lazy dog"), 0x414fa339],
];
const adlerVectors: [title: string, bytes: Uint8Array, sum: number][] = [
  ["nothing", new Uint8Array(0), 1],
  ["123456789", ascii("123456789"), 0x091e01de],
  ["Wikipedia", ascii("Wikipedia"), 0x11e60398],
];

const PRIME32 = 2654435761n;
const PRIME64 = 11400714785074694797n;

/** xxHash's tests/sanity_test_vectors.h: hashes of the first `length` bytes of its generator. */
const xxh64Vectors: [length: number, seed: bigint, hash: bigint][] = [
  [0, 0n, 0xef46db3751d8e999n],
  [0, PRIME32, 0xac75fda2929b17efn],
  [1, 0n, 0xe934a84adb052768n],
  [1, PRIME32, 0x5014607643a9b4c3n],
  [4, 0n, 0x9136a0dca57457een],
  [14, 0n, 0x8282dcc4994e35c8n],
  [14, PRIME32, 0xc3bd6bf63deb6df0n],
  [222, 0n, 0xb641ae8cb691c174n],
  [222, PRIME32, 0x20cb8ab7ae10c14an],
];
const xxh3Vectors: [length: number, unseeded: bigint, seeded: bigint][] = [
  [0, 0x2d06800538d394c2n, 0xa8a6b918b2f0364an],
  [1, 0xc44bdff4074eecdbn, 0x032be332dd766ef8n],
  [6, 0x27b56a84cd2d7325n, 0x84589c116ab59ab9n],
  [12, 0xa713daf0dfbb77e7n, 0xe7303e1b2336de0en],
  [24, 0xa3fe70bf9d3510ebn, 0x850e80fc35bdd690n],
  [48, 0x397da259ecba1f11n, 0xadc2cbaa44acc616n],
  [80, 0xbcdefbbb2c47c90an, 0xc6dd0cb699532e73n],
  [195, 0xcd94217ee362ec3an, 0xba68003d370cb3d9n],
  [403, 0xcdeb804d65c6dea4n, 0x6259f6ecfd6443fdn],
  [512, 0x617e49599013cb6bn, 0x3ce457de14c27708n],
  [2048, 0xdd59e2c3a5f038e0n, 0x66f81670669ababcn],
  [2240, 0x6e73a90539cf2948n, 0x757ba8487d1b5247n],
  [2367, 0xcb37aeb9e5d361edn, 0xd2db3415b942b42an],
];

interface Sum {
  name: "crc32" | "crc32c" | "adler32";
  oracle(bytes: Uint8Array): number;
  naive(bytes: Uint8Array, previous: number): number;
  first: number;
  vectors: typeof crc32cVectors;
}

const sums: Sum[] = [
  {
    name: "crc32",
    oracle: crc32Oracle,
    naive: (bytes, from) => crc(CRC32, bytes, from),
    first: 0,
    vectors: crc32Vectors,
  },
  {
    name: "crc32c",
    oracle: crc32cOracle,
    naive: (bytes, from) => crc(CRC32C, bytes, from),
    first: 0,
    vectors: crc32cVectors,
  },
  { name: "adler32", oracle: adlerOracle, naive: adler32, first: 1, vectors: adlerVectors },
];
const hashes = ["xxh64", "xxh3"] as const;

/** Every length below 600, which covers each path of XXH3, then the edges of vectors, blocks, pages and calls. */
const lengths = [...Array(600).keys()].concat([
  1023, 1024, 1025, 2047, 2048, 3333, 3853, 3854, 3855, 4095, 4096, 4097, 5552, 5553, 8191, 12_289, 16_384, 65_535,
]);
const LARGE = 2 ** 20 + 1;
const large = randomBytes(LARGE);
const edges = [65_536, 65_537, 2 ** 18 - 1, 2 ** 18, 2 ** 18 + 1, 2 ** 20 - 1, 2 ** 20, LARGE];
const extremes = [large, new Uint8Array(LARGE).fill(0xff), new Uint8Array(LARGE)];

function put(attachment: Attachment, bytes: Uint8Array, at: number): void {
  attachment.bytes.set(bytes, at);
}

for (const { name: pair, withAttachment } of enginePairs) {
  for (const { name, oracle, naive, first, vectors } of sums) {
    const checksum = suite(`Attachment.checksum ${name} [${pair}]`);

    checksum("equals the published values", () => {
      withAttachment(SIZE, (attachment) => {
        for (const [title, bytes, expected] of vectors)
          for (const start of [0, 1, 7, 100]) {
            put(attachment, bytes, start);
            assert.is(attachment.checksum(name, { start, end: start + bytes.length }), expected, title);
            assert.is(oracle(bytes), expected, `the oracle: ${title}`);
            assert.is(naive(bytes, first), expected, `the model: ${title}`);
          }
      });
    });

    checksum("equals the oracle's for every length, at any offset", () => {
      withAttachment(70_000, (attachment) => {
        put(attachment, large.subarray(0, 70_000), 0);
        for (const length of lengths)
          for (const start of [length % 17, 64 - (length % 16)]) {
            const end = start + length;
            assert.is(
              attachment.checksum(name, { start, end }),
              oracle(large.subarray(start, end)),
              `${start} to ${end}`,
            );
          }
      });
    });

    checksum("works on whole windows, and on megabytes of random bytes, zeros and ones", () => {
      for (const size of [1, 3, SIZE, 4096, LARGE])
        withAttachment(size, (attachment) => {
          put(attachment, large.subarray(0, size), 0);
          assert.is(attachment.checksum(name), oracle(large.subarray(0, size)));
        });
      withAttachment(LARGE, (attachment) => {
        for (const bytes of extremes) {
          put(attachment, bytes, 0);
          for (const end of edges)
            assert.is(attachment.checksum(name, { end }), oracle(bytes.subarray(0, end)), `${end}`);
        }
      });
    });

    checksum("continues from a previous one: of all parts it equals that of the whole", () => {
      withAttachment(SIZE, (attachment) => {
        const bytes = randomBytes(SIZE);
        put(attachment, bytes, 0);
        const whole = attachment.checksum(name);
        for (const cut of [0, 1, 2, 15, 16, 17, 64, 100, 3332, SIZE]) {
          const before = attachment.checksum(name, { end: cut });
          assert.is(attachment.checksum(name, { start: cut, end: SIZE, previous: before }), whole, `cut at ${cut}`);
          assert.is(naive(bytes.subarray(cut), before), whole);
        }
        let running = first;
        for (let start = 0; start < SIZE; start += 37)
          running = attachment.checksum(name, { start, end: Math.min(start + 37, SIZE), previous: running });
        assert.is(running, whole);
        for (const from of [first, 0xfff0fff0, 0x7fffffff, 0x80008000]) {
          assert.is(
            attachment.checksum(name, { start: 9, end: 200, previous: from }),
            naive(bytes.subarray(9, 200), from),
            `from ${from}`,
          );
          assert.is(attachment.checksum(name, { start: 9, end: 9, previous: from }), from);
        }
      });
    });

    checksum("refuses a bad range and a bad previous checksum", () => {
      withAttachment(SIZE, (attachment) => {
        for (const [start, end] of [
          [-1, 5],
          [0, SIZE + 1],
          [6, 5],
          [0.5, 5],
          [0, Number.NaN],
          [2 ** 32, 2 ** 32],
        ] as const)
          assert.throws(
            () => attachment.checksum(name, { start, end }),
            code("ERR_OUT_OF_RANGE", /"options.(start|end)"/),
          );
        for (const previous of [-1, 0.5, 2 ** 32, Number.NaN])
          assert.throws(
            () => attachment.checksum(name, { end: 1, previous }),
            code("ERR_OUT_OF_RANGE", /"options.previous"/),
          );
        for (const previous of ["1", 1n, null, {}] as unknown as number[])
          assert.throws(
            () => attachment.checksum(name, { end: 1, previous }),
            code("ERR_INVALID_ARG_TYPE", /"options.previous"/),
          );
        assert.throws(
          () => attachment.checksum(name, { start: "0" as unknown as number }),
          code("ERR_INVALID_ARG_TYPE", /"options.start"/),
        );
      });
    });
    checksum.run();
  }

  for (const name of hashes) {
    const checksum = suite(`Attachment.checksum ${name} [${pair}]`);

    checksum("equals the published values", () => {
      const published =
        name === "xxh64"
          ? xxh64Vectors
          : xxh3Vectors.flatMap(
              ([length, plain, seeded]) =>
                [
                  [length, 0n, plain],
                  [length, PRIME64, seeded],
                ] as const,
            );
      withAttachment(2400, (attachment) => {
        for (const [length, seed, expected] of published)
          for (const start of [0, 1, 7, 33]) {
            put(attachment, sanityBytes(length), start);
            const sum = attachment.checksum(name, { start, end: start + length, seed });
            assert.is(sum, expected, `${length} bytes, seed ${seed}`);
            assert.is(hashOracle(name, sanityBytes(length), seed), expected, "the oracle's");
            if (seed === 0n) assert.is(attachment.checksum(name, { start, end: start + length }), expected);
          }
      });
    });

    checksum("equals the oracle's for every length, at any offset, from any seed", () => {
      withAttachment(70_000, (attachment) => {
        put(attachment, large.subarray(0, 70_000), 0);
        for (const [index, length] of lengths.entries())
          for (const seed of [0n, seeds[index % seeds.length] as bigint]) {
            const start = index % 17;
            const expected = hashOracle(name, large.subarray(start, start + length), seed);
            assert.is(
              attachment.checksum(name, { start, end: start + length, seed }),
              expected,
              `${length} bytes, seed ${seed}`,
            );
          }
      });
    });

    checksum("works on whole windows, and on megabytes of random bytes, zeros and ones", () => {
      for (const size of [1, 3, SIZE, 4096, LARGE])
        withAttachment(size, (attachment) => {
          put(attachment, large.subarray(0, size), 0);
          assert.is(attachment.checksum(name), hashOracle(name, large.subarray(0, size), 0n));
        });
      withAttachment(LARGE, (attachment) => {
        for (const [index, bytes] of extremes.entries()) {
          put(attachment, bytes, 0);
          for (const end of edges) {
            const seed = seeds[index * 3] as bigint;
            assert.is(
              attachment.checksum(name, { end, seed }),
              hashOracle(name, bytes.subarray(0, end), seed),
              `${end}`,
            );
          }
        }
      });
    });

    checksum("refuses a bad range and a bad seed", () => {
      withAttachment(SIZE, (attachment) => {
        for (const [start, end] of [
          [-1, 5],
          [0, SIZE + 1],
          [6, 5],
          [0, Number.NaN],
        ] as const)
          assert.throws(
            () => attachment.checksum(name, { start, end }),
            code("ERR_OUT_OF_RANGE", /"options.(start|end)"/),
          );
        for (const seed of [-1n, 2n ** 64n])
          assert.throws(() => attachment.checksum(name, { end: 1, seed }), code("ERR_OUT_OF_RANGE", /"options.seed"/));
        for (const seed of ["1", 1, null, {}] as unknown as bigint[])
          assert.throws(
            () => attachment.checksum(name, { end: 1, seed }),
            code("ERR_INVALID_ARG_TYPE", /"options.seed"/),
          );
      });
    });
    checksum.run();
  }

  const options = suite(`Attachment.checksum, options [${pair}]`);
  options("are all optional, and undefined is the default", () => {
    withAttachment(SIZE, (attachment) => {
      put(attachment, large.subarray(0, SIZE), 0);
      for (const { name } of sums) {
        const whole = attachment.checksum(name);
        assert.is(attachment.checksum(name, {}), whole);
        const nothing = { start: undefined, end: undefined, previous: undefined, seed: undefined };
        assert.is(attachment.checksum(name, nothing as object), whole);
        assert.is(attachment.checksum(name, { start: 7 }), attachment.checksum(name, { start: 7, end: SIZE }));
      }
      for (const name of hashes) {
        const whole = attachment.checksum(name);
        assert.is(attachment.checksum(name, {}), whole);
        assert.is(attachment.checksum(name, { seed: 0n }), whole);
        assert.is(attachment.checksum(name, { end: 7 }), attachment.checksum(name, { start: 0, end: 7 }));
      }
    });
  });

  options("of the other kind of algorithm are refused, with those that take them", () => {
    withAttachment(SIZE, (attachment) => {
      for (const { name } of sums)
        for (const seed of [0n, 5n, 5])
          assert.throws(
            () => attachment.checksum(name, { seed } as object),
            code("ERR_INVALID_ARG_VALUE", /'options.seed' is invalid. Only 'xxh64', 'xxh3' take it; .*'previous'/),
          );
      for (const name of hashes)
        for (const previous of [0, 5, 5n])
          assert.throws(
            () => attachment.checksum(name, { previous } as object),
            code("ERR_INVALID_ARG_VALUE", /'options.previous' is invalid. Only 'crc32', 'crc32c', 'adler32' take it; /),
          );
    });
  });

  options("that do not exist are refused, and so is anything but an object", () => {
    withAttachment(SIZE, (attachment) => {
      for (const name of ["crc32", "xxh3"] as const) {
        assert.throws(
          () => attachment.checksum(name as "crc32", { begin: 5 } as object),
          code("ERR_INVALID_ARG_VALUE", /options.begin/),
        );
        assert.throws(
          () => attachment.checksum(name as "crc32", { strat: 5 } as object),
          code("ERR_INVALID_ARG_VALUE", /Did you mean 'start'/),
        );
        for (const none of [0, 8, 1n, "start", null])
          assert.throws(
            () => attachment.checksum(name as "crc32", none as unknown as object),
            code("ERR_INVALID_ARG_TYPE", /"options"/),
          );
      }
    });
  });
  options.run();

  const names = suite(`Attachment.checksum of an unknown algorithm [${pair}]`);
  names("is refused, with the names that there are", () => {
    withAttachment(SIZE, (attachment) => {
      for (const name of ["md5", "CRC32", "", "toString", undefined, null, 5, {}] as unknown as "crc32"[])
        assert.throws(() => attachment.checksum(name), code("ERR_INVALID_ARG_TYPE", /"algorithm".*'xxh3'/));
    });
  });
  names.run();
}
