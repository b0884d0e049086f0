// Which host an instance has if none is named: WASM_SHM_HOST, or the system's default.
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root } from "../support/child.js";
import { ADDON, installed, NAME_HOSTS } from "../support/installed.js";

const chosen = suite("WASM_SHM_HOST");

chosen("local is the default host of every instance, also without the addon; none warns", () => {
  installed(({ evaluate }) => {
    const ended = evaluate(NAME_HOSTS, { WASM_SHM_HOST: "local" });
    assert.equal(JSON.parse(ended.stdout), ["local", "local", "local", "local", "local"], ended.stderr);
    assert.is(ended.stderr, "");
  });
});

chosen("another value is an error that names the two, at the first use; host: wins over it", () => {
  for (const value of ["native", "posix", "SYSV", "sysv "])
    installed(({ evaluate }) => {
      const [last, ...refused] = (
        JSON.parse(evaluate(NAME_HOSTS, { WASM_SHM_HOST: value }).stdout) as string[]
      ).reverse();
      assert.is(last, "local");
      assert.equal(
        [...new Set(refused)],
        [
          "TypeError ERR_INVALID_ARG_VALUE The property 'process.env.WASM_SHM_HOST' is invalid. " +
            `It must be 'sysv' or 'local'. Received type string ('${value}')`,
        ],
      );
      assert.is(evaluate('import "wasm-shm"; import "wasm-shm/x11";', { WASM_SHM_HOST: value }).code, 0);
    });
});

chosen("may be set by the program itself, before the first use", () => {
  installed(({ evaluate }) => {
    const ended = evaluate(`import { create, shm } from "wasm-shm";
      process.env.WASM_SHM_HOST = "local";
      const segment = create(3333);
      segment.write(Uint8Array.of(1, 2, 3));
      delete process.env.WASM_SHM_HOST; // the host of an instance never changes
      console.log(shm.host.name, segment.readChunk(3).join(), create(1).size);`);
    assert.is(ended.stdout, "local 1,2,3 1\n", ended.stderr);
  });
});

chosen("is not read by wasm-shm/portable, which has the local host alone", () => {
  installed(({ evaluate }) => {
    const source =
      'import { createShm, shm } from "wasm-shm/portable"; console.log(shm.host.name, createShm().host.name);';
    assert.is(evaluate(source, { WASM_SHM_HOST: "sysv" }).stdout, "local local\n");
  });
});

if (process.platform !== "linux") chosen.skip("sysv, or an empty value, is the kernel's host", "it is not Linux");
else
  chosen("sysv, or an empty value, is the kernel's host", () => {
    installed(({ evaluate, folder }) => {
      cpSync(`${root}${ADDON}`, join(folder, ADDON));
      for (const value of ["sysv", ""])
        assert.equal(JSON.parse(evaluate(NAME_HOSTS, { WASM_SHM_HOST: value }).stdout), [
          "sysv",
          "sysv",
          "sysv",
          "sysv",
          "local",
        ]);
    });
  });

chosen("decides on another system than Linux too, where the default is local", () => {
  installed(({ evaluate, project }) => {
    const preload = join(project, "darwin.mjs");
    writeFileSync(preload, 'Object.defineProperty(process, "platform", { value: "darwin" });');
    const names = (env: NodeJS.ProcessEnv): string[] =>
      JSON.parse(evaluate(NAME_HOSTS, env, ["--import", preload]).stdout) as string[];
    assert.equal(names({}), ["local", "local", "local", "local", "local"]);
    const [refused] = names({ WASM_SHM_HOST: "sysv" });
    assert.match(
      refused as string,
      /^ShmError ERR_SHM_UNSUPPORTED .* it needs Linux, and this is darwin; use host: "local"$/,
    );
  });
});
chosen.run();
