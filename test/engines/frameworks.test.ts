// The package in a user's tests: vitest in each of its pools, and jest, whose tests have realms of their own.
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { isNode } from "../support/engine.js";
import { inFolder } from "../support/folder.js";
import { nativePairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";

const modules = join(root, "test/engines/frameworks/node_modules");

/** A user's test, the same for both frameworks: arrays, constructors and errors of the test's realm. */
const spec = `
import { createSandbox, createShm, ShmError } from "wasm-shm";
for (const host of ["sysv", "local"])
  for (const core of ["wasm", "js", "auto"])
    test(host + " " + core, async () => {
      const segment = createShm({ host, core }).create(70_001);
      try {
        const attachment = segment.attach();
        const cursor = attachment.cursor();
        cursor.writeArray(Float64Array.of(1, 2));
        cursor.write(Uint8Array.of(1, 2, 3));
        cursor.write(Buffer.from("abc"));
        cursor.seek(0);
        const read = cursor.readArray(Float64Array, 2);
        expect(read instanceof Float64Array).toBe(true);
        expect([...read]).toEqual([1, 2]);
        expect(attachment.sum(Float64Array, 0, 16)).toBe(3);
        expect(attachment.indexOf(new Uint8Array([1, 2, 3]))).toBe(16);
        cursor.seek(70_000);
        expect(() => cursor.readUint32()).toThrow(expect.objectContaining({ code: "ERR_SHM_OUT_OF_BOUNDS" }));
        if (host === "sysv") {
          const guest = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
          const refused = await createSandbox(guest).catch((error) => error);
          expect(refused).toBeInstanceOf(ShmError);
          expect(refused.code).toBe("ERR_SHM_GUEST_MEMORY");
        }
      } finally { segment[Symbol.dispose](); }
    });
`;

const frameworks = suite("A user's tests");
const missing = existsSync(join(modules, "vitest"))
  ? undefined
  : "vitest and jest are not installed: npm ci --prefix test/engines/frameworks";
if (!isNode) frameworks.skip("pass in vitest and jest", "the frameworks start Node");
else if (nativePairs.length === 0) frameworks.skip("pass in vitest and jest", "there is no sysv host on this platform");
else if (missing !== undefined) absent(frameworks, "pass in vitest and jest", missing);
else {
  const inProject = (use: (folder: string) => void): Promise<void> =>
    inFolder((folder) => {
      mkdirSync(join(folder, "node_modules"));
      symlinkSync(root, join(folder, "node_modules/wasm-shm"));
      writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
      writeFileSync(join(folder, "user.test.js"), spec);
      use(folder);
    });

  for (const pool of ["forks", "threads", "vmThreads", "vmForks"])
    frameworks(`vitest --pool ${pool}`, () =>
      inProject((folder) => {
        const script = join(modules, "vitest/vitest.mjs");
        const ended = run(process.execPath, [script, "run", "--globals", "--pool", pool, "--root", folder], {
          cwd: folder,
          env: { ...process.env, NO_COLOR: "1" }, // with CI=true vitest colours its counts
        });
        assert.is(ended.code, 0, `${ended.stdout}${ended.stderr}`);
        assert.match(ended.stdout, /Tests\D+6 passed/);
      }),
    );

  frameworks("jest, with a vm context for each file", () =>
    inProject((folder) => {
      const args = [
        "--experimental-vm-modules",
        "--no-warnings",
        join(modules, "jest/bin/jest.js"),
        "--rootDir",
        folder,
      ];
      const ended = run(process.execPath, args, { cwd: folder });
      assert.is(ended.code, 0, `${ended.stdout}${ended.stderr}`);
      assert.match(ended.stderr, /Tests: +6 passed/);
    }),
  );
}
frameworks.run();
