// The package from outside: what it exports, and what loads without Node. host.test.ts and fallback.test.ts: the default host, and no addon.
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run, runModule } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";

const evaluate = (folder: string, source: string): ReturnType<typeof run> => runModule(source, [], { cwd: folder });

const surface = suite("The entry points");

const words = [
  ["Attachment", "Cursor", "Segment", "ShmError", "ShmRangeError"],
  [
    "Barrier",
    "Channel",
    "Condition",
    "Domain",
    "Mutex",
    "RwLock",
    "Semaphore",
    "Seqlock",
    "Service",
    "SharedEvent",
    "Topic",
  ],
  ["SharedMemoryFlags", "SegmentStatus", "Whence", "VERSION"],
  ["channel", "createPool", "servePool", "service", "topic"],
  ["Checksum", "TypedSegment", "createChecksum", "createTyped", "openTyped", "keyOf"],
  [
    "create",
    "createSandbox",
    "createSandboxPool",
    "createShm",
    "destroySegment",
    "ftok",
    "limits",
    "list",
    "localHost",
    "sysvHost",
    "open",
    "openSegment",
    "prepareGuest",
    "shm",
  ],
].flat();

surface("export the names of the contract", async () => {
  assert.equal(Object.keys(await import("wasm-shm")).sort(), words.sort());
  assert.equal(Object.keys(await import("wasm-shm/portable")).sort(), words.sort());
});

surface("the portable one imports nothing of Node's, nor does anything it imports", () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, "utf8");
    // Of minified code: an import, or an export from, at the start of a statement; or an import by a call.
    const IMPORT = /(?:^|[;}])(?:import|export)(?:\{[^}]*\}from)?"([^"]+)"|\bimport\("([^"]+)"\)/gm;
    for (const [, from, dynamic] of text.matchAll(IMPORT)) {
      const name = (from ?? dynamic) as string;
      assert.ok(name.startsWith("./") || name.startsWith("../"), `${file}: ${name}`);
      visit(new URL(name, `file://${file}`).pathname);
    }
  };
  visit(`${root}dist/portable.js`);
  assert.ok(seen.size > 1, `${seen.size} files`);
});

surface("the portable one has the local host, and says which entry point has the other", () => {
  const ended = evaluate(
    root,
    `import { createShm, shm } from "wasm-shm/portable";
    let refused; try { createShm({ host: "sysv" }); } catch ({ code, message }) { refused = code + " " + message; }
    console.log(shm.host.name, refused);`,
  );
  assert.match(ended.stdout, /^local ERR_SHM_UNSUPPORTED .*import "wasm-shm" in Node on Linux/);
});

surface("the portable one is the same before and after wasm-shm was imported: no streams, a host of the thread", () => {
  const ask = (imports: string): string =>
    evaluate(
      root,
      `${imports}
      const { create, shm } = await import("wasm-shm/portable");
      const cursor = create(10).attach().cursor();
      const codes = ["readable", "writable"].map((method) => { try { cursor[method](); } catch ({ code }) { return code; } });
      console.log(shm.host.name, codes.join());`,
    ).stdout;
  const alone = ask("");
  assert.is(alone, "local ERR_SHM_UNSUPPORTED,ERR_SHM_UNSUPPORTED\n");
  assert.is(ask('await import("wasm-shm"); await import("wasm-shm/x11");'), alone);
  const both = `import { create } from "wasm-shm/portable"; import "wasm-shm"; create(1).attach().cursor().readable();`;
  assert.match(evaluate(root, both).stderr, /ERR_SHM_UNSUPPORTED/);
});

surface("all load with frozen intrinsics, and work", () => {
  for (const entry of ["wasm-shm", "wasm-shm/portable", "wasm-shm/x11"]) {
    const source = `const { createShm } = await import("wasm-shm/portable");
      await import("${entry}");
      for (const core of ["wasm", "js", "auto"]) {
        const attachment = createShm({ host: "local", core }).create(5000).attach();
        const cursor = attachment.cursor();
        cursor.writeFrame(new Uint8Array(4000));
        let refused;
        try { cursor.readExactly(new Uint8Array(4000)); } catch (error) { refused = error.code; }
        console.log(core, attachment.checksum("xxh3") > 0n, refused);
      }`;
    const ended = runModule(source, ["--frozen-intrinsics", "--no-warnings"]);
    const worked = (core: string): string => `${core} true ERR_SHM_OUT_OF_BOUNDS\n`;
    assert.is(ended.stdout, ["wasm", "js", "auto"].map(worked).join(""), ended.stderr);
  }
});

