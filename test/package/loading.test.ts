// What an import of the package loads, and which addon an instance takes.
import { readdirSync, readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { createShm } from "wasm-shm";
import { suite } from "../suite.js";
import { root, runModule } from "../support/child.js";
import { ADDON } from "../support/installed.js";
import { code, nativePairs } from "../support/pairs.js";

const loading = suite("An import of the package");

/** Modules of Node that a few programs need: each costs milliseconds. */
const LATER = ["stream", "zlib", "worker_threads", "child_process", "os", "v8", "http", "readline"];

loading("loads nothing of streams, sandboxes and the command line before their first use", () => {
  const source = `const before = new Set(process.moduleLoadList);
    const { createShm } = await import("wasm-shm");
    const later = ${JSON.stringify(LATER)}.map((name) => "NativeModule " + name);
    const loaded = () => later.filter((name) => !before.has(name) && process.moduleLoadList.includes(name));
    const seen = [loaded().join()];
    const cursor = createShm({ host: "local" }).create(10).attach().cursor();
    cursor.writeUint32(5);
    seen.push(loaded().join());
    cursor.readable();
    seen.push(loaded().join());
    console.log(JSON.stringify(seen)); // not before: it loads streams itself`;
  const { stdout, stderr } = runModule(source);
  assert.is(stdout, '["","","NativeModule stream"]\n', stderr);
});

loading("reads few files", () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, "utf8");
    for (const [, name] of text.matchAll(/(?:^|[;}])(?:import|export)(?:\{[^}]*\}from)?"(\.[^"]+)"/gm))
      visit(new URL(name as string, `file://${file}`).pathname);
  };
  visit(`${root}dist/index.js`);
  seen.add(`${root}dist/loader.cjs`); // by package.json's imports
  assert.ok(seen.size > 2 && seen.size <= 9, [...seen].join());
  for (const file of seen) assert.not.match(file, /\/cli\/|\/sandbox\//);
  assert.ok(readdirSync(`${root}dist/shared`).length > 2);
});
loading.run();

const addon = suite("createShm({ addon })");
if (nativePairs.length === 0) addon.skip("all", "there is no addon on this platform");
else {
  addon("takes the path of a file", () => {
    const shm = createShm({ addon: root + ADDON });
    const segment = shm.create(100);
    segment.attach().cursor().writeUint8(7);
    assert.equal([shm.host.name, segment.readChunk(1)[0]], ["sysv", 7]);
    segment[Symbol.dispose]();
  });

  addon("chooses the sysv host, whatever WASM_SHM_HOST says", () => {
    const source = `import { createShm } from "wasm-shm";
      process.env.WASM_SHM_HOST = "local";
      console.log(createShm({ addon: ${JSON.stringify(root + ADDON)} }).host.name, createShm().host.name);`;
    assert.is(runModule(source).stdout, "sysv local\n");
  });

  addon("refuses another host beside it, a path that is not absolute, and what is not the addon", () => {
    for (const [options, expected] of [
      [{ host: "local", addon: root + ADDON }, "ERR_INVALID_ARG_VALUE"],
      [{ addon: "wasm_shm.node" }, "ERR_INVALID_ARG_VALUE"],
      [{ addon: "" }, "ERR_INVALID_ARG_VALUE"],
      [{ addon: "/a\0b" }, "ERR_INVALID_ARG_VALUE"],
      [{ addon: {} }, "ERR_INVALID_ARG_TYPE"],
      [{ addon: { map() {}, constants: {} } }, "ERR_INVALID_ARG_TYPE"],
      [{ addon: 5 }, "ERR_INVALID_ARG_TYPE"],
      [{ addon: null }, "ERR_INVALID_ARG_TYPE"],
      [{ addon: "/does/not/exist.node" }, "ERR_SHM_UNSUPPORTED"],
      [{ addon: `${root}package.json` }, "ERR_SHM_UNSUPPORTED"],
    ] as const)
      assert.throws(() => createShm(options as object), code(expected), JSON.stringify(options));
  });
}
addon.run();
