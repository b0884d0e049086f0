// wasm-shm checksum as a person runs it, compared with the oracles.
import * as assert from "uvu/assert";
import { create } from "wasm-shm";
import { suite } from "../suite.js";
import { type Ended, root, run } from "../support/child.js";
import { adlerOracle, crc32cOracle, crc32Oracle, hashOracle } from "../support/oracle.js";
import { nativePairs, randomBytes } from "../support/pairs.js";

const checksum = (...args: (string | number)[]): Ended =>
  run(process.execPath, [`${root}dist/cli/main.cjs`, "checksum", ...args.map(String)]);

const oracles: [name: string, sum: (bytes: Uint8Array) => string][] = [
  ["crc32", (bytes) => crc32Oracle(bytes).toString(16).padStart(8, "0")],
  ["crc32c", (bytes) => crc32cOracle(bytes).toString(16).padStart(8, "0")],
  ["adler32", (bytes) => adlerOracle(bytes).toString(16).padStart(8, "0")],
  ["xxh64", (bytes) => hashOracle("xxh64", bytes, 0n).toString(16).padStart(16, "0")],
  ["xxh3", (bytes) => hashOracle("xxh3", bytes, 0n).toString(16).padStart(16, "0")],
];

const test = suite("wasm-shm checksum");
if (nativePairs.length === 0) test.skip("runs", "this platform has no sysv host");
else {
  for (const [name, sum] of oracles)
    test(`${name} of a whole segment and of a part agrees with the oracle`, () => {
      using segment = create(3333);
      const bytes = randomBytes(3333);
      segment.write(bytes);
      const whole = checksum(segment.id, "--algorithm", name);
      assert.is(whole.stdout, `${sum(bytes)}  ${segment.id}\n`, whole.stderr);
      for (const [offset, size] of [
        [7, 1001],
        [3333, 5],
      ] as const) {
        const part = checksum(segment.id, "--algorithm", name, "--offset", offset, "--size", size);
        assert.is(part.stdout, `${sum(bytes.subarray(offset, offset + size))}  ${segment.id}\n`, part.stderr);
      }
    });

  test("continues across windows, of every algorithm", () => {
    using segment = create(2 ** 32 + 3333, { noReserve: true });
    const zeros = new Uint8Array(3333);
    for (const [name, sum] of oracles)
      assert.is(
        checksum(segment.id, "--offset", 2 ** 30 - 1001, "--size", 3333, "--algorithm", name).stdout,
        `${sum(zeros)}  ${segment.id}\n`,
      );
  });

  test("prints a line for each of several segments; a usage error exits with 2", () => {
    using one = create(1);
    using two = create(3333);
    assert.match(checksum(one.id, two.id).stdout, new RegExp(`^[0-9a-f]{8}  ${one.id}\n[0-9a-f]{8}  ${two.id}\n$`));
    assert.is(checksum().code, 2);
    assert.is(checksum(one.id, "--algorithm", "md5").code, 2);
  });
}
test.run();
