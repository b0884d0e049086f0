// WASI preview 1: programs of clang and wasi-libc with what they are given and without, over windows, in every isolation.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { createSandbox, createSandboxPool, type Isolation, type WasiOptions } from "wasm-shm";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { confines, NO_LIMIT } from "../support/engine.js";
import { inFolder } from "../support/folder.js";
import { code } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { apart, at, guest, kinds, NO_HOST, native, open, rejects, withSandbox, withSegments } from "./sandboxes.js";

const SYSROOT = "/usr/lib/wasm32-wasi/crt1-command.o";

/** Compiles a file of test/fixtures/wasi; undefined without a compiler. */
async function compiled(name: string, flags: string[] = []): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (run("sh", ["-c", `clang --version && command -v wasm-ld && test -e ${SYSROOT}`]).code !== 0) return undefined;
  return inFolder((folder) => {
    const file = join(folder, "out.wasm");
    const source = join(root, "test/fixtures/wasi", name);
    const { code: status, stderr } = run("clang", ["--target=wasm32-wasi", "-O2", ...flags, source, "-o", file]);
    assert.is(status, 0, stderr);
    return new Uint8Array(readFileSync(file));
  });
}

const command = await compiled("command.c");
const reactor = await compiled("reactor.c", ["-mexec-model=reactor", "-Wl,--export=malloc", "-Wl,--export=free"]);
const text = (parts: Uint8Array[]): string => Buffer.concat(parts).toString();

/** Runs the command, and returns its code and its output. */
async function output(kind: Isolation, wasi: WasiOptions): Promise<{ exit: unknown; lines: string[] }> {
  const stdout: Uint8Array[] = [];
  const exit = await withSandbox(kind, command as Uint8Array, { wasi: { ...wasi, stdout } }, (sandbox) =>
    sandbox.call("_start"),
  );
  return { exit, lines: text(stdout).split("\n") };
}

for (const kind of kinds) {
  const programs = suite(`Programs of wasi-libc [${kind}]`);
  if (!native) programs.skip("run", NO_HOST);
  else if (!command || !reactor) absent(programs, "run", "there is no clang with wasi-libc");
  else {
    programs("a command has what it is given, and its exit code is its result", async () => {
      const stderr: Uint8Array[] = [];
      const { exit, lines } = await output(kind, {
        args: ["prog", "naïve 💥"],
        env: { HOME: "/home", EMPTY: "" },
        stdin: "one\ntwo\n",
        stderr: (bytes) => stderr.push(bytes),
        clock: true,
        random: true,
      });
      assert.is(exit, 2);
      assert.equal(lines.slice(0, -1), [
        ..."argument prog,argument naïve 💥,HOME /home,read one,read two,random yes,time yes,file no".split(","),
      ]);
      assert.is(lines.at(-1), "x".repeat(100_000));
      assert.is(text(stderr), "done\n");
    });

    programs("a command has no more than it is given", async () => {
      const { exit, lines } = await output(kind, {});
      assert.is(exit, 0);
      assert.equal(lines.slice(0, -1), ["HOME none", "random no", "time no", "file no"]);
      await withSandbox(kind, command, { wasi: {} }, async (sandbox) => assert.is(await sandbox.call("_start"), 0));
    });

    programs("stdin is bytes as well", async () => {
      const { lines } = await output(kind, { stdin: Uint8Array.of(0xe9, 10) });
      assert.is(lines[1], `read ${Buffer.from([0xe9]).toString()}`);
    });

    programs("a reactor is initialized, sums a window, and prints each line at once", () =>
      withSegments([3333], async (segment) => {
        const attachment = segment.attach();
        attachment.fill(3);
        attachment.detach();
        const lines: string[] = [];
        const wasi = { stdout: (line: Uint8Array) => lines.push(text([line])) };
        await withSandbox(kind, reactor, { wasi, windows: { window: { segment } } }, async (sandbox) => {
          assert.is(await sandbox.call("constructed"), 42);
          assert.is(await sandbox.call("sum", at(sandbox, "window"), 3333), 3 * 3333);
          assert.equal(lines, ["summed 3333\n"]);
          await rejects(() => sandbox.call("fail", 3), "ERR_SHM_GUEST_EXIT", /^fail: the guest exited with code 3$/);
          assert.is(await sandbox.call("sum", at(sandbox, "window"), 1), 3);
        });
      }),
    );

    programs("without the option a refusal names all that is missing, and the cure", async () => {
      const error = await rejects(() => open(kind, command), "ERR_SHM_GUEST_IMPORT", /args_get, .*proc_exit/);
      assert.match(error.message, /; wasi: \{\} answers what is of wasi_snapshot_preview1; imports: "trap" makes/);
      await withSandbox(kind, command, { imports: "trap" }, async (sandbox) => {
        await rejects(() => sandbox.call("_start"), "ERR_SHM_GUEST_TRAP", /wasi_snapshot_preview1\.\w+, which nobody/);
      });
      const stdout: Uint8Array[] = [];
      const both = { imports: "trap", wasi: { stdout } } as const;
      await withSandbox(kind, command, both, async (sandbox) => assert.is(await sandbox.call("_start"), 0));
      assert.match(text(stdout), /^HOME none\n/);
    });

    programs("functions of the imports option go before WASI's", async () => {
      const imports = { wasi_snapshot_preview1: { fd_prestat_get: () => 8, random_get: () => 0 } };
      const stdout: Uint8Array[] = [];
      await withSandbox(kind, command, { imports, wasi: { stdout } }, (sandbox) => sandbox.call("_start"));
      assert.match(text(stdout), /\nrandom yes\n/);
    });
  }
  programs.run();
}

