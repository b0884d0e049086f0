// Useful guests on real data, in windows of all sizes and accesses; where the windows lie; heaps that grow meanwhile.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { createSandbox, type Segment } from "wasm-shm";
import { suite } from "../suite.js";
import { root, runModule } from "../support/child.js";
import { code, nativePairs, pairs, randomBytes } from "../support/pairs.js";
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

/** A picture of a file: a PPM (netpbm's P6) of 300 by 200 pixels, as its bytes. */
function picture(): Uint8Array {
  const header = Buffer.from("P6\n300 200\n255\n", "latin1");
  return Buffer.concat([header, randomBytes(300 * 200 * 3)]);
}

/** RGBA of a PPM's pixels. */
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

/** A segment of these bytes, for as long as `use` runs. */
const holding = <T>(bytes: Uint8Array, use: (segment: Segment) => Promise<T>): Promise<T> =>
  withSegments([bytes.length], (segment) => {
    segment.write(bytes);
    segment.reset();
    return use(segment);
  });

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

    work("in a read-only window what stores is refused, and the sandbox goes on", () =>
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

    work("a heap that grows beside read-write windows takes nothing of them, nor they of it", () =>
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
      work(`a heap that grows beside ${access} windows takes nothing of them, nor they of it`, () =>
        withSegments([70_001, WASM_PAGE], (one, two) =>
          intact([one, two], async () => {
            const ended = runModule(`
              import { createSandbox, open } from "wasm-shm";
              import { readFileSync } from "node:fs";
              const windows = { one: { segment: open(${one.id}), access: "${access}" }, two: { segment: open(${two.id}) } };
              const options = { ...${JSON.stringify(options)}, windows, inline: ${kind === "inline"} };
              const sandbox = await createSandbox(readFileSync("examples/guests/${name}/guest.wasm"), options);
              const first = sandbox.windows.one.byteOffset;
              const before = await sandbox.call("sumFloats", first, 4096);
              const churned = [await sandbox.call("churn", 8000000), await sandbox.call("churn", 8000000)];
              let told = "nothing";
              try { await sandbox.call("invert", first, 4096); } catch ({ code }) { told = code; }
              const after = told === "nothing" ? before : await sandbox.call("sumFloats", first, 4096);
              console.log(JSON.stringify([churned, told, Object.is(before, after)]));
              await sandbox.close();`);
            const told = access === "read-only" ? "ERR_SHM_READ_ONLY" : "nothing";
            assert.is(
              ended.stdout.trim(),
              JSON.stringify([[8e6, 8e6], told, true]),
              `${ended.signal} ${ended.stderr.slice(0, 300)}`,
            );
          }),
        ),
      );
    work.run();
  }

const where = suite("Windows of a sandbox");
for (const { name, shm } of pairs.filter(({ native: isNative }) => !isNative))
  where(`cannot lie on segments of the local host: ERR_SHM_UNSUPPORTED [${name}]`, async () => {
    const segment = shm.create(10);
    for (const inline of [true, false])
      await rejects(
        () => createSandbox(guests.c.wasm, { windows: { window: { segment } }, inline: inline as true }),
        "ERR_SHM_UNSUPPORTED",
        /a sandbox on segment \d+ by the local host is not supported: use host: "sysv"/,
      );
    segment[Symbol.dispose]();
  });

if (!native) where.skip("lie where the guest's heap is not", NO_HOST);
else {
  where("are of read-only access by default, and none at all are fine", () =>
    withSegments([10], async (segment) => {
      for (const kind of kinds) {
        await withSandbox(kind, guest("hostile/traps"), {}, async (sandbox) => {
          assert.equal(sandbox.windows, {});
          assert.is(await sandbox.call("answer"), 42);
        });
        await withSandbox(kind, guest("hostile/traps"), { windows: { window: { segment } } }, async (sandbox) => {
          assert.equal(sandbox.windows, { window: { byteOffset: WASM_PAGE, byteLength: 10, access: "read-only" } });
          assert.throws(() => Object.assign(sandbox.windows, { other: 1 }));
        });
      }
    }),
  );

  for (const { name, shm } of nativePairs)
    where(`can be of a segment of either core [${name}]`, async () => {
      const segment = shm.create(4096);
      try {
        segment.write(Uint8Array.of(5));
        for (const kind of kinds)
          await withSandbox(kind, guest("hostile/loads"), { windows: { window: { segment } } }, async (sandbox) => {
            assert.is(await sandbox.call("i32.load8_u", at(sandbox, "window")), 5);
          });
      } finally {
        segment[Symbol.dispose]();
      }
    });

  where("show at once what other attachments write", () =>
    withSegments([4096], async (segment) => {
      for (const kind of kinds)
        for (const access of ["read-only", "read-write"] as const)
          await withSandbox(
            kind,
            guest("hostile/loads"),
            { windows: { window: { segment, access } } },
            async (sandbox) => {
              const attachment = segment.attach();
              for (let value = 1; value < 50; value++) {
                attachment.bytes[4095] = value;
                assert.is(await sandbox.call("i32.load8_u", at(sandbox, "window") + 4095), value);
              }
              attachment.detach();
            },
          );
    }),
  );

  where("of a destroyed segment are refused, unless it is attached: then by whoever can attach it", () =>
    withSegments([4096], async (segment) => {
      const windows = { window: { segment } };
      segment.destroy();
      for (const kind of kinds)
        await rejects(
          () => withSandbox(kind, guests.c.wasm, { windows }, async () => 0),
          kind === "worker" ? "EINVAL" : "EIDRM",
        );
    }),
  );

  where("that do not fit are refused, and leave nothing attached", () =>
    withSegments([4096, 1 << 20], async (small, large) => {
      const options = { windows: { small: { segment: small }, large: { segment: large } } };
      for (const kind of kinds) {
        await rejects(
          () => withSandbox(kind, guest("hostile/memory-small"), options, async () => 0),
          "ERR_SHM_GUEST_MEMORY",
          /the windows need 17/,
        );
        await rejects(
          () =>
            withSandbox(
              kind,
              guests.assemblyscript.wasm,
              { windows: { small: { segment: small, offset: 4097 } } },
              async () => 0,
            ),
          "ERR_OUT_OF_RANGE",
          /offset/,
        );
        for (const window of [{ offset: 1 }, { length: 4097 }, { length: 0 }, { offset: -1 }])
          assert.ok(
            code("ERR_OUT_OF_RANGE")(
              await rejects(
                () =>
                  withSandbox(
                    kind,
                    guests.assemblyscript.wasm,
                    { windows: { small: { segment: small, ...window } } },
                    async () => 0,
                  ),
                "ERR_OUT_OF_RANGE",
              ),
            ),
          );
        // 20 windows of a page are blocks of two: more than the 20 pages that they add, and the 16 it begins with.
        const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${index}`, { segment: small }]));
        await rejects(
          () =>
            withSandbox(
              kind,
              guests.c.wasm,
              { windows: many, allocator: "malloc", memoryLimit: 16 * WASM_PAGE },
              async () => 0,
            ),
          "ERR_SHM_MEMORY_LIMIT",
          /^ERR|malloc/,
        );
      }
      assert.equal([small.stat().nattch, large.stat().nattch], [0, 0]);
    }),
  );
}
where.run();
