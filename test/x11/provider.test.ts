// "wasm-shm/x11" by itself: what it exports, the segments that it makes and destroys, and what it refuses.
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { createSandbox, open, SegmentStatus } from "wasm-shm";
import { type X11Provider, x11Provider } from "wasm-shm/x11";
import { suite } from "../suite.js";
import { root, runModule } from "../support/child.js";
import { NO_LIMIT } from "../support/engine.js";
import { code, nativePairs, randomBytes } from "../support/pairs.js";
import { segmentsOf } from "../support/waiting.js";

const native = nativePairs.length > 0;
const NO_HOST = "there is no sysv host on this platform";

/** A provider of the display in whose names no environment has a say. */
const provider = (): X11Provider => x11Provider({ display: ":0" });

const alone = suite("x11Provider");
alone("is all that wasm-shm/x11 exports", async () => {
  assert.equal(Object.keys(await import("wasm-shm/x11")), ["x11Provider"]);
});
if (!native) alone.skip("makes segments", NO_HOST);
else {
  alone("makes a segment that has been removed already, whose buffer is its memory", () => {
    const { create, destroy, segmentOf, flavor, zeroCopy } = provider();
    const made = create(3333);
    try {
      assert.equal([flavor, zeroCopy], ["shmid", true]);
      const info = segmentsOf().find(({ id }) => id === made.shmid);
      assert.equal([info?.size, info?.nattch], [3333, 1]);
      assert.is(info?.mode, 0o600 | SegmentStatus.Destroyed);
      assert.ok(Buffer.isBuffer(made.buffer));
      assert.equal([made.size, made.buffer.length, made.buffer.byteOffset], [3333, 3333, made.attachment.byteOffset]);
      made.buffer.set(randomBytes(3333));
      assert.ok(made.attachment.equals(randomBytes(3333)));
      assert.is(segmentOf({ buffer: made.buffer }), made);
    } finally {
      destroy(made);
    }
  });

  alone("has the mode that it is told", () => {
    const { create, destroy } = x11Provider({ display: ":0", mode: 0o640 });
    const made = create(1);
    assert.is((segmentsOf()[0]?.mode ?? 0) & 0o777, 0o640);
    destroy(made);
  });

  alone("after destroy: the buffer is zeros, the segment gone, and a second destroy nothing", () => {
    const { create, destroy, commit, sync } = provider();
    const made = create(10_000);
    made.buffer.fill(7);
    destroy(made);
    assert.ok(made.buffer.every((byte) => byte === 0));
    made.buffer.fill(9);
    assert.equal(segmentsOf(), []);
    assert.throws(() => made.attachment.bytes, code("ERR_SHM_DETACHED"));
    destroy(made);
    commit(made);
    sync(made);
  });

  alone("lends a segment to a sandbox's guest, by its id, as the docs say", async () => {
    const { create, destroy } = provider();
    const made = create(4096);
    const segment = open(made.shmid);
    try {
      const wasm = readFileSync(`${root}examples/guests/assemblyscript/pixels.wasm`);
      await using sandbox = await createSandbox(wasm, {
        ...NO_LIMIT,
        windows: { frame: { segment, access: "read-write" } },
      });
      await sandbox.call("fill", sandbox.windows["frame"]?.byteOffset as number, 4096, 0x123456);
      assert.is(made.buffer.readUInt32LE(4092), 0x123456);
    } finally {
      segment[Symbol.dispose]();
      destroy(made);
    }
  });

  alone("refuses sizes that are none, before any system call", () => {
    const { create } = provider();
    for (const size of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32 - 65535])
      assert.throws(() => create(size), code("ERR_OUT_OF_RANGE"));
    for (const size of ["4096", undefined, null, 10n])
      assert.throws(() => create(size as unknown as number), code("ERR_INVALID_ARG_TYPE"));
    assert.equal(segmentsOf(), []);
  });

  alone("makes none for a display that is not of this machine, whether named or by DISPLAY", () => {
    const before = process.env["DISPLAY"];
    try {
      for (const display of [
        "localhost:10.0",
        "tcp/localhost:0",
        "inet6/::1:0",
        "far.example:0",
        "unix:0",
        ":",
        "own/x:0",
      ]) {
        assert.throws(() => x11Provider({ display }).create(1), code("ERR_SHM_UNSUPPORTED", /not on this machine/));
        process.env["DISPLAY"] = display;
        assert.throws(() => x11Provider().create(1), code("ERR_SHM_UNSUPPORTED"));
      }
      for (const display of [":0", ":12.1", "unix/:3", "local/host:3", ""]) {
        process.env["DISPLAY"] = display;
        const local = x11Provider();
        local.destroy(local.create(1));
      }
    } finally {
      if (before === undefined) delete process.env["DISPLAY"];
      else process.env["DISPLAY"] = before;
    }
    assert.equal(segmentsOf(), []);
  });

  alone("commits once another process has attached the segment, and not before", () => {
    const { create, destroy, commit } = provider();
    const made = create(4096);
    try {
      assert.throws(() => commit(made), code("ERR_SHM_UNSUPPORTED", /another IPC namespace/));
      const attach = `import { open } from "wasm-shm"; open(${made.shmid}).attach().detach();`;
      assert.is(runModule(attach).code, 0);
      commit(made);
    } finally {
      destroy(made);
    }
  });

  alone("refuses what it did not make, and options of the wrong kind", () => {
    const { create, destroy, segmentOf } = provider();
    const made = create(1);
    const other = provider();
    for (const wrong of [{ ...made, buffer: Buffer.alloc(1) }, {}, null, undefined, 5]) {
      assert.throws(() => destroy(wrong as typeof made), code("ERR_INVALID_ARG_TYPE"));
      assert.throws(() => segmentOf(wrong as typeof made), code("ERR_INVALID_ARG_TYPE"));
    }
    assert.throws(() => other.destroy(made), code("ERR_INVALID_ARG_TYPE"));
    destroy(made);
    for (const wrong of [{ display: 5 }, { mode: "600" }, null])
      assert.throws(() => x11Provider(wrong as object), code("ERR_INVALID_ARG_TYPE"));
    assert.throws(() => x11Provider({ mode: 0o1000 }), code("ERR_OUT_OF_RANGE"));
    assert.throws(() => x11Provider({ memory: "private" as "plain" }), code("ERR_INVALID_ARG_TYPE"));
  });
}

alone("loads without the addon and the package x11, and says so when a segment is asked for", () => {
  const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
  try {
    cpSync(`${root}dist`, join(folder, "dist"), { recursive: true });
    cpSync(`${root}package.json`, join(folder, "package.json"));
    const source = `import { x11Provider } from "wasm-shm/x11";
      try { x11Provider({ display: ":0" }).create(4096); } catch ({ code }) { console.log(code); }`;
    const ended = runModule(source, [], { cwd: folder });
    assert.is(ended.stdout, "ERR_SHM_UNSUPPORTED\n", ended.stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
alone.run();
