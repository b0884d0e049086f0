// Useful guests on real data, in windows of all sizes and accesses, while their heaps grow.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import type { Segment } from "wasm-shm";
import { suite } from "../suite.js";
import { root, runModule } from "../support/child.js";
import { NO_LIMIT_SOURCE } from "../support/engine.js";
import { randomBytes } from "../support/pairs.js";
import {
  type AnySandbox,
  at,
  contents,
  guest,
  intact,
  kinds,
  NO_HOST,
  native,
  rejects,
  withSandbox,
  withSegments,
} from "./sandboxes.js";

const WASM_PAGE = 65_536;
const guests = {
  assemblyscript: { wasm: guest("assemblyscript/guest"), options: {} },
  c: { wasm: guest("c/guest"), options: { allocator: "malloc" } },
};

/** The bytes of a picture file: a PPM (netpbm's P6) of 300 by 200 random pixels. */
function picture(): Uint8Array {
  const header = Buffer.from("P6\n300 200\n255\n", "latin1");
  return Buffer.concat([header, randomBytes(300 * 200 * 3)]);
}

/** A PPM's pixels as RGBA. */
function pixelsOf(ppm: Uint8Array): Uint8Array {
  const [, width, height] = /^P6\n(\d+) (\d+)\n255\n/.exec(Buffer.from(ppm).toString("latin1")) ?? [];
  const count = Number(width) * Number(height);
  const rgb = ppm.subarray(ppm.length - 3 * count);
  const pixels = new Uint8Array(4 * count).fill(255);
  for (let index = 0; index < count; index++) pixels.set(rgb.subarray(3 * index, 3 * index + 3), 4 * index);
  return pixels;
}

function grayOf(pixels: Uint8Array): Uint8Array {
  const gray = pixels.slice();
  for (let index = 0; index < gray.length; index += 4) {
    const [red, green, blue] = pixels.subarray(index, index + 3) as unknown as [number, number, number];
    gray.fill((77 * red + 150 * green + 29 * blue + 128) >> 8, index, index + 3);
  }
  return gray;
}

function histogramOf(bytes: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte] = (counts[byte] as number) + 1;
  return counts;
}

const wordsIn = (text: string): string[] => text.match(/\P{White_Space}+/gu) ?? [];

/** Runs `use` with a segment of these bytes. */
const holding = <T>(bytes: Uint8Array, use: (segment: Segment) => Promise<T>): Promise<T> =>
  withSegments([bytes.length], (segment) => {
    segment.write(bytes);
    segment.reset();
    return use(segment);
  });

if (!native) {
  const none = suite("Guests at work");
  none.skip("answer as plain JavaScript does", NO_HOST);
  none.run();
}

