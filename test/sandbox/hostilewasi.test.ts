// Hostile guests against WASI: pointers, counts and vectors of every kind, vectors in windows, exits that are caught, and calls
// without end. Each is answered by an errno or a typed error; the process lives, and no segment changes.
import * as assert from "uvu/assert";
import type { SandboxOptions } from "wasm-shm";
import { suite } from "../suite.js";
import { end, startModule } from "../support/child.js";
import {
  type AnySandbox,
  apart,
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

const wasm = guest("hostile/wasi");
const SIZE = 2 * 65_536;
const SUCCESS = 0;
const BADF = 8;
const FAULT = 21;
const INVAL = 28;
const NOSYS = 52;
const SPIPE = 70;

/** Ends of the memory, and what a signed number makes of them. */
const outside = [SIZE, SIZE - 3, 2 ** 31 - 1, 2 ** 31, -1, -4, -SIZE];

type Call = (name: string, ...values: (number | bigint)[]) => Promise<unknown>;

for (const kind of kinds) {
  const hostile = suite(`A guest against WASI [${kind}]`);
  if (!native) {
    hostile.skip("is held", NO_HOST);
    hostile.run();
    continue;
  }

  /** Runs `use` with all of WASI, and what was written. */
  const against = async (
    use: (call: Call, written: Uint8Array[], sandbox: AnySandbox) => Promise<void>,
    more: SandboxOptions = {},
  ): Promise<void> => {
    const written: Uint8Array[] = [];
    const wasi = { args: ["a", "bc"], env: { D: "e" }, stdin: "input", stdout: written, clock: true, random: true };
    const imports = { host: { callback: (): void => {} } };
    await withSandbox(kind, wasm, { wasi, imports, memoryLimit: SIZE, ...more }, (sandbox) =>
      use((name, ...values) => sandbox.call(name, ...values), written, sandbox),
    );
  };

  hostile("gets EFAULT for pointers outside of its memory, and changes nothing", () =>
    against(async (call, written) => {
      await call("store", 4, 5); // the vector { 0, 5 }
      for (const where of outside)
        for (const [name, ...values] of [
          ["args_sizes_get", where, 0],
          ["args_sizes_get", 64, where],
          ["args_get", where, 64],
          ["args_get", 64, where],
          ["environ_sizes_get", where, 64],
          ["environ_get", 64, where],
          ["clock_time_get", 0, 0n, where],
          ["clock_res_get", 1, where],
          ["random_get", where, 4],
          ["fd_write", 1, where, 1, 64],
          ["fd_write", 1, 0, 1, where],
          ["fd_read", 0, where, 1, 64],
          ["fd_read", 0, 0, 1, where],
          ["fd_fdstat_get", 1, where],
          ["fd_filestat_get", 1, where],
        ] as [string, ...(number | bigint)[]][])
          assert.is(await call(name, ...values), FAULT, `${name}(${values})`);
      assert.equal(written, []);
      await call("store", 0, 4);
      for (const length of outside) {
        assert.is(await call("random_get", 4, length), FAULT, `random_get(4, ${length})`);
        await call("store", 4, length);
        assert.is(await call("fd_write", 1, 0, 1, 64), FAULT, `a vector of ${length} bytes`);
        await call("store", 4, 5);
        await call("store", 0, length);
        assert.is(await call("fd_read", 0, 0, 1, 64), FAULT, `a vector at ${length}`);
        await call("store", 0, 4);
      }
      assert.equal(written, []);
      assert.is(await call("load", SIZE - 4), 0);
      assert.is(await call("fd_read", 0, 0, 1, 64), SUCCESS); // stdin still has all
      assert.is(await call("load", 64), 5);
    }),
  );

  hostile("gets EINVAL for more vectors or bytes than a read or a write has", () =>
    against(async (call, written) => {
      for (const count of [1025, 2 ** 29, 2 ** 31, -1]) {
        assert.is(await call("fd_write", 1, 0, count, 64), INVAL, `${count} vectors`);
        assert.is(await call("fd_read", 0, 0, count, 64), INVAL, `${count} vectors`);
      }
      assert.is(await call("fd_write", 1, 1024, 1024, 64), SUCCESS);
      assert.is(await call("load", 64), 0);
      assert.equal(written, []);
      assert.is(await call("fd_write", 1, SIZE - 8, 2, 64), FAULT);
    }),
  );

  hostile("writes vectors that overlap one another, themselves and the result, as they were", () =>
    against(async (call, written) => {
      // Three vectors of all 24 bytes of these vectors; the number of bytes is stored over the first.
      for (let index = 0; index < 3; index++) await call("store", 8 * index + 4, 24);
      assert.is(await call("fd_write", 1, 0, 3, 0), SUCCESS);
      assert.is(await call("load", 0), 72);
      const vectors = Buffer.from(Uint32Array.of(0, 24, 0, 24, 0, 24).buffer);
      assert.equal(Buffer.concat(written), Buffer.concat([vectors, vectors, vectors]));
      // Input over the vectors that it is read to: each was read before.
      await call("store", 0, 0);
      for (const [index, value] of [0, 2, 0, 3].entries()) await call("store", 4 * index, value);
      assert.is(await call("fd_read", 0, 0, 2, 64), SUCCESS);
      assert.is(await call("load", 64), 5);
      assert.is(await call("load", 0), Buffer.from("put\0").readInt32LE());
    }),
  );

  hostile("has no other descriptors, files, sockets or names", () =>
    against(async (call) => {
      for (const fd of [2, 3, 2 ** 31, -1]) {
        for (const name of ["fd_fdstat_get", "fd_filestat_get", "fd_prestat_get"])
          assert.is(await call(name, fd, 64), BADF, name);
        assert.is(await call("fd_write", fd, 0, 0, 64), BADF);
        assert.is(await call("fd_read", fd, 0, 0, 64), BADF);
        assert.is(await call("fd_seek", fd, 0n, 0, 64), BADF);
        assert.is(await call("fd_close", fd), BADF);
      }
      assert.is(await call("fd_write", 0, 0, 0, 64), BADF);
      assert.is(await call("fd_read", 1, 0, 0, 64), BADF);
      assert.is(await call("fd_seek", 1, 0n, 0, 64), SPIPE);
      assert.is(await call("path_open", 3, 0, 0, 9, 0, 0n, 0n, 0, 64), NOSYS);
      assert.is(await call("sock_shutdown", 3, 0), NOSYS);
      assert.is(await call("constructor"), NOSYS);
      assert.is(await call("clock_time_get", 2, 0n, 64), INVAL);
      assert.is(await call("sched_yield"), SUCCESS);
      await rejects(() => call("wrongType", 1n, 0.5), "ERR_INVALID_ARG_TYPE");
    }),
  );

  hostile("exits in every way: the code is the result of _start, and an error of another call", () =>
    against(async (call) => {
      assert.is(await call("_start"), 7);
      await rejects(() => call("proc_exit", -1), "ERR_SHM_GUEST_EXIT", /code 4294967295/);
      await rejects(() => call("catchExit"), "ERR_SHM_GUEST_EXIT", /^catchExit: the guest exited with code 9$/);
      assert.is(await call("sched_yield"), SUCCESS);
    }),
  );

  const inner =
    "exits inside of an imported function that calls it: the inner call alone ends, if the function says so";
  if (kind === "inline") hostile.skip(inner, "its imports are synchronous");
  else
    hostile(inner, async () => {
      let passesOn = true;
      let sandbox: AnySandbox | undefined;
      const callback = (): unknown => {
        const inner = (sandbox as AnySandbox).call("proc_exit", 3);
        return passesOn ? inner : inner.catch((error) => assert.match(error.message, /code 3/));
      };
      sandbox = await open(kind, wasm, { wasi: {}, imports: { host: { callback } } });
      await rejects(() => (sandbox as AnySandbox).call("exitInHost"), "ERR_SHM_GUEST_EXIT", /proc_exit: .* code 3/);
      passesOn = false;
      assert.is(await sandbox.call("exitInHost"), 1);
      await sandbox.close();
    });

  hostile("exits as it starts: no sandbox is made", async () => {
    const start = () => open(kind, guest("hostile/initialize-exit"), { wasi: {} });
    await rejects(start, "ERR_SHM_GUEST_EXIT", /^starting the guest: the guest exited with code 3$/);
  });

  hostile("its constructors run once, before its allocator", () =>
    withSandbox(kind, guest("hostile/constructors"), {}, async (sandbox) => assert.is(await sandbox.call("ran"), 1)),
  );

  hostile("throws by an imported tag: inside, out of its call, and past its exit", async () => {
    const host = {
      callback: (): void => {
        throw new Error("of the host");
      },
    };
    await withSandbox(kind, guest("hostile/tags"), { wasi: {}, imports: { host } }, async (sandbox) => {
      assert.is(await sandbox.call("catch", 5), 5);
      await rejects(() => sandbox.call("throw", 5), "ERR_SHM_GUEST_TRAP", /^throw trapped/);
      assert.is(await sandbox.call("catchHost"), 2);
      assert.is(await sandbox.call("_start"), 7);
    });
  });

  hostile("has vectors, results and random bytes in a window; a read-only segment stays as it was", () =>
    withSegments([8192, 8192], (shared, kept) =>
      intact([kept], async () => {
        const vector = Buffer.alloc(8192);
        shared.write(vector);
        const windows = { shared: { segment: shared, access: "read-write" }, kept: { segment: kept } } as const;
        await against(
          async (call, written, sandbox) => {
            const place = at(sandbox, "shared");
            await call("store", place, at(sandbox, "kept"));
            await call("store", place + 4, 8192);
            assert.is(await call("fd_write", 1, place, 1, place + 8), SUCCESS);
            assert.is(await call("load", place + 8), 8192);
            assert.is(written.at(-1)?.length, 8192);
            const only = at(sandbox, "kept");
            for (const [name, ...values] of [
              ["random_get", only, 8192],
              ["fd_write", 1, place, 1, only],
              ["args_get", only, only + 64],
              ["clock_time_get", 0, 0n, only + 4090],
              ["fd_read", 0, place, 1, 64],
            ] as [string, ...(number | bigint)[]][])
              await rejects(() => call(name, ...values), "ERR_SHM_READ_ONLY", /window "kept"/);
          },
          { windows },
        );
      }),
    ),
  );
  hostile.run();
}

const endless = suite("A guest that calls WASI without end");
for (const kind of native ? apart : []) {
  const limited = (name: string, ...values: number[]) =>
    withSegments([4096], (segment) =>
      intact([segment], async () => {
        const parts: number[] = [];
        const wasi = { random: true, stdout: (part: Uint8Array) => parts.push(part.length) };
        const options = {
          wasi,
          imports: { host: { callback: () => {} } },
          timeLimitMs: 1000,
          windows: { w: { segment } },
        };
        const sandbox = await open(kind, wasm, options);
        await sandbox.call("store", 260, 65_536).catch(() => {}); // the vector { 0, 65536 } at 256
        const began = performance.now();
        await rejects(() => sandbox.call(name, ...values), "ERR_SHM_TIME_LIMIT");
        assert.ok(performance.now() - began < 5000);
        await sandbox.close();
        return parts.length;
      }),
    );

  endless(`writes: the time limit ends it [${kind}]`, async () =>
    assert.ok((await limited("writeForever", 256, 1)) > 0),
  );
  endless(`asks for random bytes [${kind}]`, async () => void (await limited("randomForever")));
  endless(`catches its exit [${kind}]`, async () => void (await limited("catchForever")));

  endless(`has vectors that another process changes while they are read [${kind}]`, () =>
    withSegments([4096], async (segment) => {
      const writer = await startModule(
        `import { open } from "wasm-shm";
        const words = open(${segment.id}).attach().view(Uint32Array);
        console.log("ready");
        for (let turn = 0; ; turn++) { words[1] = turn % 3 ? 2 ** 32 - 1 : 64; words[0] = turn % 2 ? 0 : 2 ** 31; }`,
      );
      try {
        let writes = 0;
        const stdout = ({ length }: Uint8Array): void => {
          assert.is(length, 64);
          writes++;
        };
        const windows = { window: { segment, access: "read-write" } } as const;
        const options = { wasi: { stdout }, imports: { host: { callback: () => {} } }, windows, timeLimitMs: 1000 };
        const sandbox = await open(kind, wasm, options);
        await rejects(() => sandbox.call("writeForever", at(sandbox, "window"), 1), "ERR_SHM_TIME_LIMIT");
        await sandbox.close();
        assert.ok(writes > 0);
      } finally {
        await end(writer, "SIGKILL");
      }
    }),
  );
}
if (!native) endless.skip("is ended", NO_HOST);
endless.run();
