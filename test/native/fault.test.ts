// The SIGSEGV handler of the write guard, among threads, engines' own traps, other handlers and crashes. Each test is a
// child process, so that a crash is seen. Not tested: a handler that is installed while another thread faults.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { sysvHost } from "#src/host/sysv.js";
import { suite } from "../suite.js";
import { askModule, type Ended, runModule } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { buildProbe, guardedChild, PAGE, storesModule } from "./guarded.js";

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

const ask = <T>(source: string, pages = 4, nodeArgs: string[] = []): T =>
  askModule<T>(`${guardedChild(pages)}\n${source}`, nodeArgs);
const runGuarded = (source: string, nodeArgs: string[] = []): Ended =>
  runModule(`${guardedChild(4)}\n${source}`, nodeArgs);

/** Workers on one shared memory, in which pages 0 to `pages` are the window. `stores` is what each does: (bytes, index). */
const sharedStorm = (pages: number, workers: number, stores: string): string => `
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 32, shared: true });
  const go = new Int32Array(memory.buffer, 15 * 65536); // beside the window: 0 is the start, 1 the stop
  const mapping = map("read-only", { length: ${pages * PAGE}, into: { memory, byteOffset: 0 } });
  const workers = Array.from({ length: ${workers} }, (_, index) => new Worker(\`
    const { memory, index } = require("node:worker_threads").workerData;
    const bytes = new Uint8Array(memory.buffer);
    const go = new Int32Array(memory.buffer, 15 * 65536);
    Atomics.add(go, 2, 1);
    Atomics.wait(go, 0, 0);
    (\${${stores}})(bytes, index, go);
  \`, { eval: true, execArgv: [], workerData: { memory, index } }));
  const ended = Promise.all(workers.map((worker) => once(worker, "exit")));
  while (Atomics.load(go, 2) < ${workers}) await new Promise((done) => setTimeout(done, 5));
  Atomics.store(go, 0, 1);
  Atomics.notify(go, 0);
`;
const forEver =
  "(bytes, index, go) => { while (!Atomics.load(go, 1)) for (let at = index; at < 32 * 4096; at += 512) bytes[at]++; }";

