// What compilers have their modules import: AssemblyScript's `env`, emscripten's in a module of npm, names that a minifier made,
// and hostile guests that call them. In every isolation.
import { copyFileSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { createSandbox, type GuestResult, type Sandbox, type SandboxOptions } from "wasm-shm";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { NO_LIMIT } from "../support/engine.js";
import { inFolder } from "../support/folder.js";
import { code } from "../support/pairs.js";
import {
  type AnySandbox,
  at,
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

const assemblyscript = await inFolder((folder) => {
  const file = join(folder, "guest.wasm");
  const compiler = join(root, "node_modules/assemblyscript/bin/asc.js");
  copyFileSync(join(root, "test/fixtures/modules/guest.ts"), join(folder, "guest.ts"));
  const { code: status, stderr } = run(process.execPath, [compiler, "guest.ts", "-O", "--outFile", file], {
    cwd: folder,
  });
  assert.is(status, 0, stderr);
  return new Uint8Array(readFileSync(file));
});
const text = (parts: Uint8Array[]): string => Buffer.concat(parts).toString();

for (const kind of native ? kinds : []) {
  const tests = suite(`Guests of AssemblyScript [${kind}]`);

  tests("trace, Math.random and errors, over a window", () =>
    withSegments([3333], (segment) =>
      intact([segment], async () => {
        const stderr: Uint8Array[] = [];
        const random = (bytes: Uint8Array) => bytes.fill(7);
        const options: SandboxOptions = { toolchain: "assemblyscript", windows: { window: { segment } } };
        const sums: GuestResult[] = [];
        for (const wasi of [{ stderr, random }, { stderr, random }, {}])
          await withSandbox(kind, assemblyscript, { ...options, wasi }, async (sandbox) => {
            await sandbox.call("tell", 2);
            sums.push(await sandbox.call("random"));
            const error = await rejects(() => sandbox.call("fail"), "ERR_SHM_GUEST_TRAP");
            assert.match(error.message, /^fail trapped: aborted: no luck 💥, in guest\.ts:10:3$/);
            assert.is(await sandbox.call("sum", at(sandbox, "window"), 1), 1);
          });
        assert.is(text(stderr), "trace: naïve 💥 2, 2.5\n".repeat(2));
        assert.is(sums[0], sums[1]);
        assert.is.not(sums[0], sums[2]);
      }),
    ),
  );

  tests("without the option a refusal names it", async () => {
    const error = await rejects(
      () => open(kind, assemblyscript),
      "ERR_SHM_GUEST_IMPORT",
      /env\.trace, env\.seed, env\.abort; /,
    );
    assert.match(error.message, /; toolchain: "assemblyscript" answers 3; imports: "trap"/);
    await withSandbox(kind, assemblyscript, { imports: "trap" }, (sandbox) =>
      rejects(() => sandbox.call("fail"), "ERR_SHM_GUEST_TRAP", /env\.abort, which nobody gave it/).then(() => {}),
    );
  });

  tests("functions of the imports option go first, and the rest may trap", async () => {
    const told: number[][] = [];
    const trace = (...values: number[]): void => void told.push(values);
    const imports = { env: { trace }, "*": "trap" } as const;
    await withSandbox(kind, assemblyscript, { imports }, async (sandbox) => {
      await sandbox.call("tell", 2);
      assert.equal(told[0]?.slice(1, 4), [2, 2, 2.5]);
      await rejects(() => sandbox.call("random"), "ERR_SHM_GUEST_TRAP", /env\.seed, which nobody/);
    });
    const both = { imports, toolchain: "assemblyscript" } as const;
    await withSandbox(kind, assemblyscript, both, async (sandbox) => {
      assert.type(await sandbox.call("random"), "number");
      await sandbox.call("tell", 3);
      assert.is(told.length, 2);
    });
  });
  tests.run();

  const hostile = suite(`A guest against its toolchain [${kind}]`);
  const SIZE = 2 * 65_536;
  const wasm = guest("hostile/toolchains");
  const common = { env: { abort() {}, trace() {}, seed: () => 0 } };
  const emscripten: SandboxOptions = {
    memoryLimit: SIZE,
    toolchain: "emscripten",
    imports: { ...common, a: { b: "emscripten_memcpy_big" }, "*": "trap" },
  };

  hostile("copies within its memory only", () =>
    withSandbox(kind, wasm, emscripten, async (sandbox) => {
      await sandbox.call("memcpy", 100, 64, 5);
      assert.is(await sandbox.call("load", 100), Buffer.from("x > ").readInt32LE());
      assert.is(await sandbox.call("memcpyBig", SIZE - 4, 64, 4), SIZE - 4);
      assert.is(await sandbox.call("load", SIZE - 4), Buffer.from("x > ").readInt32LE());
      for (const where of [SIZE - 3, SIZE, 2 ** 31, -1, -SIZE])
        for (const values of [
          [where, 0, 4],
          [0, where, 4],
          [0, 4, where],
        ] as const)
          await rejects(() => sandbox.call("memcpy", ...values), "ERR_SHM_GUEST_TRAP", /^memcpy trapped/);
      assert.is(await sandbox.call("load", 0), 0);
    }),
  );

  hostile("names texts that are not there, endless ones, and none of a prototype", async () => {
    await withSandbox(kind, wasm, emscripten, async (sandbox) => {
      const fails = (...values: [number, number, number]) =>
        rejects(() => sandbox.call("assertFail", ...values, 0), "ERR_SHM_GUEST_TRAP");
      assert.match((await fails(64, 70, 8)).message, /trapped: assertion failed: x > 0, in file\.c:8$/);
      for (const where of [SIZE, -1, 2 ** 31]) assert.match((await fails(where, where, 1)).message, /failed: , in :1$/);
      for (let place = 1000; place < 4000; place += 4) await sandbox.call("store", place, 0x61616161);
      assert.ok((await fails(1000, 1000, 1)).message.length < 2100);
      assert.is(await sandbox.call("openat", 0, 0, 0, 0), -52);
      assert.is(await sandbox.call("now"), 0);
      await rejects(() => sandbox.call("unknown"), "ERR_SHM_GUEST_TRAP", /env\.constructor, which nobody/);
    });
    const stderr: Uint8Array[] = [];
    const imports = { "*": "trap" } as const;
    await withSandbox(kind, wasm, { toolchain: "assemblyscript", imports, wasi: { stderr } }, async (sandbox) => {
      const fails = (...values: [number, number]) =>
        rejects(() => sandbox.call("abort", ...values, 3, 4), "ERR_SHM_GUEST_TRAP");
      assert.match((await fails(8, 8)).message, /aborted: naï., in /u);
      for (const where of [0, 3, SIZE, -1, 2 ** 31])
        assert.match((await fails(where, where)).message, /^abort trapped: aborted: .?, in .?:3:4$/su);
      await sandbox.call("store", 4, -1);
      assert.ok((await fails(8, 8)).message.length < 1100);
      for (const count of [-1, 0, 1, 2 ** 31]) await sandbox.call("trace", 0, count, 1.5, 2);
      assert.ok(text(stderr).length < 200);
      assert.is(await sandbox.call("seed"), 0);
    });
  });

  hostile("copies over a window that is read-only", () =>
    withSegments([4096], (segment) =>
      intact([segment], () =>
        withSandbox(kind, wasm, { ...emscripten, windows: { window: { segment } } }, async (sandbox) => {
          const target = at(sandbox, "window");
          await rejects(() => sandbox.call("memcpy", target, 64, 8), "ERR_SHM_READ_ONLY", /window "window"/);
        }),
      ),
    ),
  );
  hostile.run();

  const oniguruma = suite(`vscode-oniguruma, of emscripten [${kind}]`);
  oniguruma("finds the same matches in a window as by its own API", async () => {
    const package_ = createRequire(import.meta.url)("vscode-oniguruma");
    const bytes = readFileSync(createRequire(import.meta.url).resolve("vscode-oniguruma/release/onig.wasm"));
    await package_.loadWASM(Uint8Array.from(bytes));
    const subject = readFileSync(`${root}LICENSE`, "latin1").repeat(20);
    const patterns = ["\\b(\\w+)(?= \\1)", "(?i)liab(il)ity", '"[^"]*"', "[A-Z]{5,}"];
    const matches: number[][] = [];
    const scanner = package_.createOnigScanner(patterns);
    for (let start = 0; ; ) {
      const match = scanner.findNextMatchSync(subject, start);
      if (!match) break;
      const captures = match.captureIndices.flatMap(({ start, end }: { start: number; end: number }) => [start, end]);
      matches.push([match.index, ...captures]);
      start = match.captureIndices[0].end;
    }
    assert.ok(matches.length > 100);

    await withSegments([subject.length], (segment) => {
      segment.write(Buffer.from(subject, "latin1"));
      return intact([segment], async () => {
        const constants: [name: number, value: number][] = [];
        const register = (name: number, _type: number, value: number): void => void constants.push([name, value]);
        const options: SandboxOptions<"text"> = {
          ...(kind !== "inline" && NO_LIMIT),
          isolation: kind,
          toolchain: "emscripten",
          imports: { env: { _embind_register_constant: register } },
          windows: { text: { segment } },
        };
        const sandbox = (await createSandbox(bytes, options as { isolation: "thread" })) as Sandbox;
        const call = async (name: string, ...values: number[]) => (await sandbox.call(name, ...values)) as number;
        await call("_embind_initialize_bindings");
        const nameOf = async (pointer: number) =>
          Buffer.from(await sandbox.bytes(pointer, 40))
            .toString()
            .split("\0")[0];
        const named = new Map<string | undefined, number>();
        for (const [name, value] of constants) named.set(await nameOf(name), value);
        const written: [number, number][] = [];
        for (const pattern of patterns) written.push(await sandbox.write(pattern));
        const [pointers] = await sandbox.write(
          new Uint8Array(Uint32Array.from(written, ([pointer]) => pointer).buffer),
        );
        const [lengths] = await sandbox.write(new Uint8Array(Uint32Array.from(written, ([, length]) => length).buffer));
        const option = named.get("ONIG_OPTION_CAPTURE_GROUP") as number;
        const syntax = named.get("ONIG_SYNTAX_DEFAULT") as number;
        const found = await call("createOnigScanner", pointers, lengths, patterns.length, option, syntax);
        assert.ok(found !== 0);
        const byteOffset = at(sandbox as AnySandbox, "text");
        const seen: number[][] = [];
        for (let start = 0; seen.length < 200; ) {
          const result = await call("findNextOnigScannerMatch", found, 1, byteOffset, subject.length, start, option);
          if (result === 0) break;
          const [index = 0, count = 0] = new Uint32Array((await sandbox.bytes(result, 8)).buffer);
          const captures = new Int32Array((await sandbox.bytes(result + 8, 8 * count)).buffer);
          seen.push([index, ...captures]);
          start = captures[1] as number;
        }
        assert.equal(seen, matches.slice(0, 200));
        await sandbox.close();
      });
    });
  });
  oniguruma.run();
}

const options = suite("The options of a toolchain");
if (!native) options.skip("run", NO_HOST);
for (const [given, expected, words] of [
  [{ toolchain: "rust" }, "ERR_INVALID_ARG_TYPE", /'assemblyscript', 'emscripten'/],
  [{ imports: { a: { b: "emscripten_memcpy_js" } } }, "ERR_INVALID_ARG_VALUE", /options\.imports\.a\.b/],
  [{ imports: { a: { b: "fd_write" } } }, "ERR_INVALID_ARG_VALUE", /wasi nor toolchain/],
  [{ toolchain: "emscripten", imports: { a: { b: "constructor" } } }, "ERR_INVALID_ARG_VALUE", /a\.b/],
  [{ imports: { a: "trap" } }, "ERR_INVALID_ARG_TYPE", /options\.imports\.a/],
  [{ imports: { a: { b: 1 } } }, "ERR_INVALID_ARG_TYPE", /options\.imports\.a\.b/],
] as [SandboxOptions, string, RegExp][])
  options(`${JSON.stringify(given)} is ${expected}`, async () => {
    await createSandbox(assemblyscript, { ...given, isolation: "inline" }).then(
      () => assert.unreachable(),
      code(expected, words),
    );
  });
options.run();
