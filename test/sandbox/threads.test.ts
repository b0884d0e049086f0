// Several sandboxes at once, sandboxes in a process with many signals, and sandboxes over a segment that is destroyed.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { runModule } from "../support/child.js";
import { NO_LIMIT_SOURCE } from "../support/engine.js";
import { code } from "../support/pairs.js";
import {
  apart,
  at,
  contents,
  guest,
  intact,
  kinds,
  NO_HOST,
  native,
  open,
  rejects,
  withSandbox,
  withSegments,
} from "./sandboxes.js";

if (!native) {
  const none = suite("Several sandboxes");
  none.skip("are held", NO_HOST);
  none.run();
}
for (const kind of native ? apart : []) {
  const threads = suite(`Several sandboxes [${kind}]`);

  threads("8 guests that store into one read-only segment at once each get the error; the segment is unchanged", () =>
    withSegments([1 << 20], (segment) =>
      intact([segment], async () => {
        const options = { windows: { shared: { segment } } };
        const sandboxes = await Promise.all(
          Array.from({ length: 8 }, () => open(kind, guest("hostile/stores"), options)),
        );
        try {
          assert.is(segment.stat().nattch, 8);
          await Promise.all(
            sandboxes.map(async (sandbox, index) => {
              const window = at(sandbox, "shared");
              for (let round = 0; round < 25; round++) {
                await rejects(
                  () => sandbox.call("memory.fill", window, 1 << 20),
                  "ERR_SHM_READ_ONLY",
                  /256 pages of the window "shared"/,
                );
                await rejects(
                  () => sandbox.call("i64.atomic.rmw.add", window + 4096 * index),
                  "ERR_SHM_READ_ONLY",
                  /a page of/,
                );
                await rejects(
                  () => sandbox.call("v128.store", window + 4096 * round),
                  "ERR_SHM_READ_ONLY",
                  /a page of/,
                );
              }
            }),
          );
        } finally {
          await Promise.all(sandboxes.map((sandbox) => sandbox.close()));
        }
      }),
    ),
  );

  threads("a reader sees what a writer stores; the writer sees none of the reader's stores", () =>
    withSegments([70_001], async (segment) => {
      const wasm = guest("assemblyscript/guest");
      const writer = await open(kind, wasm, { windows: { w: { segment, access: "read-write" } } });
      const reader = await open(kind, wasm, { windows: { r: { segment } } });
      const before = contents(segment);
      for (let round = 0; round < 10; round++) {
        await writer.call("invert", at(writer, "w"), 70_001);
        await rejects(() => reader.call("invert", at(reader, "r"), 70_001), "ERR_SHM_READ_ONLY");
        const expected = round % 2 === 0 ? before.map((byte) => ~byte) : before;
        assert.ok(Buffer.from(contents(segment)).equals(expected));
      }
      await Promise.all([writer.close(), reader.close()]);
    }),
  );

  threads("in a process with many signals (--cpu-prof, timers) every store is reported and counted", () =>
    withSegments([256 * 4096], (segment) =>
      intact([segment], async () => {
        const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
        try {
          const ended = runModule(
            `import { createSandbox, open } from "wasm-shm";
            import { readFileSync } from "node:fs";
            const segment = open(${segment.id});
            const wasm = readFileSync("test/fixtures/hostile/stores.wasm");
            let ticks = 0;
            const timer = setInterval(() => ticks++, 1);
            const told = { inline: 0, apart: 0, attachment: 0 };
            const windows = { window: { segment } };
            const sandboxes = await Promise.all([0, 1].map(() => createSandbox(wasm, { ${NO_LIMIT_SOURCE}isolation: "${kind}", windows })));
            const inline = await createSandbox(wasm, { windows, isolation: "inline" });
            const attachment = segment.attach({ access: "read-only" });
            const end = Date.now() + 1500;
            const size = segment.size;
            await Promise.all([
              ...sandboxes.map(async (sandbox) => {
                while (Date.now() < end)
                  await sandbox.call("memory.fill", sandbox.windows.window.byteOffset, size).catch(({ code, message }) => {
                    if (code === "ERR_SHM_READ_ONLY" && message.includes("256 pages")) told.apart++;
                    else throw new Error(message);
                  });
              }),
              (async () => {
                while (Date.now() < end) {
                  attachment.bytes.fill(1);
                  if (attachment.privatePages !== 256) throw new Error("counted " + attachment.privatePages);
                  attachment.discard();
                  told.attachment++;
                  try { inline.call("memory.fill", inline.windows.window.byteOffset, size); }
                  catch ({ code }) { if (code === "ERR_SHM_READ_ONLY") told.inline++; }
                  await new Promise(setImmediate);
                }
              })(),
            ]);
            clearInterval(timer);
            await Promise.all(sandboxes.map((sandbox) => sandbox.close()));
            segment[Symbol.dispose]();
            inline.close();
            console.log(JSON.stringify({ ...told, ticks }));`,
            ["--cpu-prof", "--cpu-prof-interval=100", `--cpu-prof-dir=${folder}`],
            { timeout: 60_000 },
          );
          assert.is(ended.code, 0, `${ended.signal} ${ended.stderr.slice(0, 500)}`);
          const { inline, apart: told, attachment, ticks } = JSON.parse(ended.stdout) as Record<string, number>;
          for (const count of [inline, told, attachment, ticks]) assert.ok((count ?? 0) > 3, ended.stdout);
          assert.is(inline, attachment);
          assert.ok(readdirSync(folder).some((file) => file.endsWith(".cpuprofile")));
        } finally {
          rmSync(folder, { recursive: true });
        }
      }),
    ),
  );

  threads("a segment may be destroyed by an imported function, during the call", () =>
    withSegments([3333], async (segment) => {
      const imports = { host: { callback: () => segment.destroy() } };
      await withSandbox(
        kind,
        guest("hostile/callback"),
        { windows: { window: { segment } }, imports },
        async (sandbox) => {
          assert.is(await sandbox.call("enter", 1), 0);
          await rejects(() => sandbox.call("enter", 1), "EIDRM");
        },
      );
    }),
  );
  threads.run();
}

for (const kind of native ? kinds : []) {
  const outliving = suite(`A segment destroyed during a call [${kind}]`);
  outliving("lives on for that call and later ones, until the sandbox is closed", () =>
    withSegments([16e6], async (segment) => {
      const { shm } = native as NonNullable<typeof native>;
      const wasm = guest("c/guest");
      await withSandbox(kind, wasm, { windows: { floats: { segment } }, allocator: "malloc" }, async (sandbox) => {
        const floats = at(sandbox, "floats");
        const attachment = segment.attach();
        attachment.fill(Uint8Array.of(0, 0, 0x80, 0x3f)); // 1 as a float
        const running = sandbox.call("sumFloats", floats, 16e6);
        segment.destroy();
        assert.is(await running, 4e6);
        await rejects(() => sandbox.call("invert", floats, 5), "ERR_SHM_READ_ONLY");
        assert.is(await sandbox.call("sumFloats", floats, 16e6), 4e6);
        assert.is(shm.open(segment.id).stat().nattch, 2);
        attachment.detach();
      });
      assert.throws(() => shm.open(segment.id), code("EINVAL"));
    }),
  );
  outliving.run();
}
