// What it takes a guest to count its instructions: words of a text, by the guests that two compilers made, and the worst
// case, small functions that do nothing but call one another.
import { readFileSync } from "node:fs";
import wabt from "wabt";
import { createSandbox } from "wasm-shm";
import { named, type Rival, type Timer } from "../../harness/group.js";
import { expectEqual } from "../../harness/proof.js";
import { root } from "../../harness/root.js";
import { KiB } from "../../harness/size.js";
import { atMost } from "./isolation.js";

const SIZE = 64 * KiB;
const TEXT = "the quick brown fox jumps over the lazy dog, and naïve readers count ".repeat(1000).slice(0, SIZE / 2);

const FIBONACCI = `(module
  (memory (export "memory") 1)
  (func $fibonacci (export "fibonacci") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add
        (call $fibonacci (i32.sub (local.get $n) (i32.const 1)))
        (call $fibonacci (i32.sub (local.get $n) (i32.const 2))))))))`;
const N = 20;
const NTH = 6765;

const counting = (name: string, expected: number, run: () => number): Rival => ({
  name,
  operations: 1,
  run,
  prove: () => expectEqual(run(), expected, name),
});

/** The same guest, without a limit of its instructions and with one. */
async function guests(wasm: Uint8Array) {
  const plain = await createSandbox(wasm, { isolation: "inline" });
  return { plain, counted: await createSandbox(wasm, { isolation: "inline", fuel: Number.MAX_SAFE_INTEGER }) };
}

async function words(language: string, time: Timer): Promise<void> {
  const { plain, counted } = await guests(readFileSync(`${root}examples/guests/${language}/guest.wasm`));
  const place = plain.write(TEXT);
  const other = counted.write(TEXT);
  const expected = plain.call("countWords", ...place) as number;
  await time({
    ...named(`words, ${language}`, undefined, "fuel"),
    rivals: [
      counting("without fuel", expected, () => plain.call("countWords", ...place) as number),
      {
        ...counting("with fuel", expected, () => counted.call("countWords", ...other) as number),
        goals: [atMost(1.6)],
      },
    ],
  });
  plain.close();
  counted.close();
}

async function calls(time: Timer): Promise<void> {
  const { plain, counted } = await guests((await wabt()).parseWat("fibonacci.wat", FIBONACCI).toBinary({}).buffer);
  await time({
    ...named("recursive calls", undefined, "fuel"),
    rivals: [
      counting("without fuel", NTH, () => plain.call("fibonacci", N) as number),
      counting("with fuel", NTH, () => counted.call("fibonacci", N) as number),
    ],
  });
  plain.close();
  counted.close();
}

export async function fuel(time: Timer): Promise<void> {
  for (const language of ["c", "assemblyscript"]) await words(language, time);
  await calls(time);
}
