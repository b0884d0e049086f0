// Sizes, keys, targets and modes as a person types and reads them, in both directions.
import fc from "fast-check";
import * as assert from "uvu/assert";
import { parseKey, parseMode, parseSize, parseTarget } from "#src/cli/args/values.js";
import { formatAge, formatKey, formatMode, formatOctalMode, formatSize } from "#src/cli/format/numbers.js";
import { suite } from "../suite.js";

const refused = ({ code }: { code: string }): boolean => code === "commander.invalidArgument";

const sizes = suite("Sizes as typed");
for (const [text, bytes] of [
  ["0", 0],
  ["4096", 4096],
  ["0x1000", 4096],
  ["0XfF", 255],
  ["64K", 65536],
  ["64k", 65536],
  ["64KiB", 65536],
  ["64KB", 64000],
  ["1.5G", 1610612736],
  ["1.5GB", 1500000000],
  ["0.5K", 512],
  ["100B", 100],
  ["2T", 2 ** 41],
  ["7P", 7 * 2 ** 50],
  [" 12 ", 12],
  ["9007199254740991", Number.MAX_SAFE_INTEGER],
] as const)
  sizes(`${JSON.stringify(text)} is ${bytes}`, () => assert.is(parseSize(text), bytes));

for (const text of [
  "",
  "K",
  "-1",
  "1.",
  ".5K",
  "1e3",
  "12 K",
  "0x",
  "0x1K",
  "1.5",
  "0.3K",
  "8P",
  "9E",
  "1KiBB",
  "9007199254740993",
  "٣",
])
  sizes(`${JSON.stringify(text)} is refused`, () => assert.throws(() => parseSize(text), refused));

sizes("are the same in decimal, hexadecimal and whole units", () => {
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      fc.constantFrom(...Array.from("KMGT", (unit, index) => [unit, index + 1] as const)),
      (n, [unit, power]) => {
        assert.is(parseSize(String(n)), n);
        assert.is(parseSize(`0x${n.toString(16)}`), n);
        const whole = n % 4096;
        assert.is(parseSize(`${whole}${unit}`), whole * 1024 ** power);
        assert.is(parseSize(`${whole}${unit}B`), whole * 1000 ** power);
      },
    ),
  );
});

sizes("shown are within 5 in a hundred of the bytes, and at most four letters and a unit", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (n) => {
      const shown = formatSize(n);
      assert.match(shown, /^(\d{1,4}|\d\.\d)[KMGTPE]?$/);
      const [, number = "", unit = ""] = /^([\d.]+)(.*)$/.exec(shown) ?? [];
      const back = Number(number) * 1024 ** ["", "K", "M", "G", "T", "P", "E"].indexOf(unit);
      assert.ok(Math.abs(back - n) <= n * 0.05, `${n} as ${shown}`);
    }),
  );
});

for (const [bytes, shown] of [
  [0, "0"],
  [1023, "1023"],
  [1024, "1K"],
  [3379, "3.3K"],
  [65536, "64K"],
  [1023.9 * 1024, "1M"],
  [1.5 * 2 ** 30, "1.5G"],
] as const)
  sizes(`${bytes} is shown as ${shown}`, () => assert.is(formatSize(bytes), shown));
sizes.run();

const keys = suite("Keys, targets and modes as typed");
keys("keys are signed or unsigned, decimal or hexadecimal, as ls shows them", () => {
  assert.is(parseKey("0x51"), 0x51);
  assert.is(parseKey("81"), 81);
  assert.is(parseKey("-1"), -1);
  assert.is(parseKey("0xffffffff"), 0xffffffff);
  fc.assert(
    fc.property(fc.integer({ min: -0x80000000, max: 0x7fffffff }), (key) => {
      if (key !== 0) assert.is(parseKey(formatKey(key)) | 0, key);
    }),
  );
});
for (const text of ["", "0", "0x0", "0x100000000", "-2147483649", "0x", "abc", "1.5", "1K"])
  keys(`${JSON.stringify(text)} is not a key`, () => assert.throws(() => parseKey(text), refused));

keys("targets are ids, or key:KEY", () => {
  assert.equal(parseTarget("0"), { id: 0 });
  assert.equal(parseTarget("2147483647"), { id: 2147483647 });
  assert.equal(parseTarget("key:0x51"), { key: 0x51 });
});
for (const text of ["", "-1", "2147483648", "0x10", "key:", "key:x", "k:1", "1 "])
  keys(`${JSON.stringify(text)} is not a target`, () => assert.throws(() => parseTarget(text), refused));

keys("modes are octal, and go there and back", () => {
  assert.is(parseMode("0o640"), 0o640);
  assert.is(parseMode("0640"), 0o640);
  for (let mode = 0; mode <= 0o777; mode++) assert.is(parseMode(formatOctalMode(mode)), mode);
});
for (const text of ["", "8", "60", "888", "1000", "07777", "rw-", "-600"])
  keys(`${JSON.stringify(text)} is not a mode`, () => assert.throws(() => parseMode(text), refused));
keys.run();

const shown = suite("Modes and ages as shown");
shown("a mode is nine letters", () => {
  assert.is(formatMode(0o640), "rw-r-----");
  assert.is(formatMode(0o7751), "rwxr-x--x"); // status bits above the nine are not permissions
});
shown("an age is one number and a unit, and never is a dash", () => {
  const now = Date.UTC(2026, 0, 1);
  const before = (seconds: number): string => formatAge(new Date(now - seconds * 1000), now);
  assert.equal([0, 59, 60, 3599, 3600, 86399, 86400, 365 * 86400].map(before), [
    ..."0 s,59 s,1 m,59 m,1 h,23 h,1 d,1 y".split(","),
  ]);
  assert.is(before(-5), "0 s");
  assert.is(formatAge(undefined, now), "-");
});
shown.run();
