// An emscripten program with a segment over a block of its own allocator, as docs/memory-map.md has it. Not in CI: emcc is 840 MB
// installed, and takes longer than all other peers together. Its guests have a test of their own (sandbox/guests).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { delimiter } from "node:path/posix";
import * as assert from "uvu/assert";
import { create } from "wasm-shm";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { inFolder } from "../support/folder.js";

interface Program {
  _room(bytes: number): number;
  _sum(at: number, length: number): number;
}

// Debian's emcc finds its JavaScript packages only by NODE_PATH, and needs its own wasm-opt, not that of npm's binaryen.
const PATH = (process.env["PATH"] ?? "").split(delimiter).filter((entry) => !entry.endsWith("node_modules/.bin"));
const env = { ...process.env, NODE_PATH: "/usr/share/nodejs", PATH: PATH.join(delimiter) };
const settings = ["MODULARIZE", "ENVIRONMENT=node", "INITIAL_MEMORY=16MB", "IMPORTED_MEMORY"];
const SIZE = 100_000;

function isHere(): boolean {
  try {
    return process.platform === "linux" && run("emcc", ["--version"], { env }).code === 0;
  } catch {
    return false;
  }
}

const emscripten = suite("An emscripten program");
const title = "works on a segment over a block of its allocator, and its heap keeps out of it";
if (!isHere()) emscripten.skip(title, "there is no emcc");
else
  emscripten(title, () =>
    inFolder(async (folder) => {
      const file = join(folder, "program.cjs");
      const flags = settings.flatMap((setting) => ["-s", setting]);
      const source = join(root, "test/fixtures/modules/program.c");
      const { code, stderr } = run("emcc", ["-O2", source, "-o", file, ...flags], { env });
      assert.is(code, 0, stderr);
      const start = createRequire(file)(file) as (options: object) => Promise<Program>;
      // By its bytes: emcc 3.1.6 asks fetch for the file, which Node has since, and which takes no path.
      const memory = new WebAssembly.Memory({ initial: 256, maximum: 256 });
      const program = await start({ wasmMemory: memory, wasmBinary: readFileSync(file.replace(".cjs", ".wasm")) });
      const segment = create(SIZE);
      try {
        const byteOffset = program._room(SIZE);
        const attachment = segment.attach({ into: { memory, byteOffset } });
        attachment.fill(3);
        const before = attachment.checksum("xxh3");
        for (let count = 0; count < 1000; count++) assert.is(program._sum(byteOffset, SIZE), 3 * 1024);
        assert.is(attachment.checksum("xxh3"), before);
        assert.is(segment.attach({ access: "read-only" }).checksum("xxh3"), before);
      } finally {
        segment[Symbol.dispose]();
      }
    }),
  );
emscripten.run();
