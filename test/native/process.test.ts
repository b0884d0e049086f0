// A segment between processes of this package, in both directions, and those of another user; workers. Programs in other
// languages are in test/peers.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { askModule, end, isRoot, runModule, startModule } from "../support/child.js";
import { isNode } from "../support/engine.js";
import { adlerOracle } from "../support/oracle.js";
import { code, nativePairs, randomBytes } from "../support/pairs.js";
import { until } from "../support/waiting.js";

const SIZE = 3333;
for (const { name, shm, withSegment } of nativePairs) {
  const composed = `import { createShm } from "wasm-shm"; const shm = createShm({ host: "sysv", core: "${shm.core}" });`;

  const ours = suite(`A second process [${name}]`);

  ours("reads what we wrote, and we read what it wrote, by id", () => {
    withSegment(SIZE, (segment) => {
      const bytes = randomBytes(SIZE);
      const attachment = segment.attach();
      attachment.cursor().write(bytes);
      const answer = askModule<{ sum: number; size: number; nattch: number }>(`${composed}
        const segment = shm.open(${segment.id});
        const attachment = segment.attach();
        const sum = attachment.checksum("adler32");
        const cursor = attachment.cursor();
        cursor.seek(-4, 2);
        cursor.writeUint32(0xfeedface);
        console.log(JSON.stringify({ sum, size: segment.size, nattch: segment.stat().nattch }));
      `);
      assert.is(answer.sum, adlerOracle(bytes));
      assert.equal([...attachment.bytes.subarray(-4)], [0xce, 0xfa, 0xed, 0xfe]);
      assert.is(answer.size, SIZE);
      assert.is(answer.nattch, 2);
    });
  });

  ours("creates by key, we open; it sees each store at once", async () => {
    const key = 0x58000000 | process.pid;
    const child = await startModule(`${composed}
      const segment = shm.create(${SIZE}, { key: ${key} });
      const word = new Int32Array(segment.attach().memory.buffer, 65536, 1);
      console.log("ready");
      while (Atomics.load(word, 0) === 0);
      Atomics.add(word, 0, 1);
      process.stdin.once("data", () => { segment[Symbol.dispose](); process.exit(0); });
    `);
    try {
      const segment = shm.open({ key });
      assert.is(segment.size, SIZE);
      assert.is(segment.stat().cpid, child.pid);
      const attachment = segment.attach();
      const word = new Int32Array(attachment.memory.buffer, attachment.byteOffset, 1);
      Atomics.store(word, 0, 41);
      const limit = Date.now() + 10_000;
      while (Atomics.load(word, 0) !== 42 && Date.now() < limit);
      assert.is(Atomics.load(word, 0), 42);
      child.stdin?.write("end\n");
      await once(child, "exit");
      assert.throws(() => shm.open({ key }), code("ENOENT")); // removed; it lives on here
      assert.is(attachment.cursor().readUint32(), 42);
      segment[Symbol.dispose]();
    } finally {
      await end(child, "SIGKILL");
    }
  });

  ours("counts to 200,000 with us, by atomics: none is lost", async () => {
    const segment = shm.create(SIZE);
    const attachment = segment.attach();
    const word = new Int32Array(attachment.memory.buffer, attachment.byteOffset, 2);
    const child = await startModule(`${composed}
      const attachment = shm.open(${segment.id}).attach();
      const word = new Int32Array(attachment.memory.buffer, attachment.byteOffset, 2);
      console.log("ready");
      while (Atomics.load(word, 1) === 0);
      for (let n = 0; n < 100000; n++) Atomics.add(word, 0, 1);
    `);
    try {
      Atomics.store(word, 1, 1);
      for (let n = 0; n < 100_000; n++) Atomics.add(word, 0, 1);
      await once(child, "exit");
      assert.is(word[0], 200_000);
      assert.is(segment.stat().nattch, 1); // its exit detached it
    } finally {
      await end(child, "SIGKILL");
      segment[Symbol.dispose]();
    }
  });

  ours("that is killed while attached leaves the segment, and its count, right", async () => {
    const segment = shm.create(SIZE);
    const child = await startModule(`${composed}
      globalThis.kept = shm.open(${segment.id}).attach();
      console.log("ready");
      setInterval(() => {}, 1000);
    `);
    try {
      assert.is(segment.stat().nattch, 1);
      await end(child, "SIGKILL");
      assert.is(segment.stat().nattch, 0);
    } finally {
      await end(child, "SIGKILL");
      segment[Symbol.dispose]();
    }
  });

  ours("that ends without a detach or dispose leaves a private segment in the system, and says so by id", () => {
    const id = askModule<number>(`${composed} console.log(shm.create(${SIZE}).id);`);
    try {
      assert.is(shm.open(id).size, SIZE);
    } finally {
      shm.destroySegment(id);
    }
  });
  ours.run();

  const user = suite(`Another user [${name}]`);
  const asNobody = { uid: 65534, gid: 65534 };
  if (!isRoot) user.skip("is refused", "only root can become another user");
  else {
    user("is refused by the mode: EACCES, EPERM, and nothing changes", () => {
      const key = 0x5a000000 | process.pid;
      withSegment(
        SIZE,
        (segment) => {
          const codes = askModule<string[]>(
            `${composed}
            const tried = [() => shm.open(${segment.id}), () => shm.open({ key: ${key} }), () => shm.destroySegment(${segment.id}),
              () => shm.create(10, { key: ${key}, exclusive: false }), () => shm.create(10, { key: ${key} })];
            console.log(JSON.stringify(tried.map((use) => { try { use(); return "done"; } catch ({ code, message }) { return message.startsWith(code) ? code : message; } })));`,
            [],
            asNobody,
          );
          assert.equal(codes, ["EACCES", "EACCES", "EPERM", "EACCES", "EEXIST"]);
          segment.setPermissions({ mode: 0o644 });
          const reader = askModule<string[]>(
            `${composed}
            const segment = shm.open(${segment.id});
            const tried = [() => segment.stat(), () => segment.attach(), () => segment.read(new Uint8Array(1)), () => segment.write(new Uint8Array(1)), () => segment.setPermissions({ mode: 0o666 }), () => segment.destroy(), () => segment.lock()];
            console.log(JSON.stringify(tried.map((use) => { try { use(); return "done"; } catch ({ code }) { return code; } })));`,
            [],
            asNobody,
          );
          assert.equal(reader, ["done", "EACCES", "done", "ERR_SHM_READ_ONLY", "EPERM", "EPERM", "EPERM"]);
          assert.is(segment.stat().mode, 0o644);
          assert.is(segment.stat().nattch, 0);
          segment.setPermissions({ mode: 0o666 });
          const writer = askModule<number>(
            `${composed} console.log(shm.open(${segment.id}).write(Uint8Array.of(1, 2, 3)));`,
            [],
            asNobody,
          );
          assert.is(writer, 3);
          assert.is(segment.stat().uid, 0);
          segment.setPermissions({ uid: 65534 });
          assert.is(segment.stat().uid, 65534);
          assert.is(segment.stat().cuid, 0);
        },
        { key },
      );
    });

    user("an owner changes a mode of 0 back, though it cannot read its segment", () => {
      const modes = askModule<number[]>(
        `${composed}
        const segment = shm.create(10);
        segment.setPermissions({ mode: 0 });
        let code;
        try { segment.stat(); } catch (error) { code = error.code; }
        segment.setPermissions({ mode: 0o640 });
        const { mode } = segment.stat();
        segment[Symbol.dispose]();
        console.log(JSON.stringify([code, mode]));`,
        [],
        asNobody,
      );
      assert.equal(modes, ["EACCES", 0o640]);
    });

    user("creates and disposes a segment of mode 0, and leaves none", () => {
      const left = askModule<number>(
        `${composed}
        const segment = shm.create(10, { mode: 0 });
        segment[Symbol.dispose]();
        console.log(shm.list().filter(({ cpid }) => cpid === process.pid).length);`,
        [],
        asNobody,
      );
      assert.is(left, 0);
    });
  }
  user.run();

  const worker = suite(`A worker thread [${name}]`);

  worker("attaches by id, and its end by terminate() detaches", async () => {
    await withSegment(SIZE, async (segment) => {
      const thread = new Worker(
        `import("wasm-shm").then(({ createShm }) => {
          const attachment = createShm({ core: "${shm.core}" }).open(${segment.id}).attach();
          attachment.cursor().writeUint8(5);
          globalThis.kept = attachment;
          require("node:worker_threads").parentPort.postMessage("ready");
          setInterval(() => {}, 1000);
        });`,
        { eval: true },
      );
      await once(thread, "message");
      assert.is(segment.stat().nattch, 1);
      assert.is(segment.readChunk(1)[0], 5);
      await thread.terminate();
      if (!isNode) await until("the end of the thread's memories", () => segment.stat().nattch === 1);
      assert.is(segment.stat().nattch, 1); // the one that readChunk made
    });
  });
  worker.run();
}

