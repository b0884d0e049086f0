// Several copies of the package in one process: npm installs one for each version that is asked for. Each order of
// attaching is a child process, so that a crash is seen. Version 0.1.0 is one of them, built from its sources. Not
// tested: what native/guard/older.cc says that 0.1.0 breaks beside this version.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { type Ended, root, run, runModule } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { buildAddon, buildProbe, storesModule } from "./guarded.js";

const folder = mkdtempSync(join(tmpdir(), "wasm-shm-copies-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const addonFile = join(root, "native/build/Release/wasm_shm.node");

/** The addon of version 0.1.0, built once. */
function olderAddon(): string {
  const older = join(root, "build/wasm-shm-0.1.0");
  const file = join(older, "native/build/Release/wasm_shm.node");
  if (existsSync(file)) return file;
  mkdirSync(older, { recursive: true });
  const archive = join(root, "test/fixtures/wasm-shm-0.1.0.tar.gz");
  const { code, stderr } = run("tar", ["-xzf", archive, "-C", older]);
  if (code !== 0) throw new Error(`version 0.1.0 was not unpacked: ${stderr}`);
  buildAddon(join(older, "native"));
  return file;
}

/** A copy of the addon at a path of its own for each letter: "n" is this version, "o" is 0.1.0. */
function copiesOf(kinds: string): string[] {
  return [...kinds].map((kind, index) => {
    const file = join(folder, `${kind}${index}.node`);
    if (!existsSync(file)) cpSync(kind === "o" ? olderAddon() : addonFile, file);
    return file;
  });
}

const wasm = Buffer.from(storesModule(false)).toString("base64");

/**
 * The child: copies attach in an order, "0102" for four attaches by three copies. After each attach all windows take
 * every operation. `lazy` loads a copy when it attaches first.
 */
const child = (files: string[], order: string, lazy: boolean): string => `
  const load = (file) => { const target = { exports: {} }; process.dlopen(target, file); return target.exports; };
  const loaded = new Map();
  const copy = (index) => { if (!loaded.has(index)) loaded.set(index, load(${JSON.stringify(files)}[index])); return loaded.get(index); };
  if (!${lazy}) for (const index of ${JSON.stringify(files.map((_, index) => index))}) copy(index);
  const check = (fine, what) => { if (!fine) throw new Error(what); };
  const stores = new WebAssembly.Module(Buffer.from("${wasm}", "base64"));
  const LENGTH = 4 * 4096;
  const at = (memory) => new Uint8Array(memory.buffer, 65536, LENGTH);
  const trap = (memory) => {
    const { load32 } = new WebAssembly.Instance(stores, { env: { memory } }).exports;
    let name = "none";
    try { load32(-8); } catch (error) { name = error.constructor.name; }
    check(name === "RuntimeError", "a load out of bounds: " + name);
  };
  const first = copy(Number("${order}"[0]));
  const id = first.get(0, LENGTH, 0o1600);
  const keeper = new WebAssembly.Memory({ initial: 2 });
  check(first.map(keeper, at(keeper), id, 0, false) === 0, "map to read and write");
  first.remove(id);
  const seen = at(keeper);
  const windows = [];
  const attach = (index) => {
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 100 });
    const refused = copy(index).map(memory, at(memory), id, 0, true);
    check(refused === 0, "map: " + refused);
    windows.push({ addon: copy(index), memory });
  };
  const useAll = (turn) => {
    for (const { addon, memory } of windows) {
      trap(memory);
      at(memory)[0] = turn;
      Atomics.add(at(memory), 4096, 1);
      memory.grow(1);
      at(memory)[2 * 4096] = turn;
      check((addon.privatePages ?? addon.diverted)(memory, at(memory)) === 3, "private pages");
      seen[0] = 200 + (turn % 50);
      check(at(memory)[0] === turn && at(memory)[3 * 4096] === 0, "bytes");
      check((addon.discard ?? addon.refresh)(memory, at(memory), id, 0) === 0, "discard");
      check(at(memory)[0] === seen[0], "the segment again");
      trap(memory);
    }
    check(seen[4096] === 0 && seen[8192] === 0, "a store reached the segment");
  };
  let turn = 1;
  for (const index of "${order}") { attach(Number(index)); useAll(turn++); }
  const detach = () => {
    for (const { addon, memory } of windows.splice(0)) {
      at(memory)[0] = 1;
      check(addon.unmap(memory, at(memory)) === 0, "unmap");
      check(at(memory)[0] === 0, "zeros");
      memory.grow(1);
      trap(memory);
    }
  };`;

const inWorker = (source: string): string => `
  import { once } from "node:events";
  import { Worker } from "node:worker_threads";
  const worker = new Worker(${JSON.stringify(source)}, { eval: true, execArgv: [] });
  const [code] = await once(worker, "exit");
  if (code !== 0) throw new Error("the worker failed");`;

const report = ({ code, signal, stderr, stdout }: Ended): string => `${code} ${signal} ${stdout} ${stderr}`;

const TWO = ["01", "10", "010", "101", "0101", "0011"];
const THREE = ["012", "021", "102", "120", "201", "210", "0120", "01210", "1202102", "2010212"];

const copies = suite("Several copies of the package in one process");
if (nativePairs.length === 0) copies.skip("all", "there is no addon on this platform");
else {
  buildProbe();
  const probeFile = join(root, "test/native/build/Release/wasm_shm_test.node");

  for (const [kinds, orders] of [
    ["nn", TWO],
    ["on", TWO],
    ["nnn", THREE],
    ["onn", THREE],
  ] as const)
    for (const order of orders) {
      const names = [...order].map((index) => `${kinds[Number(index)] === "o" ? "0.1.0" : "new"} #${index}`);
      for (const lazy of [false, true])
        copies(`${names.join(", ")} attach${lazy ? ", each loaded when it attaches" : ""}`, () => {
          const source = child(copiesOf(kinds), order, lazy);
          const ended = runModule(`${source} detach(); console.log("done");`);
          assert.is(ended.stdout.trim(), "done", report(ended));
          assert.is(ended.code, 0, report(ended));
        });
    }

  for (const [kinds, order] of [
    ["nnn", "01210"],
    ["onn", "01210"],
    ["onn", "12010"],
  ] as const) {
    copies(`${kinds} in the order ${order} in a worker, then in the main thread`, () => {
      const source = `${child(copiesOf(kinds), order, true)} detach();`;
      const ended = runModule(`${inWorker(source)}${source} console.log("done");`);
      assert.is(ended.stdout.trim(), "done", report(ended));
    });

    copies(`${kinds} in the order ${order} in a worker that ends with its windows`, () => {
      const source = child(copiesOf(kinds), order, true);
      const ended = runModule(`${inWorker(source)}${source} console.log("done");`);
      assert.is(ended.stdout.trim(), "done", report(ended));
    });

    for (const [name, death] of Object.entries({
      "a store to null": "probe.storeToNull();",
      "a store to another's read-only page": "probe.storeToReadOnly();",
      "process.kill": "process.kill(process.pid, 'SIGSEGV'); for (;;) {}",
    }))
      copies(`${kinds} in the order ${order}: ${name} ends the process with SIGSEGV`, () => {
        const source = `${child(copiesOf(kinds), order, true)}
          const probe = load(${JSON.stringify(probeFile)});
          console.log("attached");
          ${death}`;
        const ended = runModule(source, [], { timeout: 30_000 });
        assert.is(ended.stdout.trim(), "attached", report(ended));
        assert.is(ended.signal, "SIGSEGV", report(ended));
      });

    copies(`${kinds} in the order ${order}, with another handler before, between and after`, () => {
      const ended = runModule(`
        const probeModule = { exports: {} };
        process.dlopen(probeModule, ${JSON.stringify(probeFile)});
        const probe = probeModule.exports;
        ${child(copiesOf(kinds), order, true)}
        probe.installCounting();
        useAll(turn++);
        attach(1);
        useAll(turn++);
        attach(2);
        useAll(turn++);
        detach();
        console.log(probe.handled() > 0 ? "done" : "never asked");`);
      assert.is(ended.stdout.trim(), "done", report(ended));
    });
  }

  copies("the first guarded window of a process, in a memory that another thread grows", () => {
    const [file] = copiesOf("n");
    for (let round = 0; round < 20; round++) {
      const ended = runModule(`
        import { once } from "node:events";
        import { Worker } from "node:worker_threads";
        const memory = new WebAssembly.Memory({ initial: 16, maximum: 30_000, shared: true });
        const code = \`
          const { memory, file, index } = require("node:worker_threads").workerData;
          const target = { exports: {} };
          process.dlopen(target, file);
          const addon = target.exports;
          const id = addon.get(0, 4096, 0o1600);
          const map = () => addon.map(memory, new Uint8Array(memory.buffer, index * 65536, 4096), id, 0, true);
          let result = map();
          for (let tries = 0; tries < 1000 && result === -22; tries++) result = map(); // EINVAL: the memory grew
          addon.remove(id);
          process.exitCode = result;
        \`;
        const workers = [0, 1].map((index) => new Worker(code, { eval: true, execArgv: [], workerData: { memory, index, file: ${JSON.stringify(file)} } }));
        let codes;
        Promise.all(workers.map((worker) => once(worker, "exit"))).then((all) => { codes = all.flat(); });
        while (!codes) {
          for (let grown = 0; grown < 20 && memory.buffer.byteLength < 29_990 * 65536; grown++) memory.grow(1);
          await new Promise(setImmediate);
        }
        console.log(...codes);`);
      assert.is(ended.stdout.trim(), "0 0", report(ended));
    }
  });

  copies("threads of two copies store, discard and grow in one shared memory", () => {
    const files = copiesOf("nn");
    const ended = runModule(`
      import { once } from "node:events";
      import { Worker } from "node:worker_threads";
      const memory = new WebAssembly.Memory({ initial: 16, maximum: 200, shared: true });
      const go = new Int32Array(memory.buffer, 15 * 65536, 4);
      const code = \`
        const { memory, file, index } = require("node:worker_threads").workerData;
        const target = { exports: {} };
        process.dlopen(target, file);
        const addon = target.exports;
        const LENGTH = 8 * 4096;
        const id = addon.get(0, LENGTH, 0o1600);
        const go = new Int32Array(memory.buffer, 15 * 65536, 4);
        const all = new Uint8Array(memory.buffer, 0, 4 * 65536);
        // EINVAL: the memory grew between the view and the call, so the view is not of its present buffer.
        const call = (name, ...args) => {
          for (let tries = 0; tries < 1000; tries++) {
            const result = addon[name](memory, new Uint8Array(memory.buffer, index * 65536, LENGTH), ...args);
            if (result !== -22) return result;
          }
          return -22;
        };
        let bad = 0;
        for (let turn = 0; turn < 400; turn++) {
          bad += call("map", id, 0, true) !== 0;
          for (let at = index; at < all.length; at += 1024) all[at]++;
          bad += call("discard", id, 0) !== 0;
          for (let at = index; at < all.length; at += 1024) all[at]++;
          bad += call("unmap") !== 0;
        }
        addon.remove(id);
        Atomics.add(go, 0, bad);
        Atomics.add(go, 1, 1);
      \`;
      const workers = [0, 1, 2, 3].map((index) => new Worker(code, { eval: true, execArgv: [], workerData: { memory, index, file: ${JSON.stringify(files)}[index % 2] } }));
      const ended = Promise.all(workers.map((worker) => once(worker, "exit")));
      const timer = setInterval(() => { if (memory.buffer.byteLength < 199 * 65536) memory.grow(1); }, 2);
      await ended;
      clearInterval(timer);
      console.log(go[0], go[1]);`);
    assert.is(ended.stdout.trim(), "0 4", report(ended));
  });

  copies("whole packages, imported from two folders, attach into one memory that grows", () => {
    const packages = ["one", "two"].map((name) => {
      const to = join(folder, name, "node_modules/wasm-shm");
      for (const part of ["package.json", "dist", "native/build/Release/wasm_shm.node"])
        cpSync(join(root, part), join(to, part), { recursive: true });
      symlinkSync(join(root, "node_modules"), join(to, "node_modules"));
      return join(to, "dist/index.js");
    });
    const ended = runModule(`
      const [one, two] = await Promise.all(${JSON.stringify(packages)}.map((path) => import(path)));
      const segment = one.create(8192);
      const other = two.open(segment.id);
      const memory = new WebAssembly.Memory({ initial: 4, maximum: 100 });
      const attached = [segment, other, segment].map((by, index) => by.attach({ access: "read-only", into: { memory, byteOffset: index * 8192 } }));
      for (let turn = 0; turn < 3; turn++) {
        memory.grow(1);
        for (const attachment of attached) attachment.bytes[turn] = 1;
      }
      const seen = segment.readChunk(3);
      segment.destroy();
      console.log(new Uint8Array(memory.buffer, 0, 3).join(), seen.join());`);
    assert.is(ended.stdout.trim(), "1,1,1 0,0,0", report(ended));
  });

  copies("two copies of 0.1.0 alone end the process at a grow and at a trap: that cannot be mended here", () => {
    const files = copiesOf("oo");
    const load = `
      const load = (file) => { const target = { exports: {} }; process.dlopen(target, file); return target.exports; };
      const addons = ${JSON.stringify(files)}.map(load);
      const id = addons[0].get(0, 4096, 0o1600);
      const attach = (addon) => { const memory = new WebAssembly.Memory({ initial: 1, maximum: 9 }); addon.map(memory, new Uint8Array(memory.buffer, 0, 4096), id, 0, true); return memory; };`;
    const grown = runModule(
      `${load} const memory = attach(addons[0]); attach(addons[1]); addons[0].remove(id); memory.grow(1);`,
    );
    assert.ok(["SIGTRAP", "SIGILL"].includes(String(grown.signal)), report(grown));
    const trapped =
      runModule(`${load} attach(addons[0]); attach(addons[1]); const memory = attach(addons[0]); addons[0].remove(id);
      new WebAssembly.Instance(new WebAssembly.Module(Buffer.from("${wasm}", "base64")), { env: { memory } }).exports.load32(-8);`);
    assert.is(trapped.signal, "SIGSEGV", report(trapped));
  });
}
copies.run();