surface("the portable one works if the ids of the process are refused, as in Deno without --allow-sys", () => {
  const ended = evaluate(
    root,
    `const refuse = () => { throw new Error("Requires sys access"); };
    Object.defineProperties(process, { getuid: { value: refuse }, getgid: { value: refuse }, pid: { get: refuse } });
    const { create } = await import("wasm-shm/portable");
    const segment = create(1);
    segment.attach().detach();
    const { uid, gid, cpid, lpid } = segment.stat();
    console.log(uid, gid, cpid, lpid);`,
  );
  assert.is(ended.stdout, "0 0 0 0\n", ended.stderr);
});

surface("a page that may not compile WebAssembly gets a typed error, which names the core that needs none", () => {
  const ended = evaluate(
    root,
    `WebAssembly.Module = class { constructor() { throw new WebAssembly.CompileError("disallowed by embedder"); } };
    const { createShm } = await import("wasm-shm/portable");
    const tell = (call) => {
      try { return typeof call(); } catch (error) {
        return [error.constructor.name, error.code, error.hint, error.cause?.constructor.name].join();
      }
    };
    for (const core of ["wasm", "auto", "js"]) {
      const attachment = createShm({ core }).create(5000).attach();
      console.log(core);
      console.log(tell(() => attachment.cursor().writeVarUintArray(new Uint8Array(3000))));
      console.log(tell(() => attachment.checksum("crc32c")));
    }`,
  );
  const refused = 'ShmError,ERR_SHM_UNSUPPORTED,createShm({ core: "js" }) compiles nothing,CompileError\n';
  assert.is(ended.stdout, `wasm\n${refused}${refused}auto\nnumber\nnumber\njs\nnumber\nnumber\n`, ended.stderr);
});

if (nativePairs.length === 0) surface.skip("wasm-shm/x11 imported alone has streams", "there is no sysv host");
else
  surface("wasm-shm/x11 imported alone has streams", () => {
    const ended = evaluate(
      root,
      `import { x11Provider } from "wasm-shm/x11";
      const provider = x11Provider({ display: ":0" });
      const made = provider.create(100_000);
      made.buffer.fill(7);
      let sum = 0;
      for await (const chunk of made.attachment.cursor().readable()) for (const byte of chunk) sum += byte;
      made.attachment.cursor().writable().end(Buffer.from("drawn"), () => {
        console.log(sum, made.buffer.toString("latin1", 0, 5));
        provider.destroy(made);
      });`,
    );
    assert.is(ended.stdout, "700000 drawn\n", ended.stderr);
  });
surface.run();

const jitless = suite("An engine without WebAssembly");
jitless("loads the package, and says why it cannot attach", () => {
  const source = `import { create } from "wasm-shm"; const segment = create(10);
    try { segment.attach(); } catch ({ code, message }) { console.log(code, message, segment.stat().nattch); }
    segment[Symbol.dispose]();`;
  const ended = runModule(source, ["--jitless"]);
  assert.is(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /^ERR_SHM_UNSUPPORTED .*--jitless.* 0$/m);
});
jitless.run();

const types = suite("The types");

