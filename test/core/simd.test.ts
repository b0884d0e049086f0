// Which build of the wasm core is in use: chosen by what the engine has, and forceable.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { createShm, type ShmOptions } from "wasm-shm";
import { suite } from "../suite.js";
import { root, runModule } from "../support/child.js";
import { code, pairs } from "../support/pairs.js";

const VECTORLESS = "--no-enable-sse4-1"; // V8 gives no 128-bit vectors to an x64 machine that lacks these instructions

/** Made by tools/embed.js, without types. */
const { plain, simd } = (await import(`${root}dist/core/binary.js`)) as { plain: string; simd: string };

const choice = suite("createShm({ simd })");
const bytesOf = (base64: string): Buffer => Buffer.from(base64, "base64");

choice("is with vectors where the engine has them, unless told otherwise, and says which", () => {
  const here = WebAssembly.validate(readFileSync(`${root}dist/core/core.simd.wasm`));
  assert.is(createShm().simd, here);
  assert.is(createShm({ core: "wasm" }).simd, here);
  if (here) assert.is(createShm({ simd: true }).simd, true);
  assert.is(createShm({ simd: false }).simd, false);
  assert.is(createShm({ core: "js" }).simd, false);
  assert.is(createShm({ core: "js", simd: false }).simd, false);
});

choice("refuses vectors of the js core, and what is no boolean", () => {
  assert.throws(() => createShm({ core: "js", simd: true }), code("ERR_SHM_UNSUPPORTED", /simd/));
  for (const value of ["yes", 1, null, {}])
    assert.throws(() => createShm({ simd: value } as ShmOptions), code("ERR_INVALID_ARG_TYPE", /"options.simd"/));
});

choice("the pairs of these tests are what they are called", () => {
  for (const { name, shm } of pairs) {
    assert.is(shm.core, name.endsWith("js") ? "js" : "wasm", name);
    if (name.endsWith("without SIMD")) assert.is(shm.simd, false, name);
  }
  assert.is(new Set(pairs.map(({ name }) => name)).size, process.platform === "linux" ? 6 : 3);
});

choice("the builds that are loaded are those that were built, and one alone has vectors", () => {
  assert.ok(bytesOf(plain).equals(readFileSync(`${root}dist/core/core.wasm`)));
  assert.ok(bytesOf(simd).equals(readFileSync(`${root}dist/core/core.simd.wasm`)));
  assert.not.ok(bytesOf(plain).equals(bytesOf(simd)));
});

const without = "an engine without 128-bit vectors takes the other build, and refuses to be forced";
if (process.arch !== "x64") choice.skip(without, "V8 can be told to have none on x64 alone");
else
  choice(without, () => {
    const ended = runModule(
      `import { createShm } from "wasm-shm";
      import { plain, simd } from "#dist/core/binary.js";
      const takes = (base64) => WebAssembly.validate(Buffer.from(base64, "base64"));
      const shm = createShm({ host: "memory" });
      const segment = shm.create(3333);
      const attachment = segment.attach();
      attachment.fill("123456789", 0, 9);
      const sum = attachment.checksum("crc32c", 0, 9).toString(16);
      let refused;
      try { createShm({ simd: true }); } catch ({ code }) { refused = code; }
      console.log(takes(plain), takes(simd), shm.simd, attachment.core, sum, refused);`,
      [VECTORLESS],
    );
    assert.is(ended.stdout, "true false false wasm e3069283 ERR_SHM_UNSUPPORTED\n", ended.stderr);
  });
choice.run();