const RUSTC = "/usr/bin/rustc"; // Debian's, which has the target
const rust = suite("A program of Rust");
if (!native) rust.skip("runs", NO_HOST);
else if (run("sh", ["-c", `ls "$(${RUSTC} --print sysroot)"/lib/rustlib/wasm32-wasi/lib/libstd-*.rlib`]).code !== 0)
  absent(rust, "runs", "there is no rustc with wasm32-wasi");
else
  rust("with its default flags, has what it is given", async () => {
    const program = await inFolder((folder) => {
      const file = join(folder, "out.wasm");
      const args = ["--target", "wasm32-wasi", join(root, "test/fixtures/wasi/command.rs"), "-o", file];
      const { code: status, stderr } = run(RUSTC, args);
      assert.is(status, 0, stderr);
      return new Uint8Array(readFileSync(file));
    });
    const [stdout, stderr]: [Uint8Array[], Uint8Array[]] = [[], []];
    const given = { args: ["p", "q"], env: { HOME: "/h" }, stdin: "a\nb\na", clock: true, random: true };
    const sandbox = await createSandbox(program, {
      ...NO_LIMIT,
      isolation: apart[0] as "process",
      wasi: { ...given, stdout, stderr },
    });
    assert.is(await sandbox.call("_start"), 9);
    await sandbox.close();
    const lines = ['arguments ["p", "q"]', 'HOME Ok("/h")', "lines 2", "time true", "file false", ""];
    assert.is(text(stdout), lines.join("\n"));
    assert.is(text(stderr), "done\n");
  });
rust.run();

const pools = suite("A pool's commands");
if (!confines || !native) pools.skip("run", NO_HOST);
else if (!command) absent(pools, "run", "there is no clang with wasi-libc");
else
  pools("each has a process of its own, and callSync returns the code too", async () => {
    const stdout: Uint8Array[] = [];
    const pool = await createSandboxPool(command, { size: 1, fresh: true, wasi: { args: ["a", "b", "c"], stdout } });
    for (let turn = 0; turn < 2; turn++) assert.is(await pool.call("_start"), 3);
    assert.is(await pool.use((sandbox) => sandbox.callSync("_start")), 3);
    await pool.close();
    assert.is(text(stdout).match(/argument c/g)?.length, 3);
  });
pools.run();

const outputs = suite("What a guest writes");
const wasm = guest("hostile/wasi");
const host = { callback: (): void => {} };

