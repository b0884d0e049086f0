// Shared by the tests of streams.
import { setImmediate as turn } from "node:timers/promises";
import type { CursorReadable, CursorWritable } from "wasm-shm";

/** Waits until the streams have done what they can do now. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 5; round++) await turn();
}

/** All chunks, to the end of the stream. */
export async function chunksOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** The reason with which a promise is rejected. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

/** The error with which a stream fails; undefined if it closes without one. Call it before the stream closes. */
export async function errorOf(stream: CursorReadable | CursorWritable): Promise<unknown> {
  let failure: unknown;
  stream.on("error", (error: unknown) => {
    failure = error;
  });
  await new Promise((resolve) => stream.once("close", resolve));
  return failure;
}

const tooLarge = Number.MAX_SAFE_INTEGER + 1;

/** Options that both streams refuse over a window of 3333 bytes: a title, the options, the error's code, and its message. */
export const refusals: [string, unknown, string, RegExp][] = [
  ["options that are not an object", 5, "ERR_INVALID_ARG_TYPE", /"options" argument must be of type object/],
  ["null", null, "ERR_INVALID_ARG_TYPE", /"options"/],
  [
    "a start of the wrong type",
    { start: "0" },
    "ERR_INVALID_ARG_TYPE",
    /"options\.start" argument must be of type number/,
  ],
  ["a start before the window", { start: -1 }, "ERR_OUT_OF_RANGE", /"options\.start" .* >= 0 and <= 3333/],
  ["a start past the window", { start: 3334 }, "ERR_OUT_OF_RANGE", /"options\.start" .* >= 0 and <= 3333/],
  ["a start past the end", { start: 11, end: 10 }, "ERR_OUT_OF_RANGE", /"options\.start" .* <= 10\. Received 11/],
  ["a start that is not an integer", { start: 0.5 }, "ERR_OUT_OF_RANGE", /"options\.start" .* an integer/],
  ["an end of the wrong type", { end: 10n }, "ERR_INVALID_ARG_TYPE", /"options\.end"/],
  ["an end past the window", { end: 3334 }, "ERR_OUT_OF_RANGE", /"options\.end" .* <= 3333\. Received 3334/],
  ["an infinite end", { end: Number.POSITIVE_INFINITY }, "ERR_OUT_OF_RANGE", /"options\.end" .* an integer/],
  ["a highWaterMark of 0", { highWaterMark: 0 }, "ERR_OUT_OF_RANGE", /"options\.highWaterMark" .* >= 1/],
  ["a highWaterMark past 2^53", { highWaterMark: tooLarge }, "ERR_OUT_OF_RANGE", /"options\.highWaterMark"/],
  ["a highWaterMark of the wrong type", { highWaterMark: "1" }, "ERR_INVALID_ARG_TYPE", /"options\.highWaterMark"/],
  [
    "a signal that is not one",
    { signal: {} },
    "ERR_INVALID_ARG_TYPE",
    /"options\.signal" .* an instance of AbortSignal/,
  ],
  [
    "a signal without removeEventListener",
    { signal: { aborted: false, addEventListener() {} } },
    "ERR_INVALID_ARG_TYPE",
    /"options\.signal" .* an instance of AbortSignal/,
  ],
  ["a null signal", { signal: null }, "ERR_INVALID_ARG_TYPE", /"options\.signal" .* Received null/],
];