/** Compiles a module that uses the package, strictly, in a folder where it is installed. */
function compile(source: string, options: readonly string[], withNodeTypes = true): ReturnType<typeof run> {
  const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
  try {
    cpSync(`${root}dist`, join(folder, "node_modules/wasm-shm/dist"), { recursive: true });
    cpSync(`${root}package.json`, join(folder, "node_modules/wasm-shm/package.json"));
    if (withNodeTypes) symlinkSync(`${root}node_modules/@types`, join(folder, "node_modules/@types"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "consumer.ts"), source);
    const args = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", ...options, "consumer.ts"];
    return run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, ...args], { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const [title, options] of [
  ["without the dom library", ["--lib", "es2022,esnext.disposable", "--types", "node"]],
  ["with it", ["--lib", "es2022,esnext.disposable,dom"]],
  ["as a bundler sees them", ["--lib", "es2022,dom", "--module", "esnext", "--moduleResolution", "bundler"]],
] as const)
  types(`compile strictly, ${title}, and refuse new Segment(), new Attachment() and new Cursor()`, () => {
    const ended = compile(
      `import { Attachment, create, Cursor, type HostCall, sysvHost, Segment, ShmError, Whence } from "wasm-shm";
      const segment: Segment = create(10, { key: 5 });
      const cursor: Cursor = segment.attach({ offset: 0 }).cursor();
      const position: number = cursor.seek(-1, Whence.End);
      const buffer: ArrayBuffer | SharedArrayBuffer = segment.attach().memory.buffer;
      segment[Symbol.dispose]();
      // @ts-expect-error: segments come from create and open
      new Segment();
      // @ts-expect-error: attachments come from a segment
      new Attachment();
      // @ts-expect-error: cursors come from an attachment
      new Cursor();
      // @ts-expect-error: nor does a class extend it
      class Mine extends Segment {}
      const call: HostCall = { operation: "stat", id: 0, size: undefined };
      const hint: string | undefined = new ShmError("", "").hint ?? sysvHost().explain(22, call).hint;
      export { buffer, hint, Mine, position };`,
      options,
    );
    assert.is(ended.code, 0, ended.stdout);
  });

types("have a cursor's streams for those of Node, without a word about node in the options", () => {
  const ended = compile(
    `import { pipeline } from "node:stream/promises";
    import { Readable, Writable } from "node:stream";
    import { create, type CursorReadable } from "wasm-shm";
    const cursor = create(10).attach().cursor();
    const { signal } = new AbortController();
    const source: CursorReadable = cursor.readable({ start: 0, end: 5, highWaterMark: 1, signal, zeroCopy: true });
    const target = cursor.writable({ start: 5, signal });
    await pipeline(source, target);
    for await (const chunk of cursor.readable()) console.log(chunk.readUInt8(), chunk.buffer);
    Readable.toWeb(source).pipeTo(Writable.toWeb(target));
    const moved: number = source.bytesRead + target.bytesWritten;
    const copy: Buffer<ArrayBuffer> = create(10).attach().toBuffer();
    console.log(copy.toString("hex"), await new Response(copy).text());
    // @ts-expect-error: an encoding that there is not
    create(10).attach().text({ encoding: "hex" });
    // @ts-expect-error: a writable has no chunks to be views
    cursor.writable({ zeroCopy: true });
    // @ts-expect-error: a number is not a signal
    cursor.readable({ signal: 5 });
    export { moved };`,
    ["--lib", "es2022,esnext.disposable"],
  );
  assert.is(ended.code, 0, ended.stdout);
});

for (const [title, libraries] of [
  ["with the dom library", "es2022,esnext.disposable,dom"],
  ["without it", "es2022,esnext.disposable"],
])
  types(`of wasm-shm/portable compile without those of Node, ${title}`, () => {
    const source = `import { create, type CursorReadableOptions } from "wasm-shm/portable";
      const options: CursorReadableOptions = { start: 0, zeroCopy: true };
      const attachment = create(10).attach();
      const bytesRead: number = attachment.cursor().readable(options).bytesRead;
      const copy: Uint8Array<ArrayBuffer> = attachment.toBuffer(0, 5);
      const text: string = attachment.text({ start: 0, end: 5, encoding: "latin1", fatal: true });
      // @ts-expect-error: it is a Uint8Array, whose toString takes nothing
      copy.toString("utf8");
      export { bytesRead, text };`;
    const ended = compile(source, ["--lib", libraries as string], false);
    assert.is(ended.code, 0, ended.stdout);
    const node = compile(`${source} export const pid = process.pid;`, ["--lib", libraries as string], false);
    assert.match(node.stdout, /Cannot find name 'process'/); // so there were none indeed
  });
types.run();

const packed = suite("npm pack");
packed("holds what its users need, and nothing else", () => {
  const ended = run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"]);
  const [{ size, files: listed }] = JSON.parse(ended.stdout) as [{ size: number; files: { path: string }[] }];
  assert.ok(size < 400 * 1024, `${size} bytes packed`);
  const files = listed.map(({ path }) => path);
  for (const needed of [
    "dist/index.js",
    "dist/index.d.ts",
    "dist/portable.js",
    "dist/cjs/index.js",
    "dist/cjs/index.d.ts",
    "dist/loader.cjs",
    "dist/addon.cjs",
    "dist/native/exports.ld",
    "docs/bundling.md",
    "dist/native/binding.gyp",
    "tools/addon.js",
    "README.md",
    "LICENSE",
    ...(readdirSync(`${root}native`, { recursive: true }) as string[])
      .filter((file) => /\.(cc|h)$/.test(file))
      .map((file) => `dist/native/${file}`),
  ])
    assert.ok(files.includes(needed), needed);
  const unneeded = files.filter(
    (file) =>
      /^(build|src|assembly|test|bench|examples|node_modules|\.ci|native)\//.test(file) ||
      /\.(map|svg|png|wasm|tsbuildinfo)$/.test(file),
  );
  assert.equal(unneeded, []);
  const pages = files.filter((file) => file.endsWith(".md"));
  const linked = pages.flatMap((page) =>
    [...readFileSync(root + page, "utf8").matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) =>
      posix.join(posix.dirname(page), path as string),
    ),
  );
  assert.ok(linked.length > 20, `${linked}`);
  assert.equal(
    linked.filter((path) => !files.some((file) => file === path || file.startsWith(`${path.replace(/\/$/, "")}/`))),
    [],
  );
  assert.ok(existsSync(`${root}LICENSE`));
});
packed.run();
