// wasm-shm dump as a person runs it: hexadecimal is compared with xxd, numbers with DataView and Buffer.
import { spawnSync } from "node:child_process";
import * as assert from "uvu/assert";
import { create } from "wasm-shm";
import { suite } from "../suite.js";
import { type Ended, root, run, works } from "../support/child.js";
import { nativePairs, randomBytes } from "../support/pairs.js";
import { absent } from "../support/peers.js";

const cli = `${root}dist/cli/main.cjs`;
const dump = (...args: (string | number)[]): Ended => run(process.execPath, [cli, "dump", ...args.map(String)]);

function withBytes(bytes: Uint8Array, use: (id: number) => void): void {
  using segment = create(bytes.length);
  segment.write(bytes);
  use(segment.id);
}

const test = suite("wasm-shm dump");
if (nativePairs.length === 0) test.skip("runs", "this platform has no sysv host");
else {
  if (!works("xxd", ["--version"])) absent(test, "prints what xxd prints", "xxd is not installed");
  else
    test("prints what xxd prints for odd sizes and offsets, and xxd -r restores the bytes", () => {
      for (const size of [1, 2, 15, 16, 17, 3333, 200_001]) {
        const bytes = randomBytes(size);
        withBytes(bytes, (id) => {
          const whole = dump(id);
          assert.is(whole.code, 0, whole.stderr);
          assert.is(whole.stdout, spawnSync("xxd", { input: bytes, maxBuffer: 2 ** 28 }).stdout.toString());
          const back = spawnSync("xxd", ["-r"], { input: whole.stdout, maxBuffer: 2 ** 28 }).stdout;
          assert.ok(back.equals(bytes), `${size} bytes come back`);
          const offset = Math.min(size, 5);
          const part = spawnSync("xxd", ["-s", `${offset}`, "-l", "99"], { input: bytes }).stdout.toString();
          assert.is(dump(id, "--offset", offset, "--size", 99).stdout, part);
        });
      }
    });

  test("numbers are exact in either byte order, and bytes that do not make a whole number are marked", () => {
    const bytes = Buffer.alloc(17);
    bytes.writeBigUInt64LE(0xfffffffffffffffdn, 0);
    bytes.writeDoubleBE(0.1, 8);
    bytes[16] = 0xab;
    withBytes(bytes, (id) => {
      const u64 = dump(id, "--as", "u64").stdout;
      assert.match(u64, /^00000000: 18446744073709551613 +\d+\n00000010: partial u64: ab\n$/);
      assert.match(
        dump(id, "--as", "f64", "--big-endian", "--offset", 8).stdout,
        /^00000008: +0\.1 partial f64: ab\n$/,
      );
    });
    const floats = Buffer.alloc(16);
    [0.1, -0, Number.NaN, 3.4028234663852886e38].forEach((value, index) => {
      floats.writeFloatLE(value, 4 * index);
    });
    withBytes(floats, (id) => {
      assert.match(dump(id, "--as", "f32").stdout, /^00000000: +0\.1 +-0 +NaN +3\.4028235e\+38\n$/);
    });
    withBytes(Uint8Array.of(0x66, 0x2e, 0x01, 0x00, 0xff, 0x7b, 0x00, 0xfc), (id) => {
      assert.match(dump(id, "--as", "f16").stdout, /^00000000: +0\.1 +6e-8 +65500 +-Infinity\n$/);
    });
  });

  test("text keeps newlines and tabs; other control characters and bytes that are not UTF-8 become \\x07", () => {
    const bytes = Buffer.from("gr\u00fc\u00dfe\n\tend\0\u0085\u{1f600}");
    withBytes(Buffer.concat([bytes, Uint8Array.of(0xff, 0xe2, 0x82)]), (id) => {
      assert.is(dump(id, "--as", "utf8").stdout, "gr\u00fc\u00dfe\n\tend\\x00\\xc2\\x85\u{1f600}\\xff\\xe2\\x82");
      assert.is(dump(id, "--as", "utf8", "--size", 3).stdout, "gr\\xc3");
    });
    const long = "\u20ac".repeat(50_000); // characters lie across two chunks
    withBytes(Buffer.from(`x${long}`), (id) => assert.is(dump(id, "--as", "utf8").stdout, `x${long}`));
  });

  test("a line that continues in the next window, and positions past 4 GiB", () => {
    using segment = create(2 ** 32 + 100, { noReserve: true });
    for (const boundary of [2 ** 30, 2 ** 32]) {
      const offset = boundary - 4096;
      using around = segment.attach({ offset, length: Math.min(8192, segment.size - offset) });
      const bytes = randomBytes(40, boundary + 1);
      around.bytes.set(bytes, 4096 - 5);
      const shown = dump(segment.id, "--offset", boundary - 5, "--size", 40).stdout;
      const position = shown.split("\n").map((line) => line.split(":")[0]);
      assert.equal(position, [...[0, 16, 32].map((at) => (boundary - 5 + at).toString(16).padStart(8, "0")), ""]);
      const hex = shown.replaceAll(/^\w+: (.{39}) .*$/gm, "$1").replaceAll(/\s/g, "");
      assert.is(hex, Buffer.from(bytes).toString("hex"));
    }
  });

  test("every positive float16 reads back as itself", () => {
    const bytes = new Uint8Array(Uint16Array.from({ length: 65_536 / 2 }, (_, bits) => bits).buffer);
    withBytes(bytes, (id) => {
      const values = dump(id, "--as", "f16").stdout.replaceAll(/^\w+:/gm, "").trim().split(/\s+/).map(Number);
      assert.is(values.length, 32_768);
      using back = create(bytes.length);
      using attachment = back.attach();
      const cursor = attachment.cursor();
      for (const value of values) cursor.writeFloat16(value);
      const isNumber = 2 * 0x7c01; // bytes; the NaNs follow
      assert.equal(attachment.bytes.slice(0, isNumber), bytes.slice(0, isNumber));
      assert.ok(values.slice(0x7c01).every(Number.isNaN));
    });
  });

  test("a usage error exits with 2, a segment that does not exist with 1, and a closed pipe with 0", () => {
    withBytes(randomBytes(3333), (id) => {
      assert.is(dump(id, "--as", "u65").code, 2);
      assert.is(dump(id, "--offset", 3334).code, 2);
    });
    assert.is(dump(0x7fffffff).code, 1);
    withBytes(randomBytes(3_000_000), (id) => {
      const ended = run("bash", ["-c", `set -o pipefail; "${process.execPath}" "${cli}" dump ${id} | head -c 10`]);
      assert.is(ended.code, 0, ended.stderr);
      assert.is(ended.stderr, "");
    });
  });
}
test.run();
