// Node's flags that change how the engine compiles, how much memory it has, or what a program may do.
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { moduleFile, root, run } from "../support/child.js";
import { isNode } from "../support/engine.js";
import { nativePairs } from "../support/pairs.js";
import { splitOutput } from "../tally.js";

/** Whole files of the suite, which run under the flags that change only how the engine works. */
const FILES = ["cursor/scalar", "cursor/frame", "range/swap", "segment/attachment", "segment/access"];
const ENGINE_FLAGS = [
  "--disable-wasm-trap-handler",
  "--no-liftoff",
  "--liftoff-only",
  "--single-threaded",
  "--max-old-space-size=64",
  "--disallow-code-generation-from-strings",
];

/** What a program does with the package: both hosts, each core, a guarded store, a stream, and guests in a thread and inline. */
const program = `
  import { readFileSync } from "node:fs";
  import { createSandbox, createShm } from "wasm-shm";
  const did = [];
  const step = (name, holds) => { if (!holds) throw new Error(name); did.push(name); };
  for (const host of ["sysv", "local"])
    for (const core of ["wasm", "js", "auto"]) {
      const shm = createShm({ host, core });
      const segment = shm.create(70_001);
      try {
        const attachment = segment.attach();
        const cursor = attachment.cursor();
        cursor.writeFrame(Buffer.from("a frame"));
        cursor.writeVarUint(300);
        cursor.seek(0);
        step("frame", Buffer.from(cursor.readFrame()).toString() === "a frame");
        step("varint", cursor.readVarUint() === 300);
        step("checksum", typeof attachment.checksum("xxh3") === "bigint");
        step("search", attachment.indexOf("frame") > 0);
        let read = 0;
        cursor.seek(0);
        for await (const chunk of cursor.readable()) read += chunk.length;
        step("stream", read === 70_001);
        if (host === "local") continue;
        const reader = segment.attach({ access: "read-only" });
        reader.bytes[0] = 99;
        step("guard", reader.privatePages === 1 && segment.readChunk(1)[0] !== 99);
        reader.detach();
        const guest = readFileSync(${JSON.stringify(join(root, "test/fixtures/hostile/stores.wasm"))});
        for (const isolation of ["thread", "inline"]) {
          const sandbox = await createSandbox(guest, { isolation, windows: { window: { segment } } });
          const refused = await (async () => sandbox.call("i32.store8", sandbox.windows.window.byteOffset, 16))().catch(({ code }) => code);
          step("sandbox", refused === "ERR_SHM_READ_ONLY");
          await sandbox.close();
        }
      } finally { segment[Symbol.dispose](); }
    }
  console.log(did.length);`;
const STEPS = 5 * 6 + 3 * 3;

const major = Number(process.versions.node.split(".")[0]);
const flags = suite("Node's flags");
if (!isNode) flags.skip("each flag", "the flags are Node's");
else if (nativePairs.length === 0) flags.skip("each flag", "there is no sysv host on this platform");
else {
  for (const flag of ENGINE_FLAGS)
    flags(`${flag}: conformance tests pass`, () => {
      for (const file of FILES) {
        const ended = run(process.execPath, [
          "--expose-gc",
          flag,
          join(root, `build/test/conformance/${file}.test.js`),
        ]);
        const { tally } = splitOutput(ended.stdout);
        assert.equal(
          [ended.code, tally?.failed, tally?.problems],
          [0, 0, []],
          `${file}: ${ended.stdout}${ended.stderr}`,
        );
        assert.ok((tally?.passed ?? 0) > 0, file);
      }
    });

  const both = ["--disallow-code-generation-from-strings", "--frozen-intrinsics"];
  for (const chosen of [...ENGINE_FLAGS.map((flag) => [flag]), ["--frozen-intrinsics"], both])
    flags(`${chosen.join(" ")}: a program works`, () => {
      const ended = run(process.execPath, ["--no-warnings", ...chosen, moduleFile(program)]);
      assert.is(ended.stdout, `${STEPS}\n`, ended.stderr);
    });

  const model = major >= 24 || (major === 22 && Number(process.versions.node.split(".")[1]) >= 13);
  if (!model) flags.skip("--permission: a program works", "Node's permission model is stable from 22.13");
  else
    flags("--permission, with addons, workers and the package readable: a program works", () => {
      const granted = ["--permission", "--allow-addons", "--allow-worker", `--allow-fs-read=${root}*`];
      const ended = run(process.execPath, ["--no-warnings", ...granted, moduleFile(program)]);
      assert.is(ended.stdout, `${STEPS}\n`, ended.stderr);
    });

  flags("--permission without addons: ERR_SHM_UNSUPPORTED says so, and the local host works", () => {
    const flag = model ? "--permission" : "--experimental-permission";
    const source = `import { create, createShm } from "wasm-shm";
      try { create(10); } catch ({ code, message }) { console.log(code, message); }
      console.log(createShm({ host: "local" }).create(10).attach().cursor().size);`;
    const ended = run(process.execPath, ["--no-warnings", flag, `--allow-fs-read=${root}*`, moduleFile(source)]);
    if (major === 20)
      assert.match(ended.stdout, /^(ERR_SHM_UNSUPPORTED .*\n)?10\n$/, ended.stderr); // it has no such permission
    else assert.match(ended.stdout, /^ERR_SHM_UNSUPPORTED .*\n10\n$/, ended.stderr);
  });
}
flags.run();