const busy = suite("A worker terminated in the middle of a call");
if (nativePairs.length === 0) busy.skip("ends alone", "there is no sysv host on this platform");
else
  for (const [title, loop] of [
    ["stat", "for (;;) segment.stat();"],
    ["attach and detach", "for (;;) segment.attach().detach();"],
    ["attach a part", "for (;;) segment.attach({ offset: 4096 }).detach();"],
  ])
    busy(`ends alone, and leaves nothing attached: ${title}`, () => {
      const ended = runModule(`
        import { once } from "node:events";
        import { Worker } from "node:worker_threads";
        import { setTimeout as sleep } from "node:timers/promises";
        import { create } from "wasm-shm";
        const segment = create(8192);
        for (let round = 0; round < ${campaign(6, 15)}; round++) {
          const source = 'import("wasm-shm").then(({ open }) => { const segment = open(' + segment.id + '); require("node:worker_threads").parentPort.postMessage(0); ${loop} })';
          const worker = new Worker(source, { eval: true });
          await once(worker, "message"); // from here on it is in the loop
          await sleep(${campaign(14, 5)} * round);
          await worker.terminate();
        }
        let most = 0; // of several looks: a thread that still runs is not attached all the time
        for (let look = 0; look < 50; look++, await sleep(1)) most = Math.max(most, segment.stat().nattch);
        process.exitCode = most === 0 ? 0 : 3;
        segment[Symbol.dispose]();
      `);
      assert.is(ended.code, 0, `${ended.signal} ${ended.stderr}`);
    });
busy.run();

const dies = suite("An uncaught error");
dies("after a detach is an error with a stack, not a crash", () => {
  const ended = runModule(`
    import { create } from "wasm-shm";
    const segment = create(8);
    const cursor = segment.attach().cursor();
    segment[Symbol.dispose]();
    cursor.readUint8();
  `);
  assert.is(ended.code, 1);
  assert.match(ended.stderr, /ShmError: readUint8: the attachment of this cursor was detached/);
  assert.match(ended.stderr, /code: 'ERR_SHM_DETACHED'/);
});
dies.run();