for (const kind of native ? kinds : []) {
  outputs(`is collected up to outputLimit [${kind}]`, async () => {
    const stdout: Uint8Array[] = [];
    const options = { imports: { host }, wasi: { stdout, outputLimit: 2 * (100 + 64) } };
    await withSandbox(kind, wasm, options, async (sandbox) => {
      await sandbox.call("store", 4, 100); // the vector { 0, 100 }
      const write = () => sandbox.call("fd_write", 1, 0, 1, 16);
      for (let writes = 0; writes < 2; writes++) assert.is(await write(), 0);
      assert.is(await sandbox.call("load", 16), 100);
      for (let turn = 0; turn < 2; turn++)
        await rejects(write, "ERR_SHM_GUEST_LIMIT", /to its stdout than wasi\.outputLimit lets.*, 328 bytes/);
      assert.is(Buffer.concat(stdout).length, 200);
    });
  });

  outputs(
    `of megabytes comes whole, in parts of 256 KiB, and what its function throws is the call's [${kind}]`,
    async () => {
      const lengths: number[] = [];
      let failure: Error | undefined;
      const stdout = ({ length }: Uint8Array) => {
        if (failure) throw failure;
        lengths.push(length);
      };
      await withSandbox(kind, wasm, { imports: { host }, wasi: { stdout } }, async (sandbox) => {
        for (const [index, value] of [0, 131_072, 0, 131_072, 4, 131_068].entries())
          await sandbox.call("store", 4 * index, value);
        assert.is(await sandbox.call("fd_write", 1, 0, 3, 100), 0);
        assert.equal(lengths, [262_144, 131_068]);
        assert.is(await sandbox.call("load", 100), 393_212);
        failure = new RangeError("a full disk");
        const error = await sandbox.call("fd_write", 1, 0, 1, 100).catch((thrown) => thrown);
        assert.is(error, failure);
      });
    },
  );

  outputs(`random bytes may be a function's [${kind}]`, async () => {
    const random = (bytes: Uint8Array) => bytes.fill(0xee);
    await withSandbox(kind, wasm, { imports: { host }, wasi: { random } }, async (sandbox) => {
      assert.is(await sandbox.call("random_get", 8, 131_000), 0);
      for (const where of [8, 131_000]) assert.is(await sandbox.call("load", where), 0xeeeeeeee | 0);
      assert.is(await sandbox.call("load", 131_008), 0);
    });
  });
}

for (const kind of native ? apart : [])
  outputs(`waits for its function's promise [${kind}]`, async () => {
    const order: string[] = [];
    const stdout = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push("written");
    };
    await withSandbox(kind, wasm, { imports: { host }, wasi: { stdout } }, async (sandbox) => {
      await sandbox.call("store", 4, 1);
      await sandbox.call("fd_write", 1, 0, 1, 16);
      order.push("returned");
    });
    assert.equal(order, ["written", "returned"]);
  });
if (!native) outputs.skip("is given", NO_HOST);
outputs.run();

const options = suite("The options of WASI");
for (const [wasi, expected, words] of [
  [null, "ERR_INVALID_ARG_TYPE", /options\.wasi/],
  [{ arg: [] }, "ERR_INVALID_ARG_VALUE", /Did you mean 'args'/],
  [{ args: "a" }, "ERR_INVALID_ARG_TYPE", /options\.wasi\.args/],
  [{ args: ["a", 1] }, "ERR_INVALID_ARG_TYPE", /options\.wasi\.args\[1\]/],
  [{ args: ["a\0b"] }, "ERR_INVALID_ARG_VALUE", /options\.wasi\.args\[0\].*NUL/],
  [{ env: { A: 1 } }, "ERR_INVALID_ARG_TYPE", /options\.wasi\.env\.A/],
  [{ env: { "A=B": "" } }, "ERR_INVALID_ARG_VALUE", /options\.wasi\.env/],
  [{ env: { "": "" } }, "ERR_INVALID_ARG_VALUE", /options\.wasi\.env/],
  [{ env: { A: "\0" } }, "ERR_INVALID_ARG_VALUE", /options\.wasi\.env\.A.*NUL/],
  [{ stdin: 1 }, "ERR_INVALID_ARG_TYPE", /options\.wasi\.stdin/],
  [{ stdout: true }, "ERR_INVALID_ARG_TYPE", /options\.wasi\.stdout/],
  [{ stderr: new Uint8Array(1) }, "ERR_INVALID_ARG_TYPE", /options\.wasi\.stderr/],
  [{ outputLimit: -1 }, "ERR_OUT_OF_RANGE", /options\.wasi\.outputLimit/],
  [{ clock: 1 }, "ERR_INVALID_ARG_TYPE", /options\.wasi\.clock/],
  [{ random: "yes" }, "ERR_INVALID_ARG_TYPE", /options\.wasi\.random/],
] as [unknown, string, RegExp][])
  options(`${JSON.stringify(wasi)} is ${expected}`, async () => {
    await createSandbox(wasm, { isolation: "inline", wasi: wasi as WasiOptions }).then(
      () => assert.unreachable(),
      code(expected, words),
    );
  });
options.run();