const threads = suite("Threads and the write guard");
const crashes = suite("Crashes and other handlers beside the write guard");
if (nativePairs.length === 0) {
  threads.skip("all", "there is no addon on this platform");
  crashes.skip("all", "there is no addon on this platform");
} else {
  buildProbe();

  threads("8 that fault on the same pages at once lose no store", () => {
    const answer = ask<{ lost: number; reached: boolean; pages: number }>(
      `let lost = 0, pages = 0, reached = false;
      for (let round = 0; round < 6; round++) {
        ${sharedStorm(64, 8, "(bytes, index) => { for (let at = index; at < 64 * 4096; at += 8) bytes[at] = index + 1; }")}
        await ended;
        const bytes = new Uint8Array(memory.buffer);
        for (let at = 0; at < 64 * ${PAGE}; at++) lost += bytes[at] !== (at % 8) + 1;
        pages += host.privatePages(mapping);
        reached ||= seen.some((byte) => byte !== 0);
        host.unmap(mapping);
      }
      console.log(JSON.stringify({ lost, reached, pages }));`,
      64,
    );
    assert.equal(answer, { lost: 0, reached: false, pages: 6 * 64 });
  });

  threads("atomic additions of 8 lose none, from the first fault on", () => {
    const answer = ask<number[]>(
      `${sharedStorm(32, 8, "(bytes) => { const words = new Int32Array(bytes.buffer); for (let n = 0; n < 200; n++) for (let page = 0; page < 32; page++) Atomics.add(words, page * 1024, 1); }")}
      await ended;
      const words = new Int32Array(memory.buffer);
      console.log(JSON.stringify([...new Set(Array.from({ length: 32 }, (_, page) => words[page * 1024]))]));`,
      32,
    );
    assert.equal(answer, [1600]);
  });

  threads("discard while 4 store in loops", () => {
    const answer = ask<{ results: number[]; reached: boolean }>(
      `${sharedStorm(32, 4, forEver)}
      const results = new Set();
      for (let n = 0; n < 3000; n++) results.add(host.discard(mapping));
      Atomics.store(go, 1, 1);
      await ended;
      console.log(JSON.stringify({ results: [...results], reached: seen.some((byte) => byte !== 0) }));`,
      32,
    );
    assert.equal(answer, { results: [0], reached: false });
  });

  threads("detach and attach, and grow the memory, while 4 store in loops", () => {
    const answer = ask<{ results: number[]; reached: boolean }>(
      `${sharedStorm(32, 4, forEver)}
      const results = new Set();
      let last = mapping;
      for (let n = 0; n < 1000; n++) {
        results.add(host.unmap(last));
        last = map(n % 2 ? "read-only" : "copy-on-write", { into: { memory, byteOffset: 0 } });
        if (typeof last === "number") results.add(last);
        if (n % 100 === 0) memory.grow(1);
      }
      Atomics.store(go, 1, 1);
      await ended;
      console.log(JSON.stringify({ results: [...results], reached: seen.some((byte) => byte !== 0) }));`,
      32,
    );
    assert.equal(answer, { results: [0], reached: false });
  });

  threads("a worker that is terminated in the middle of a storm, with windows of its own", () => {
    const answer = ask<{ left: number; reached: boolean }>(
      `const code = \`
        import("#src/host/sysv.js").then(({ sysvHost }) => {
          const host = sysvHost();
          const made = Array.from({ length: 10 }, () => host.map({ id: \${id}, offset: 0, length: 16384, access: "read-only", into: undefined }));
          require("node:worker_threads").parentPort.postMessage("ready");
          for (let n = 0; ; n++) for (const mapping of made) {
            new Uint8Array(mapping.memory.buffer, mapping.byteOffset, mapping.byteLength).fill(n);
            host.discard(mapping);
          }
        });
      \`;
      for (let round = 0; round < 8; round++) {
        const workers = [0, 1].map(() => new Worker(code, { eval: true, execArgv: [] }));
        await Promise.all(workers.map((worker) => once(worker, "message")));
        await new Promise((done) => setTimeout(done, 20));
        await Promise.all(workers.map((worker) => worker.terminate()));
      }
      console.log(JSON.stringify({ left: host.stat(id).nattch, reached: seen.some((byte) => byte !== 0) }));`,
    );
    assert.equal(answer, { left: 1, reached: false });
  });

  threads("a shared memory that one worker attached into stays guarded when that worker has ended", () => {
    const answer = ask<{ reached: boolean; stored: number }>(
      `const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
      const code = \`
        import("#src/host/sysv.js").then(({ sysvHost }) => {
          const { memory } = require("node:worker_threads").workerData;
          sysvHost().map({ id: \${id}, offset: 0, length: 16384, access: "read-only", into: { memory, byteOffset: 0 } });
        });
      \`;
      const worker = new Worker(code, { eval: true, execArgv: [], workerData: { memory } });
      await once(worker, "exit");
      const bytes = new Uint8Array(memory.buffer);
      const attached = host.stat(id).nattch;
      bytes.fill(9);
      console.log(JSON.stringify({ attached, reached: seen.some((byte) => byte !== 0), stored: bytes[5] }));`,
    );
    assert.equal(answer, { attached: 2, reached: false, stored: 9 } as typeof answer);
  });

  threads("V8's own traps stay RuntimeErrors, in the main thread and in workers", () => {
    const code = `
      const trap = (memory, bytes) => {
        const { store32, load32, store128, fill } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports;
        const end = memory.buffer.byteLength;
        const tries = [() => store32(end - 3, 1), () => load32(end), () => store128(end + 100000, 1), () => load32(0x7fffffff), () => store32(-4, 1), () => fill(end - 1, 1, 2)];
        return tries.map((attempt) => { try { attempt(); return "none"; } catch (error) { return error.constructor.name; } });
      };`;
    const answer = ask<string[][]>(
      `const bytes = Buffer.from("${base64(storesModule(false))}", "base64");
      const forShared = Buffer.from("${base64(storesModule(true))}", "base64");
      ${code}
      const plain = new WebAssembly.Memory({ initial: 1 });
      const before = trap(plain, bytes);
      const mapping = map();
      const other = map("read-only", { memory: "plain" });
      const results = [before, trap(plain, bytes), trap(mapping.memory, forShared), trap(other.memory, bytes)];
      const worker = new Worker(\`${code.replaceAll("\\", "\\\\")}
        const { bytes } = require("node:worker_threads").workerData;
        require("node:worker_threads").parentPort.postMessage(trap(new WebAssembly.Memory({ initial: 1 }), bytes));\`, { eval: true, execArgv: [], workerData: { bytes } });
      results.push((await once(worker, "message"))[0]);
      host.unmap(mapping);
      host.unmap(other);
      results.push(trap(mapping.memory, forShared), trap(other.memory, bytes));
      console.log(JSON.stringify(results));`,
    );
    for (const names of answer) assert.equal(names, Array(6).fill("RuntimeError"));
    assert.is(answer.length, 7);
  });

  threads("the handler outlives the only worker that loaded the addon", () => {
    const host = sysvHost();
    const id = host.get(0, PAGE, 0o1600);
    const ended = runModule(`
      import { once } from "node:events";
      import { Worker } from "node:worker_threads";
      await once(new Worker(\`
        import("#src/host/sysv.js").then(({ sysvHost }) => {
          const request = { id: ${id}, offset: 0, length: ${PAGE}, access: "read-only", into: undefined, memory: undefined };
          const { memory, byteOffset } = sysvHost().map(request);
          new Uint8Array(memory.buffer, byteOffset)[0] = 1;
        });
      \`, { eval: true, execArgv: [] }), "exit");
      const module = new WebAssembly.Module(Buffer.from("${base64(storesModule(false))}", "base64"));
      const memory = new WebAssembly.Memory({ initial: 1 });
      try { new WebAssembly.Instance(module, { env: { memory } }).exports.load32(-1); }
      catch (error) { console.log(error.constructor.name); }
      memory.grow(1);
      process.kill(process.pid, "SIGSEGV");
      setTimeout(() => {}, 10_000);
    `);
    host.remove(id);
    assert.is(ended.stdout.trim(), "RuntimeError");
    assert.is(ended.signal, "SIGSEGV");
  });

  threads("a profiler's signals come through a storm", () => {
    const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
    const ended = runGuarded(
      `const mapping = map();
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      const end = Date.now() + 1000;
      while (Date.now() < end || (ticks <= 10 && Date.now() < end + 20_000)) { // a busy machine takes longer
        for (let n = 0; n < 200; n++) { bytesOf(mapping).fill(n); host.discard(mapping); }
        await new Promise((done) => setImmediate(done));
      }
      clearInterval(timer);
      console.log(ticks > 10, seen[0], probe.isBlocked());`,
      ["--cpu-prof", "--cpu-prof-interval", "50", "--cpu-prof-dir", folder],
    );
    assert.is(ended.code, 0, ended.stderr);
    assert.is(ended.stdout.trim(), "true 0 false");
    assert.ok(readdirSync(folder).some((name) => name.endsWith(".cpuprofile")));
    rmSync(folder, { recursive: true });
  });
  threads.run();

  crashes("the addon installs no handler before the first guarded window, and one with it", () => {
    const answer = ask<string[]>(
      `const files = [probe.handlerFile()];
      const first = map("read-write");
      files.push(probe.handlerFile());
      const mapping = map("read-only");
      files.push(probe.handlerFile());
      host.unmap(mapping);
      console.log(JSON.stringify(files));`,
    );
    assert.is(answer[0], answer[1]);
    assert.not.match(answer[1] as string, /wasm_shm/);
    assert.match(answer[2] as string, /wasm_shm\.node$/);
  });

  const deaths: Record<string, string> = {
    "a store to null": "probe.storeToNull();",
    "a store to a foreign read-only page": "probe.storeToReadOnly();",
    "a jump into a guarded window": "probe.jumpInto(bytesOf(mapping));",
    "a jump into a private page": "probe.jumpInto(bytesOf(mapping).fill(0));",
    "process.kill": "process.kill(process.pid, 'SIGSEGV'); await new Promise((done) => setTimeout(done, 10_000));",
    "a store to null in a worker": `
      new Worker('require(process.cwd() + "/test/native/build/Release/wasm_shm_test.node").storeToNull()', { eval: true, execArgv: [] });
      await new Promise((done) => setTimeout(done, 10_000));`,
  };
  for (const [name, death] of Object.entries(deaths)) {
    const installs = ["", "installDefault", "installCounting", "installOnce"];
    if (name !== "process.kill") installs.push("installPlain"); // it handles the signal that is sent
    for (const install of installs)
      crashes(`${name} ends the process with SIGSEGV${install && `, after ${install}`}`, () => {
        const before = install && `probe.${install}();`;
        const ended = runGuarded(
          `${before} const mapping = map(); bytesOf(mapping)[0] = 1; console.log("stored"); ${death}`,
        );
        assert.equal([ended.stdout, ended.signal], ["stored\n", "SIGSEGV"], `${ended.code} ${ended.stderr}`);
      });
  }

  crashes("if SIGSEGV was ignored before, a signal from another process still is, and a fault is not", () => {
    const ended = runGuarded(`probe.installIgnore(); const mapping = map(); bytesOf(mapping)[0] = 1;
      process.kill(process.pid, "SIGSEGV");
      await new Promise((done) => setTimeout(done, 50));
      console.log("alive");
      probe.storeToNull();`);
    assert.is(ended.stdout.trim(), "alive"); // a signal that is sent can be ignored; a fault cannot
    assert.is(ended.signal, "SIGSEGV");
  });

  crashes("a handler that was there before gets all other faults, and may leave by siglongjmp", () => {
    const answer = ask<number[]>(
      `probe.installLeaving();
      const mapping = map();
      for (let n = 0; n < 500; n++) probe.storeAndLeave();
      bytesOf(mapping)[0] = 1;
      console.log(JSON.stringify([probe.handled(), host.privatePages(mapping), seen[0]]));`,
    );
    assert.equal(answer, [500, 1, 0]);
  });

  crashes("a handler that is installed later and passes faults on is passed by at the next guarded window", () => {
    const answer = ask<(number | string)[]>(
      `const mapping = map();
      probe.installCounting();
      bytesOf(mapping)[0] = 1; // through that handler, which passes it on
      const first = probe.handled();
      map();
      bytesOf(mapping)[${PAGE}] = 1; // the addon's is in front again
      console.log(JSON.stringify([first, probe.handled() - first, host.privatePages(mapping), probe.handlerFile()]));`,
    );
    assert.equal(answer.slice(0, 3), [1, 0, 2]);
    assert.match(answer[3] as string, /wasm_shm\.node$/);
  });

  for (const install of ["installCounting", "installOnce", "installLeaving", "installPlain"])
    crashes(`${install} again and again, before and after guarded windows, loops nowhere`, () => {
      const ended = runGuarded(`
        for (let n = 0; n < 40; n++) { probe.${install}(); const bytes = bytesOf(map()); bytes[0] = 1; bytes[${PAGE}] = 1; }
        ${install === "installLeaving" ? "probe.storeAndLeave();" : ""}
        console.log("stored", seen[0]);
        ${install === "installLeaving" ? 'process.kill(process.pid, "SIGKILL")' : "probe.storeToNull()"};
      `);
      assert.is(ended.stdout.trim(), "stored 0");
      assert.is(ended.signal, install === "installLeaving" ? "SIGKILL" : "SIGSEGV");
    });

  crashes("Node's own ends are as ever: uncaught exceptions, abort, a report", () => {
    const thrown = runGuarded("bytesOf(map())[0] = 1; throw new Error('mine');");
    assert.is(thrown.code, 1);
    assert.match(thrown.stderr, /Error: mine/);
    const aborted = runGuarded("bytesOf(map())[0] = 1; setTimeout(() => { throw new Error('mine'); });", [
      "--abort-on-uncaught-exception",
    ]);
    assert.ok(["SIGABRT", "SIGTRAP", "SIGILL"].includes(String(aborted.signal)), String(aborted.signal));
    const report = runGuarded(
      "bytesOf(map())[0] = 1; process.report.excludeNetwork = true; console.log(process.report.getReport().header.event);",
      ["--report-on-fatalerror"],
    );
    assert.is(report.code, 0, report.stderr);
  });
  crashes.run();
}
