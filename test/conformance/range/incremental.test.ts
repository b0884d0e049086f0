// createChecksum: the checksum of bytes that come in parts, against hash-wasm and zlib, on every core.
import { inspect } from "node:util";
import { createXXHash3 } from "hash-wasm";
import * as assert from "uvu/assert";
import { Checksum, type Checksum32, type Checksum64, createShm, type Shm } from "wasm-shm";
import { suite } from "../../suite.js";
import { checksumOracle as oracle, seeds } from "../../support/oracle.js";
import { code, nativePairs, pairs, randomBytes } from "../../support/pairs.js";

const sums: Checksum32[] = ["crc32", "crc32c", "adler32"];
const hashes: Checksum64[] = ["xxh64", "xxh3"];
const all = [...sums, ...hashes];

const make = (shm: Shm, name: Checksum32 | Checksum64, options: object = {}): Checksum =>
  shm.createChecksum(name as Checksum32, options) as Checksum;

/** Lengths of parts around every boundary: a stripe of 32 and 64, the 240 bytes of the short form, a block of 1,024. */
const lengths = [
  0, 1, 7, 31, 32, 33, 63, 64, 65, 96, 128, 175, 176, 240, 241, 255, 256, 1023, 1024, 1025, 3000, 20_000,
];

for (const { name, shm, withAttachment } of pairs) {
  const parts = suite(`createChecksum [${name}]`);
  const random = randomBytes(50_000);

  for (const algorithm of all)
    parts(`${algorithm}: two parts of every length are what they are as one`, () => {
      for (const first of lengths)
        for (const second of lengths) {
          const checksum = make(shm, algorithm).update(random, 0, first);
          assert.is(checksum.digest(), oracle(algorithm, random.subarray(0, first)), `${first}`);
          checksum.update(random.subarray(first), 0, second); // more after a digest
          assert.is(checksum.byteLength, first + second);
          assert.is(checksum.digest(), oracle(algorithm, random.subarray(0, first + second)), `${first} + ${second}`);
        }
    });

  for (const algorithm of all)
    parts(`${algorithm}: many parts, of arrays and in place`, () => {
      withAttachment(random.length, (attachment) => {
        attachment.bytes.set(random);
        for (const step of [1, 13, 64, 100, 1000, 4096]) {
          const checksum = make(shm, algorithm);
          let odd = false;
          for (let at = 0; at < 9000; at += step, odd = !odd)
            checksum.update(odd ? random : attachment, at, Math.min(at + step, 9000));
          assert.is(checksum.digest(), oracle(algorithm, random.subarray(0, 9000)), `parts of ${step}`);
        }
        assert.is(make(shm, algorithm).update(attachment).digest(), attachment.checksum(algorithm as Checksum32));
      });
    });

  for (const algorithm of hashes)
    parts(`${algorithm}: takes a seed`, () => {
      for (const seed of seeds)
        for (const length of [0, 5, 240, 241, 5000]) {
          const checksum = make(shm, algorithm, { seed });
          for (let at = 0; at < length; at += 77) checksum.update(random, at, Math.min(at + 77, length));
          assert.is(checksum.digest(), oracle(algorithm, random.subarray(0, length), seed));
        }
    });

  parts("takes the checksum of the bytes before", () => {
    for (const algorithm of sums) {
      const previous = oracle(algorithm, random.subarray(0, 1000)) as number;
      const checksum = shm.createChecksum(algorithm, { previous }).update(random, 1000, 3000);
      assert.is(checksum.digest(), oracle(algorithm, random.subarray(0, 3000)));
    }
  });

  parts("a long array goes through in parts", () => {
    const long = randomBytes(1_000_003);
    for (const algorithm of all)
      assert.is(make(shm, algorithm).update(long, 1).digest(), oracle(algorithm, long.subarray(1)));
  });

  parts("refuses bad arguments, and changes nothing", () => {
    withAttachment(100, (attachment) => {
      for (const algorithm of all) {
        const checksum = make(shm, algorithm).update(random, 0, 99);
        const before = [checksum.digest(), checksum.byteLength];
        for (const [start, end] of [[-1], [0, 101], [60, 50], [0.5], [0, Number.NaN]] as [number, number][])
          assert.throws(() => checksum.update(attachment, start, end), code("ERR_OUT_OF_RANGE"));
        for (const source of [undefined, null, 7, "text", [1], new Uint16Array(2), Object.create(attachment)])
          assert.throws(() => checksum.update(source as Uint8Array), code("ERR_INVALID_ARG_TYPE"));
        const gone = new Uint8Array(8);
        structuredClone(gone.buffer, { transfer: [gone.buffer] });
        assert.throws(() => checksum.update(gone), code("ERR_INVALID_ARG_VALUE"));
        assert.throws(
          () => (checksum.update as (...values: unknown[]) => unknown)(random, 0, 1, 2),
          code("ERR_INVALID_ARG_VALUE"),
        );
        assert.equal([checksum.digest(), checksum.byteLength], before);
      }
      const checksum = make(shm, "xxh3");
      attachment.detach();
      assert.throws(() => checksum.update(attachment), code("ERR_SHM_DETACHED"));
      assert.is(checksum.byteLength, 0);
    });
    assert.throws(() => make(shm, "md5" as "xxh3"), code("ERR_INVALID_ARG_TYPE"));
    assert.throws(() => make(shm, "crc32", { seed: 1n }), code("ERR_INVALID_ARG_VALUE", /options\.seed/));
    assert.throws(() => make(shm, "xxh3", { previous: 1 }), code("ERR_INVALID_ARG_VALUE", /options\.previous/));
    assert.throws(() => make(shm, "xxh3", { sead: 1n }), code("ERR_INVALID_ARG_VALUE", /Did you mean 'seed'/));
    assert.throws(() => make(shm, "xxh3", { seed: 2n ** 64n }), code("ERR_OUT_OF_RANGE"));
    assert.throws(() => new (Checksum as never as new () => object)(), code("ERR_ILLEGAL_CONSTRUCTOR"));
    assert.is(inspect(make(shm, "xxh3").update(random)), "Checksum { algorithm: 'xxh3', byteLength: 50000 }");
  });

  parts("continues from a state, of every core", () => {
    for (const core of ["wasm", "js", "auto"] as const) {
      const other = createShm({ host: "local", core });
      for (const algorithm of all)
        for (const length of [0, 10, 240, 241, 304, 305, 1100, 5000]) {
          const first = make(shm, algorithm).update(random, 0, length);
          const state = first.serialize();
          assert.equal(
            state,
            make(other, algorithm).update(random, 0, length).serialize(),
            `${algorithm} of ${length}`,
          );
          const second = make(other, algorithm, { state });
          state.fill(0); // it was copied
          assert.equal([second.digest(), second.byteLength], [first.digest(), length]);
          second.update(random, length, 6000);
          assert.is(second.digest(), oracle(algorithm, random.subarray(0, 6000)));
        }
    }
  });

  parts("refuses a state that is another's, or damaged", () => {
    const refused = code("ERR_INVALID_ARG_VALUE", /options\.state/);
    for (const algorithm of all)
      for (const length of [0, 100, 5000]) {
        const state = make(shm, algorithm, algorithm.startsWith("xxh") ? { seed: 7n } : {})
          .update(random, 0, length)
          .serialize();
        const other = algorithm === "crc32" ? "xxh3" : "crc32";
        assert.throws(
          () => make(shm, other, { state }),
          code("ERR_INVALID_ARG_VALUE", new RegExp(`It is of '${algorithm}'`)),
        );
        for (const wrong of [state.subarray(1), state.subarray(0, -1), Buffer.concat([state, Buffer.of(0)])])
          assert.throws(() => make(shm, algorithm, { state: wrong }), refused);
        for (let index = 0; index < state.length; index++) {
          const damaged = Uint8Array.from(state);
          damaged[index] = (damaged[index] as number) ^ 0x80;
          const use = (): unknown => make(shm, algorithm, { state: damaged }).update(random, 0, 3000).digest();
          // The version, the algorithm, the number of bytes that wait, and a total past 2 ** 53; else another hash, at worst.
          if ([0, 1, 2, 3, 14, 15].includes(index)) assert.throws(use, refused);
          else
            try {
              use();
            } catch (error) {
              refused(error);
            }
        }
      }
    assert.throws(() => make(shm, "xxh3", { state: "text" }), code("ERR_INVALID_ARG_TYPE"));
    const state = make(shm, "xxh3").serialize();
    assert.throws(() => make(shm, "xxh3", { state, seed: 1n }), code("ERR_INVALID_ARG_VALUE", /has it already/));
  });
  parts.run();
}

const large = suite("More than 4 GiB");
const [pair] = nativePairs;
const title = "are hashed by parts, on the wasm core, and from there on the js core";
if (!pair) large.skip(title, "it shows the sysv host");
else
  large(title, async () => {
    const rival = (await createXXHash3()).init();
    await pair.withAttachment(2 ** 26, (attachment) => {
      attachment.bytes.set(randomBytes(1_000_000));
      const checksum = createShm({ core: "wasm" }).createChecksum("xxh3");
      for (let part = 0; part < 68; part++) {
        checksum.update(attachment);
        rival.update(attachment.bytes);
      }
      assert.is(checksum.byteLength, 4.25 * 2 ** 30);
      const tail = randomBytes(12_345);
      const js = createShm({ core: "js" }).createChecksum("xxh3", { state: checksum.serialize() }).update(tail);
      const expected = BigInt(`0x${rival.update(tail).digest()}`);
      assert.equal([js.digest(), checksum.update(tail).digest()], [expected, expected]);
    });
  });
large.run();
