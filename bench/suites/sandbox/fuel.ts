// What it takes a guest to count its instructions: words of a text, by the guests that two compilers made.
import { readFileSync } from "node:fs";
import { createSandbox } from "wasm-shm";
import { named, type Rival, type Timer } from "../../harness/group.js";
import { expectEqual } from "../../harness/proof.js";
import { root } from "../../harness/root.js";
import { KiB } from "../../harness/size.js";
import { atMost } from "./isolation.js";

const SIZE = 64 * KiB;
const TEXT = "the quick brown fox jumps over the lazy dog, and naïve readers count ".repeat(1000).slice(0, SIZE / 2);

export async function fuel(time: Timer): Promise<void> {
  for (const language of ["c", "assemblyscript"]) {
    const wasm = readFileSync(`${root}examples/guests/${language}/guest.wasm`);
    const plain = await createSandbox(wasm, { isolation: "inline" });
    const counted = await createSandbox(wasm, { isolation: "inline", fuel: Number.MAX_SAFE_INTEGER });
    const place = plain.write(TEXT);
    const words = plain.call("countWords", ...place) as number;
    const counting = (name: string, run: () => number): Rival => ({
      name,
      operations: 1,
      run,
      prove: () => expectEqual(run(), words, name),
    });
    const other = counted.write(TEXT);
    await time({
      ...named(`words, ${language}`, undefined, "fuel"),
      rivals: [
        counting("without fuel", () => plain.call("countWords", ...place) as number),
        { ...counting("with fuel", () => counted.call("countWords", ...other) as number), goals: [atMost(1.6)] },
      ],
    });
    plain.close();
    counted.close();
  }
}