for (const kind of native ? kinds : [])
  for (const [name, { wasm, options }] of Object.entries(guests)) {
    const work = suite(`The ${name} guest at work [${kind}]`);

    work("histogram and grayscale of an image's pixels: input read-only, output in another segment", () => {
      const pixels = pixelsOf(picture());
      return holding(pixels, (input) =>
        withSegments([pixels.length, 1024], (output, counts) =>
          intact([input], async () => {
            const windows = {
              input: { segment: input, access: "read-only" as const },
              output: { segment: output, access: "read-write" as const },
              counts: { segment: counts, access: "read-write" as const },
            };
            await withSandbox(kind, wasm, { ...options, windows }, async (sandbox) => {
              await sandbox.call("histogram", at(sandbox, "input"), pixels.length, at(sandbox, "counts"));
              await sandbox.call("grayscale", at(sandbox, "input"), pixels.length, at(sandbox, "output"));
            });
            assert.equal(new Uint32Array(contents(counts).buffer), histogramOf(pixels));
            assert.equal(contents(output), grayOf(pixels));
          }),
        ),
      );
    });

    for (const file of ["README.md", "LICENSE"])
      work(`counts the words of ${file}`, () => {
        const bytes = readFileSync(root + file);
        const words = wordsIn(bytes.toString());
        return holding(bytes, (segment) =>
          intact([segment], () =>
            withSandbox(kind, wasm, { ...options, windows: { text: { segment } } }, async (sandbox) => {
              const text = at(sandbox, "text");
              assert.is(await sandbox.call("countWords", text, bytes.length), words.length);
              assert.is(await sandbox.call("distinctWords"), new Set(words).size);
              const where = bytes.indexOf("the ");
              assert.is(
                await sandbox.call("occurrences", text + where, 3),
                words.filter((word) => word === "the").length,
              );
            }),
          ),
        );
      });

    work("a store into a read-only window is refused, and the sandbox can be called again", () =>
      withSegments([70_001], (segment) =>
        intact([segment], () =>
          withSandbox(kind, wasm, { ...options, windows: { "my input": { segment } } }, async (sandbox) => {
            const input = at(sandbox, "my input");
            for (let round = 0; round < 3; round++) {
              await rejects(
                () => sandbox.call("invert", input, 70_001),
                "ERR_SHM_READ_ONLY",
                /18 pages of the window "my input"/,
              );
              await rejects(() => sandbox.call("invert", input + 70_000, 1), "ERR_SHM_READ_ONLY", /a page of/);
              const sum = await sandbox.call("sumFloats", input, 4096);
              assert.type(sum, "number");
            }
          }),
        ),
      ),
    );

    work("windows of every size, access and part, many at once", () =>
      withSegments([1, 3333, 4096, WASM_PAGE - 1, WASM_PAGE, WASM_PAGE + 1, 5 * 4096 + 7], async (...segments) => {
        const last = segments.at(-1) as Segment;
        const windows = {
          ...Object.fromEntries(
            segments.map((segment, index) => [`all ${index}`, { segment, access: "read-write" as const }]),
          ),
          ...Object.fromEntries(
            segments.map((segment, index) => [`copy ${index}`, { segment, access: "copy-on-write" as const }]),
          ),
          page: { segment: last, access: "read-only" as const, offset: 4096, length: 4096 },
          tail: { segment: last, offset: 4 * 4096 },
          "tail's tail": { segment: last, offset: 5 * 4096, length: 7 },
        };
        await intact(segments, () =>
          withSandbox(kind, wasm, { ...options, windows }, async (sandbox) => {
            assert.equal(Object.keys(sandbox.windows), Object.keys(windows));
            const taken: [number, number][] = [];
            for (const [window, { byteOffset, byteLength, access }] of Object.entries(sandbox.windows)) {
              const {
                segment,
                offset = 0,
                length,
                access: asked,
              } = windows[window as keyof typeof windows] as {
                segment: Segment;
                offset?: number;
                length?: number;
                access?: string;
              };
              assert.is(byteOffset % WASM_PAGE, 0);
              assert.is(byteLength, length ?? segment.size - offset);
              assert.is(access, asked ?? "read-only");
              for (const [begin, end] of taken) assert.ok(byteOffset >= end || byteOffset + byteLength <= begin);
              taken.push([byteOffset, byteOffset + byteLength]);
              const part = contents(segment).subarray(offset, offset + byteLength);
              const whole = part.length - (part.length % 4);
              const floats = new Float32Array(part.slice(0, whole).buffer);
              const sum = (await sandbox.call("sumFloats", byteOffset, whole)) as number;
              const expected = floats.reduce((total, float) => total + float, 0);
              assert.ok(
                Object.is(sum, expected) ||
                  Math.abs(sum - expected) <= 1e-9 * floats.reduce((total, float) => total + Math.abs(float), 0),
                `${window}: ${sum}, ${expected}`,
              );
              if (access === "read-only")
                await rejects(
                  () => sandbox.call("invert", byteOffset, byteLength),
                  "ERR_SHM_READ_ONLY",
                  new RegExp(`"${window}"`),
                );
              else {
                await sandbox.call("invert", byteOffset, byteLength);
                if (access === "read-write") {
                  assert.equal(
                    contents(segment),
                    part.map((byte) => ~byte),
                  );
                  await sandbox.call("invert", byteOffset, byteLength);
                }
              }
            }
          }),
        );
      }),
    );

    work("the sum of 4 million floats that another process wrote", () =>
      withSegments([16e6], async (segment) => {
        const ended = runModule(`
          import { open } from "wasm-shm";
          const attachment = open(${segment.id}).attach();
          const floats = new Float32Array(attachment.memory.buffer, attachment.byteOffset, 4e6);
          for (let index = 0; index < floats.length; index++) floats[index] = index % 1000 / 8;`);
        assert.is(ended.code, 0, ended.stderr);
        await intact([segment], () =>
          withSandbox(kind, wasm, { ...options, windows: { floats: { segment } } }, async (sandbox) => {
            // Eighths below 125: every partial sum is exact.
            assert.is(await sandbox.call("sumFloats", at(sandbox, "floats"), 16e6), (4e6 * 999) / 2 / 8);
          }),
        );
      }),
    );

    const churned = async (sandbox: AnySandbox): Promise<void> => {
      for (let round = 0; round < 2; round++) assert.is(await sandbox.call("churn", 8_000_000), 8_000_000);
    };

    work("a heap that grows beside read-write windows does not overlap them", () =>
      withSegments([1, 70_001, WASM_PAGE], (...segments) =>
        intact(segments, () => {
          const windows = Object.fromEntries(
            segments.map((segment, index) => [`${index}`, { segment, access: "read-write" as const }]),
          );
          return withSandbox(kind, wasm, { ...options, windows }, churned);
        }),
      ),
    );

    for (const access of ["read-only", "copy-on-write"])
      work(`a heap that grows beside ${access} windows does not overlap them`, () =>
        withSegments([70_001, WASM_PAGE], (one, two) =>
          intact([one, two], async () => {
            const ended = runModule(`
              import { createSandbox, open } from "wasm-shm";
              import { readFileSync } from "node:fs";
              const windows = { one: { segment: open(${one.id}), access: "${access}" }, two: { segment: open(${two.id}) } };
              const options = { ${NO_LIMIT_SOURCE}...${JSON.stringify(options)}, windows, isolation: "${kind}" };
              const sandbox = await createSandbox(readFileSync("examples/guests/${name}/guest.wasm"), options);
              const first = sandbox.windows.one.byteOffset;
              const before = await sandbox.call("sumFloats", first, 4096);
              const churned = [await sandbox.call("churn", 8000000), await sandbox.call("churn", 8000000)];
              let refused = "nothing";
              try { await sandbox.call("invert", first, 4096); } catch ({ code }) { refused = code; }
              const after = refused === "nothing" ? before : await sandbox.call("sumFloats", first, 4096);
              console.log(JSON.stringify([churned, refused, Object.is(before, after)]));
              await sandbox.close();`);
            const refused = access === "read-only" ? "ERR_SHM_READ_ONLY" : "nothing";
            assert.is(
              ended.stdout.trim(),
              JSON.stringify([[8e6, 8e6], refused, true]),
              `${ended.signal} ${ended.stderr.slice(0, 300)}`,
            );
          }),
        ),
      );
    work.run();
  }
