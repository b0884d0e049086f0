// Attachment.sum, min and max of float32 in place, against a plain loop over a Float32Array.
import { judgedAt, speed } from "../harness/goals.js";
import { named, type Rival, type Timer } from "../harness/group.js";
import { type PaceName, rangeSizes } from "../harness/pace.js";
import { expectEqual, fillPattern } from "../harness/proof.js";
import { coreOf, type Variant, withAttachment } from "../harness/window.js";

const LOOP = "loop";
const MATH = "loop, Math.min and max"; // the one that treats NaN and -0 as attachment.min and max do

/** Whole numbers of both signs below 2^20. The sum of 2^24 of them is exact in any order. */
function fillNumbers(values: Float32Array): void {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length);
  fillPattern(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
  for (let index = 0; index < words.length; index++) values[index] = (words[index] as number) >> 12;
}

// Each loop is a function of its own, which only one rival calls.
function sum(values: Float32Array): number {
  let total = 0;
  for (let index = 0; index < values.length; index++) total += values[index] as number;
  return total;
}

function min(values: Float32Array): number {
  let found = Number.POSITIVE_INFINITY;
  for (let index = 0; index < values.length; index++)
    if ((values[index] as number) < found) found = values[index] as number;
  return found;
}

function minByMath(values: Float32Array): number {
  let found = Number.POSITIVE_INFINITY;
  for (let index = 0; index < values.length; index++) found = Math.min(found, values[index] as number);
  return found;
}

function max(values: Float32Array): number {
  let found = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index++)
    if ((values[index] as number) > found) found = values[index] as number;
  return found;
}

function maxByMath(values: Float32Array): number {
  let found = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index++) found = Math.max(found, values[index] as number);
  return found;
}

/** Another way to each answer, so that no rival proves itself. */
const oracles = {
  sum: (values: Float32Array) => values.reduce((total, value) => total + value, 0),
  min: (values: Float32Array) => values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
  max: (values: Float32Array) => values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
};

export async function numeric(variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  for (const size of rangeSizes(pace))
    await withAttachment(variant, size, async (attachment) => {
      const values = new Float32Array(attachment.memory.buffer, attachment.byteOffset, size / 4);
      fillNumbers(values);
      const operations = [
        { name: "sum", loops: { [LOOP]: sum }, core: () => attachment.sum(Float32Array) },
        { name: "min", loops: { [LOOP]: min, [MATH]: minByMath }, core: () => attachment.min(Float32Array) },
        { name: "max", loops: { [LOOP]: max, [MATH]: maxByMath }, core: () => attachment.max(Float32Array) },
      ] as const;
      for (const { name, loops, core } of operations) {
        const expected = oracles[name](values);
        const rival = (by: string, run: () => number): Rival => ({
          name: by,
          operations: 1,
          run,
          prove: () => expectEqual(run(), expected, `${name} by ${by}`),
        });
        const [base, ...others] = Object.entries(loops).map(([by, loop]) => rival(by, () => loop(values)));
        await time({
          ...named(`${name} of Float32`, size),
          bytes: size,
          rivals: [
            base as Rival,
            ...others,
            {
              ...rival(`${name}, ${coreOf(variant)}`, core),
              goals: judgedAt(size, variant, speed(4, ...Object.keys(loops))),
            },
          ],
        });
      }
    });
}
